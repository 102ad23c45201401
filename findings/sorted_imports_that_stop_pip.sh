#!/usr/bin/env bash
# One would expect: a tool that sorts the imports of a project leaves the venv below it alone, as it knows venvs; and if
# it ever goes in, sorted imports are still the same imports.
# What happens: isort knows a venv by its name alone (venv, .venv), not by pyvenv.cfg. `isort .` beside a venv called
# `env` rewrites hundreds of installed modules and ends with 0. Each of them still compiles, none is shorter, none is
# missing; and neither pip nor pyparsing can be imported any more, since their __init__ needs its order: "cannot import
# name … from partially initialized module".
# Why it matters here: nothing that looks for empty, cut, missing or unparsable files sees this, and "one valid .py with
# a later mtime" is not always somebody's patch: here RECORD convicts hundreds at once, all written within a minute.
set -euo pipefail
export LC_ALL=C
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export HOME="$work" XDG_CACHE_HOME="$work/cache"
python="${PYTHON:-python3.11}"
"$python" -m venv "$work/tools"
"$work/tools/bin/pip" install -q --disable-pip-version-check isort==9.0.2
mkdir "$work/app" && cd "$work/app"
echo 'import sys' >app.py
"$python" -m venv env
env/bin/pip install -q --disable-pip-version-check --no-compile pyparsing==3.2.5 idna==3.10
cp -a env venv # the same under a name that isort knows
sums() { find "$1" -name '*.py' -exec sha256sum {} + | sort; }
for name in env venv; do sums "$name" >"$work/$name.before"; done
"$work/tools/bin/isort" --version | grep VERSION
"$work/tools/bin/isort" -q . ; echo "isort ended with $?"
for name in env venv; do
  changed=$(sums "$name" | comm -13 "$work/$name.before" - | wc -l)
  echo "$name: changed $changed of $(wc -l <"$work/$name.before") modules"
  echo "$changed" >"$work/$name.changed"
done
[ "$(cat "$work/env.changed")" -gt 200 ] && [ "$(cat "$work/venv.changed")" = 0 ]
env/bin/python -m compileall -q env/lib && echo "every module of env still compiles"
[ "$(find env -name '*.py' | wc -l)" = "$(wc -l <"$work/env.before")" ]
for module in pip._internal.cli.main pyparsing; do
  told=$(env/bin/python -I -c "import $module" 2>&1 | tail -1) || true
  echo "import $module: ${told% (/*}"
  [[ $told == *"partially initialized module"* ]]
done
env/bin/python -I -c 'import idna; print("idna still works")'
