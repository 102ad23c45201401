#!/usr/bin/env bash
# One would expect: `.venv` of a project is a directory or a link to one; and a tool that finds something else there,
# which it did not make, says so and leaves it, as `python -m venv`, virtualenv and `uv venv` do.
# What happens: newest uv reads a plain file `.venv` as the path of the venv (still a preview, but on, and only `uv run`
# warns): `uv sync` installs over there. `pdm info` and `pdm list`, which only show something, and `poetry install`
# remove that file without a question, make an empty venv in its place, and end with 0. From then on uv too takes the
# empty one. The venv that was meant is whole, and nothing names it any more.
# Why it matters here: a project whose packages are all gone within a minute, with a new pyvenv.cfg, may have lost one
# line of text and nothing else. What `.venv` is has to be asked before it is walked, and a link is the form that all
# of them agree on.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME="$work/home" XDG_CACHE_HOME="$work/home/c" XDG_DATA_HOME="$work/home/d" XDG_CONFIG_HOME="$work/home/f"
export XDG_STATE_HOME="$work/home/s" UV_CACHE_DIR="$work/cache" PIP_CACHE_DIR="$work/pip" PDM_CHECK_UPDATE=0
export POETRY_VIRTUALENVS_IN_PROJECT=true PIP_DISABLE_PIP_VERSION_CHECK=1
unset VIRTUAL_ENV
python="${PYTHON:-python3.11}"
"$python" -m venv tools
tools/bin/pip install -q uv==0.13.9
tools/bin/uv pip install -q --python tools/bin/python \
  pdm==2.29.4 hishel==1.4.0 poetry==2.5.1 virtualenv==21.15.11
tools/bin/uv pip list -q --python tools/bin/python | grep -E '^(uv|pdm|poetry|virtualenv) '
export PATH="$work/tools/bin:$PATH"
try() { # what .venv is afterwards, how the command ends, and the command
  local want="$1, $2"; shift 2
  rm -rf "$work/app" "$work/elsewhere" && mkdir "$work/app" && cd "$work/app"
  { printf '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.9"\ndependencies = ["idna==3.10"]\n'
    printf '[tool.poetry]\npackage-mode = false\n'; } >pyproject.toml
  "$python" -m venv --without-pip "$work/elsewhere"
  uv pip install -q --python "$work/elsewhere/bin/python" idna==3.10 six==1.16.0
  echo "$work/elsewhere" >.venv
  ended=0; "$@" >"$work/said" 2>&1 </dev/null || ended=$?
  kind=$(stat -c %F .venv)
  taken=$(uv run -q --no-sync python -c 'import sys; print(sys.prefix)' 2>/dev/null)
  echo "$*: ended with $ended, .venv is a $kind, uv takes: ${taken#"$work/"}"
  [ "$kind, $ended" = "$want" ]
  if [ "$kind" = directory ]; then [ "$taken" = "$work/app/.venv" ]; else [ "$taken" = "$work/elsewhere" ]; fi
  [ -d "$(echo "$work"/elsewhere/lib/python3*/site-packages/idna)" ]
}
try "regular file" 0 uv sync -q --inexact
try "regular file" 0 uv pip list
try "regular file" 2 uv venv
try "regular file" 1 "$python" -m venv .venv
try "regular file" 2 virtualenv .venv
try directory 0 pdm info
try directory 0 pdm list
try directory 0 poetry install
