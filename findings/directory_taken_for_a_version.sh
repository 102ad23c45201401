#!/usr/bin/env bash
# One would expect: '--python DIR' means the venv in that directory, for pip and for uv alike, where the directory is
# there and holds pyvenv.cfg. Both document a path as an argument of it.
# What happens: uv tries first whether the text is a version, and a letter 'v' before it changes nothing. So a venv that
# is called 'v3', '3.11' or '311' is not looked at: uv takes some Python of that version from PATH and lists, or
# installs into, that one. One that is called 'v1' is refused as a Python that is too old. 'env3' and 'py311' are
# taken for directories, and so is each of them with './' before it. pip takes all of them for directories.
# Why it matters here: whoever repairs a venv by its name may repair another one, and both report success. Commands that
# we print or run name an interpreter by its absolute path.
set -euo pipefail
work=$(mktemp -d); work=$(realpath "$work"); trap 'rm -rf "$work"' EXIT
cd "$work"
python="${PYTHON:-python3.11}"
"$python" -m venv tools
tools/bin/pip install -q --disable-pip-version-check uv==0.13.9 pip==26.1.2
uv() { env -u VIRTUAL_ENV tools/bin/uv "$@"; }
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for name in v3 "$version" "${version/./}" v1 env3 "py${version/./}"; do
  "$python" -m venv --without-pip "$name"
  in_dir() { case $1 in "$work/$name"/*) echo "the directory" ;; */*) echo "another Python" ;; *) echo nothing ;; esac; }
  by_pip=$(tools/bin/pip --disable-pip-version-check --python "$name" inspect 2>/dev/null |
    "$python" -c 'import json, sys; print(json.load(sys.stdin)["environment"]["python_version"] and "the directory")')
  echo "$name: uv takes $(in_dir "$(uv python find --no-config --no-python-downloads "$name" 2>/dev/null || true)")," \
    "with ./ $(in_dir "$(uv python find --no-config --no-python-downloads "./$name")"), pip $by_pip"
done | tee taken
grep -q '^v3: uv takes another Python, with ./ the directory, pip the directory$' taken
grep -q "^$version: uv takes another Python, with ./ the directory" taken
grep -q "^${version/./}: uv takes another Python, with ./ the directory" taken
grep -q '^v1: uv takes nothing, with ./ the directory, pip the directory$' taken
grep -q '^env3: uv takes the directory, with ./ the directory' taken
grep -q "^py${version/./}: uv takes the directory, with ./ the directory" taken
