#!/usr/bin/env bash
# One would expect: the RECORD of a package in a venv has the hash of each file, whichever installer and whichever way of installing;
# pdm writes them too, as long as it copies.
# What happens: with `install.cache` (pdm links every file of the package into its cache) each row of a linked file is `sha256=,SIZE`: the
# name of an algorithm and no digest. Only the rows of what pdm wrote itself have one.
# Why it matters here: such a row proves nothing but a size. Read as a hash of no bytes it convicts every file.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export HOME="$work" PDM_CHECK_UPDATE=0
"${PYTHON:-python3.11}" -m venv "$work/tools"
"$work/tools/bin/pip" install -q pdm==2.29.4 hishel==1.4.0
pdm=$work/tools/bin/pdm
"$pdm" --version
for cached in false true; do
  mkdir -p "$work/$cached"; cd "$work/$cached"
  printf '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.9"\ndependencies = ["click==8.1.7"]\n' > pyproject.toml
  "$pdm" config install.cache "$cached"
  "$pdm" install -q --no-self >/dev/null
  record=$(echo .venv/lib/python3*/site-packages/click-8.1.7.dist-info/RECORD)
  echo "install.cache $cached: $(grep -c 'sha256=,' "$record" || true) rows of $(wc -l < "$record") without a digest; $(grep '^click/core.py' "$record")"
  grep -c 'sha256=,' "$record" > "$work/$cached.count" || true
done
[ "$(cat "$work/false.count")" = 0 ] && [ "$(cat "$work/true.count")" -gt 10 ]
