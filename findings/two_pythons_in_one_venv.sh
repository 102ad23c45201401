#!/usr/bin/env bash
# One would expect: `python3.12 -m venv DIR` over a venv of 3.11, which deploy scripts run each time since it is said to
# do no harm, leaves the old venv as it is or makes it one of 3.12; and `--upgrade` is there for just that.
# What happens: both end with 0, and write pyvenv.cfg anew (home and version of 3.12), add lib/python3.12 and a link
# bin/python3.12, but keep each link that is there: bin/python goes to 3.11 as before, and bin/python3.12 is a link to
# bin/python. So `bin/python3.12 -V` says 3.11, all packages work on, and each file that names a version names another
# one than what runs.
# Why it matters here: neither pyvenv.cfg nor the name of a link in bin/ nor a directory in lib/ tells which Python a
# venv has, nor that two versions in lib/ mean damage: only the target of bin/python does, or asking it. The first
# change of that link turns the venv into an empty one.
# Needs two versions of Python: PYTHON (3.11) and OTHER (3.12).
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_CACHE_DIR="$work/pip"
old="${PYTHON:-python3.11}" new="${OTHER:-python3.12}"
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }
is=$(version "$old") other=$(version "$new")
if [ "$is" = "$other" ]; then echo "OTHER has to be another version than $is"; exit 2; fi
for way in "" --upgrade; do
  rm -rf venv
  "$old" -m venv venv && venv/bin/pip install -q --disable-pip-version-check idna==3.10
  "$new" -m venv $way venv
  echo "$new -m venv $way over a venv of $is ended with $?"
  said=$(grep '^version = ' venv/pyvenv.cfg)
  runs=$(version venv/bin/python) named=$(version "venv/bin/python$other")
  echo "    pyvenv.cfg: $said; bin/python is $runs, bin/python$other is $named; lib: $(echo venv/lib/*)"
  venv/bin/python -c 'import idna; print("    idna works")'
  [[ $said == "version = $other."* ]] && [ "$runs $named" = "$is $is" ] && [ -d "venv/lib/python$other" ]
  ln -sfn "$(command -v "$new")" venv/bin/python
  told=$(venv/bin/python -c 'import idna' 2>&1 | tail -1) || true
  echo "    with bin/python led to the version of pyvenv.cfg: $told"
  [ "$told" = "ModuleNotFoundError: No module named 'idna'" ]
done
