#!/usr/bin/env bash
# One would expect: an upgrade that ends with 0, by a lock file or by pip, leaves a package that can be imported, more
# so where nobody mixed rivals and both distributions are of one author; and installers take away what is old before
# they write what is new.
# What happens: until 0.21 typer-slim had the files of typer/; since 0.22 it has none and requires typer, which has
# them. pip and poetry go one distribution at a time, what is required first: they write the files of typer, and then
# remove those of the old typer-slim, which are the same paths. What is left of typer/ has no __init__.py. Both end with
# 0, pip check is content, `import typer` works (an empty namespace now), and another upgrade finds that all is there.
# uv removes first and then installs, and ends well.
# Why it matters here: no sweep and no crash, and yet a package is without its files right after "Successfully
# installed", in each venv that is upgraded in place, and in none that is made anew. The RECORD that convicts is that
# of the new distribution; who did it was the old one, of which nothing is left. A snapshot before the upgrade helps.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME="$work/home" XDG_CACHE_HOME="$work/home/c" XDG_DATA_HOME="$work/home/d" XDG_CONFIG_HOME="$work/home/f"
export XDG_STATE_HOME="$work/home/s" UV_CACHE_DIR="$work/cache" PIP_CACHE_DIR="$work/pip" UV_NO_CONFIG=1
export POETRY_VIRTUALENVS_IN_PROJECT=true PIP_DISABLE_PIP_VERSION_CHECK=1
unset VIRTUAL_ENV
python="${PYTHON:-python3.11}"
"$python" -m venv tools
tools/bin/pip install -q pip==26.3
tools/bin/pip install -q uv==0.13.9 poetry==2.5.1
tools/bin/pip list 2>/dev/null | grep -E '^(pip|uv|poetry) '
export PATH="$work/tools/bin:$PATH"
requires=$("$python" -c 'import sys; print("==%d.%d.*" % sys.version_info[:2])')
by_pip() { pip --python .venv/bin/python install -q "$@"; }
by_uv() { uv pip install -q --python .venv/bin/python "$@"; }
by_poetry() {
  { printf '[project]\nname = "app"\nversion = "0"\nrequires-python = "%s"\n' "$requires"
    printf 'dependencies = ["%s", "%s"]\n[tool.poetry]\npackage-mode = false\n' "$@"; } >pyproject.toml
  rm -f poetry.lock
  poetry install -q
}
for tool in pip poetry uv; do
  mkdir "$tool" && cd "$tool"
  "$python" -m venv --without-pip .venv
  "by_$tool" idna==3.10 typer-slim==0.21.1 >/dev/null 2>&1
  .venv/bin/python -c 'import typer; typer.Typer'
  ended=0; "by_$tool" typer==0.29.2 typer-slim==0.24.0 >/dev/null 2>&1 || ended=$?
  told=$(.venv/bin/python -c 'import typer; typer.Typer; print("works")' 2>&1 | tail -1) || true
  checked=$(pip --python .venv/bin/python check)
  again=0; uv pip install -q --offline --dry-run --python .venv/bin/python typer==0.29.2 typer-slim==0.24.0 || again=$?
  echo "$tool: ended with $ended; typer: $told; pip check: $checked"
  case $tool in
    uv) [ "$told" = works ] ;;
    *) [ "$told" = "AttributeError: module 'typer' has no attribute 'Typer'" ] ;;
  esac
  [ "$ended $again $checked" = "0 0 No broken requirements found." ]
  cd ..
done
