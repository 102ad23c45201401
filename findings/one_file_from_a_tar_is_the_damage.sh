#!/usr/bin/env bash
# One would expect: `tar -xf archive one/file` writes what the archive has of that file, or fails; that is how people
# bring one damaged file back. And `tar -xO`, to look first, prints it.
# What happens: of two names of one file (a venv that uv filled from a cache by content, its preview, has many) the
# archive has content only for the name that was read first. Asked for the other one, GNU tar and Python's tarfile link
# it to whatever lies under the first name *on the disk*: they take the damage from there, put it over a file that was
# missing or better, and end with 0. `tar -xO` prints nothing and ends with 0 as well. So does `--skip-old-files` for
# the whole archive: what was missing comes back as the damage of its twin.
# Why it matters here: an entry that is a link has content too. Whoever restores a part of a tar has to read the first
# name from the archive, and whoever exports a tar for others decides about each pair of names.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_CACHE_DIR="$work/pip"
export UV_CACHE_DIR="$work/cache" UV_PREVIEW_FEATURES=content-addressed-cache UV_NO_CONFIG=1
python="${PYTHON:-python3.11}"
"$python" -m venv tools && tools/bin/pip install -q --disable-pip-version-check uv==0.13.9
tools/bin/uv venv -q --python "$python" venv
tools/bin/uv pip install -q --no-deps --link-mode hardlink --python venv/bin/python starlette==0.38.6 pydantic==2.9.2
tar --version | sed -n 1p; "$python" --version
one=$(echo venv/lib/python3*/site-packages/starlette-0.38.6.dist-info/WHEEL)
two=$(echo venv/lib/python3*/site-packages/pydantic-2.9.2.dist-info/WHEEL)
[ "$one" -ef "$two" ] || { echo "uv shares them no more"; exit 1; }
good=$(cat "$one")
tar -cf saved.tar "$one" "$two"
again() { # the command, after the first name was damaged and the second was lost
  rm -f "$one" "$two"; echo damaged >"$one"
  ended=0; "$@" 2>/dev/null || ended=$?
}
extract='import sys, tarfile; tarfile.open("saved.tar").extract(sys.argv[1])'
tell() {
  echo "$1: ended with $ended, the file now says: $(cat "$two")"
  [ "$ended" = 0 ] && [ "$(cat "$two")" = damaged ]
}
again tar -xf saved.tar "$two"; tell "tar -xf, the second name"
again "$python" -W ignore -c "$extract" "$two"; tell "tarfile.extract, the second name"
again tar --skip-old-files -xf saved.tar; tell "tar --skip-old-files, all names"
again tar -xOf saved.tar "$two" >printed
echo "tar -xO, the second name: ended with $ended, printed $(wc -c <printed) bytes"
[ "$ended" = 0 ] && [ ! -s printed ]
again tar -xf saved.tar; echo "tar -xf, all names: ended with $ended"; [ "$(cat "$two")" = "$good" ]
