#!/usr/bin/env bash
# One would expect: two files of different packages are two files; that a file of a venv has more than one link means
# that the installer's cache, or another venv, has it too, under the same name.
# What happens: with uv's preview of a cache by content, equal files share one inode also *within* one venv: every
# py.typed and every empty __init__.py of all packages, and WHEEL of those that one builder made. A line that
# somebody appends to one __init__.py stands in all of them at once, py.typed included, and in the cache: new venvs
# get them too. uv says nothing, and "uv pip check" finds all well.
# Why it matters here: one write is damage of many packages, by one cause at one time; a name that was damaged tells no
# package. Links within a tree have to be kept or cut on purpose, and never written through.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_CACHE_DIR="$work/pip"
export UV_CACHE_DIR="$work/cache" UV_PREVIEW_FEATURES=content-addressed-cache UV_NO_CONFIG=1
python="${PYTHON:-python3.11}"
"$python" -m venv tools && tools/bin/pip install -q --disable-pip-version-check uv==0.13.9
uv=tools/bin/uv
make() {
  $uv venv -q --python "$python" "$1"
  $uv pip install -q --link-mode hardlink --python "$1/bin/python" \
    starlette==0.38.6 pydantic==2.9.2 click==8.1.7 anyio==4.6.0
}
make one
$uv --version
site=$(echo one/lib/python3*/site-packages)
file=$site/anyio/_backends/__init__.py
names() { find "$site" -samefile "$file" -printf '%P\n'; }
packages=$(names | cut -d/ -f1 | sort -u | xargs)
echo "anyio/_backends/__init__.py has $(stat -c %h "$file") links, $(names | wc -l) of them in this venv, in: $packages"
[ "$(names | wc -l)" -ge 5 ] && [ "$(wc -w <<<"$packages")" -ge 4 ]
echo "WHEEL of starlette is also: $(find "$site" -samefile "$site/starlette-0.38.6.dist-info/WHEEL" -printf '%P ')"
echo 'PATCHED = True' >>"$file"
one/bin/python -c 'import anyio._backends as one; print("patched for one package:", one.PATCHED)'
echo "after one line was appended: $(names | wc -l) files have it; click/py.typed says: $(cat "$site/click/py.typed")"
$uv pip check -q --python one/bin/python && echo "uv pip check finds all well"
make two
echo "a new venv has in click/py.typed: $(cat two/lib/python3*/site-packages/click/py.typed)"
[ "$(cat two/lib/python3*/site-packages/click/py.typed)" = 'PATCHED = True' ]
