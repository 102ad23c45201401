#!/usr/bin/env bash
# The main job by an installed program: usage: job.sh PROGRAM PYTHON. Save, damage, diff, restore, undo.
set -euo pipefail
program=$1 python=$2
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
export VENV_SNAP_STORE=$dir/store HOME=$dir XDG_CACHE_HOME=$dir/cache XDG_CONFIG_HOME=$dir/config TMPDIR=$dir
cd "$dir"
ends() { local wanted=$1 code=0; shift; "$@" >"$dir/said" 2>&1 || code=$?
  [ "$code" = "$wanted" ] || { echo "'$*' ended with $code, not $wanted:"; cat "$dir/said"; exit 1; }; }
"$python" -m venv --without-pip venv
site=$(echo venv/lib/python3*/site-packages)
mkdir -p "$site/click" "$site/click-8.1.7.dist-info"
echo 'value = 42' > "$site/click/core.py"; echo 'from click.core import value' > "$site/click/__init__.py"
printf 'Metadata-Version: 2.1\nName: click\nVersion: 8.1.7\n' > "$site/click-8.1.7.dist-info/METADATA"
printf 'click/__init__.py,,\nclick/core.py,,\nclick-8.1.7.dist-info/METADATA,,\nclick-8.1.7.dist-info/RECORD,,\n' \
  > "$site/click-8.1.7.dist-info/RECORD"
ends 0 "$program" save venv --label golden
rm "$site/click/core.py"
ends 1 "$program" diff venv; grep -q 'core.py' said
ends 0 "$program" restore venv
[ "$(venv/bin/python -B -c 'import click; print(click.value)')" = 42 ]
ends 0 "$program" undo venv; [ ! -e "$site/click/core.py" ]
ends 2 "$program" restore --no-such-flag
grep -q "^Usage: $(basename "$program") restore" said ||
  { echo "it does not name itself $(basename "$program"):"; cat said; exit 1; }
