#!/usr/bin/env bash
# One would expect: a venv that is made and used by the name of a link, as 'current' of a deploy, is called the same in
# all its files, whoever made it, and who installs into it by that name adds to it by that name.
# What happens: venv and uv write the name of the link into activate and into scripts, virtualenv resolves the link and
# writes the path that it leads to. pip then, started by the name of the link, writes that name into each script that
# it installs. So a venv of virtualenv has activate, pip and pyvenv.cfg by one name, and the scripts of everything that
# was installed later by another.
# Why it matters here: what names the old place of a venv is not found by one name of it. A copy in which only the
# resolved path was put right starts the code of the old venv by half of its commands.
set -euo pipefail
work=$(mktemp -d); work=$(realpath "$work"); trap 'rm -rf "$work"' EXIT
cd "$work"
python="${PYTHON:-python3.11}"
"$python" -m venv tools
tools/bin/pip install -q --disable-pip-version-check virtualenv==21.15.11 uv==0.13.9
mkdir releases && ln -s releases current
"$python" -m venv current/venv
tools/bin/virtualenv -q -p "$python" --pip bundle current/virtualenv
tools/bin/uv venv -q --no-config --python "$python" --seed current/uv
for made in venv virtualenv uv; do
  "current/$made/bin/python" -m pip install -q --disable-pip-version-check --no-deps idna==3.10 chardet==5.2.0
  name() { grep -oE "(releases|current)/$made" "$1" | head -1; }
  echo "$made: activate says $(name "current/$made/bin/activate")," \
    "pip's script $(name "current/$made/bin/pip"), a script installed later $(name "current/$made/bin/chardetect")"
done | tee names
grep -q '^venv: activate says current/venv, pip.s script current/venv, .* current/venv$' names
grep -q '^uv: activate says current/uv, pip.s script current/uv, .* current/uv$' names
grep -q '^virtualenv: activate says releases/virtualenv, pip.s script releases/virtualenv, .* current/virtualenv$' names
