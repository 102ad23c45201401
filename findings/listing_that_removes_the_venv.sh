#!/usr/bin/env bash
# One would expect: when the interpreter of a venv is gone (the system got a newer Python), commands that only run or
# list something fail, and the venv stays as it is; whoever makes it anew does so when told to, or keeps the old one
# until the new one stands. "uv run --no-sync" promises not to touch what is installed.
# What happens: `uv run --no-sync --offline`, `pdm list`, `pdm info` and `poetry run` remove the whole venv, make an
# empty one of another Python, and end with 0. What somebody put there by hand is gone, and so is each package,
# also where there is no network to bring them back. uv keeps the venv under --no-sync where it is only of another
# version than asked for, and pipenv keeps it here too.
# Why it matters here: a look at a broken venv by its own tool is the end of the evidence and of the only copy. A
# snapshot has to be taken first, nothing here may start such a tool to ask it, and a venv that became empty in one
# minute with a new pyvenv.cfg was no sweep.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export HOME="$work/home" XDG_CACHE_HOME="$work/home/c" XDG_DATA_HOME="$work/home/d" XDG_CONFIG_HOME="$work/home/f"
export XDG_STATE_HOME="$work/home/s" PDM_CHECK_UPDATE=0 POETRY_VIRTUALENVS_IN_PROJECT=true PIPENV_VENV_IN_PROJECT=1
unset VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK=1
"${PYTHON:-python3.11}" -m venv "$work/tools"
"$work/tools/bin/pip" install -q uv==0.13.9
uv() { "$work/tools/bin/uv" "$@"; }
uv pip install -q --python "$work/tools/bin/python" pdm==2.29.4 hishel==1.4.0 poetry==2.5.1 pipenv==2026.10.3
uv pip list -q --python "$work/tools/bin/python" | grep -E '^(uv|pdm|poetry|pipenv) '
base=$("$work/tools/bin/python" -c 'import sys; print(sys.base_prefix)')
export PATH="$work/tools/bin:$PATH"

after() { # the command; what is left of the venv is told
  rm -rf "$work/app" && mkdir "$work/app" && cd "$work/app"
  { printf '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.9"\ndependencies = ["idna==3.10"]\n'
    printf '[tool.poetry]\npackage-mode = false\n'; } >pyproject.toml
  printf '[packages]\nidna = "==3.10"\n' >Pipfile
  ln -s "$base" "$work/interpreter"
  "$work/interpreter/bin/python3" -m venv --without-pip .venv
  uv pip install -q --python .venv/bin/python idna==3.10
  touch "$(echo .venv/lib/python3*/site-packages)/patched_by_hand.py"
  rm "$work/interpreter"
  ended=0; "$@" >"$work/said" 2>&1 </dev/null || ended=$?
  left=$(find .venv -name 'idna-3.10.dist-info' -o -name 'patched_by_hand.py' | wc -l)
  echo "$*: ended with $ended; of the package and the file by hand are left: $left"
  grep -oE 'Removed virtual environment|Recreating virtualenv|virtualenv is being created' "$work/said" || true
}
gone() { after "$@"; [ "$ended $left" = "0 0" ]; }
gone uv run --no-sync --offline python -V
gone pdm list
gone pdm info
gone poetry run python -V
after pipenv run python -V; [ "$left" = 2 ]
