#!/usr/bin/env bash
# The program in the user lands of other releases: usage: lands.sh PROGRAM SUITE... (bullseye, sid; as root, by hand).
# Each is made by debootstrap with a Python, and there 'demo' is run: the incident from the first step to the last. With
# 'empty' as SUITE the root holds the program alone, which then has to be a static one.
set -euo pipefail
program=$(realpath "$1"); shift
for suite; do
  dir=$(mktemp -d); trap 'rm -rf --one-file-system "$dir"' EXIT
  if [ "$suite" = empty ]; then
    mkdir -p "$dir/proc" "$dir/tmp" "$dir/data"; echo one > "$dir/data/one"; run=(/venv-snap self-test /data)
  else
    debootstrap --variant=minbase --include=python3,python3-venv "$suite" "$dir" >"$dir.log" 2>&1 ||
      { echo "skipped: 1 no $suite can be had here"; rm -f "$dir.log"; continue; }
    rm -f "$dir.log"; run=(/venv-snap demo)
  fi
  install -m 755 "$program" "$dir/venv-snap"
  echo "== $suite: $(cat "$dir/etc/debian_version" 2>/dev/null || echo "nothing else")"
  unshare -m --propagation private sh -c 'mount -t proc proc "$1/proc"; root=$1; shift
    exec env -i PATH=/usr/bin:/bin HOME=/tmp VENV_SNAP_STORE=/tmp/store chroot "$root" "$@"' _ "$dir" "${run[@]}"
  rm -rf --one-file-system "$dir"
done
