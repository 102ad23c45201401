#!/usr/bin/env bash
# The program in the user lands of other releases: usage: lands.sh PROGRAM LAND... (as root, by hand). A LAND is a suite of
# Debian (bullseye, sid), which debootstrap makes with a Python, or a directory that holds a root (of Alpine, say), which is
# left as it was. With a Python there 'demo' runs the incident; without one a plain directory is saved, hurt and restored.
# 'empty' is a root that holds the program alone, which then has to be a static one.
set -euo pipefail
program=$(realpath "$1"); shift
inside() { unshare -m --propagation private sh -c '
  mount -t tmpfs none "$1/tmp" && mount -t proc proc "$1/proc" && cp "$2" "$1/tmp/venv-snap" && root=$1 && shift 2
  exec env -i PATH=/usr/sbin:/usr/bin:/bin HOME=/tmp VENV_SNAP_STORE=/tmp/store chroot "$root" "$@"' _ "$land" "$program" "$@"; }
job='set -e; cd /tmp; mkdir app; echo one > app/one; echo two > app/two; ./venv-snap save -q --any app; rm app/one
  code=0; ./venv-snap diff -q app || code=$?; [ $code = 1 ]; ./venv-snap restore -q app; [ "$(cat app/one)" = one ]'
for name; do
  made=$(mktemp -d); trap 'rm -rf --one-file-system "$made"' EXIT
  land=$made
  if [ -d "$name" ]; then land=$(realpath "$name")
  elif [ "$name" = empty ]; then mkdir -p "$land/proc" "$land/tmp"
  else
    debootstrap --variant=minbase --include=python3,python3-venv "$name" "$land" >"$made.log" 2>&1 ||
      { echo "skipped: 1 no $name can be had here"; rm -rf --one-file-system "$made" "$made.log"; continue; }
    rm -f "$made.log"
  fi
  echo "== $name $(cat "$land/etc/debian_version" "$land/etc/alpine-release" 2>/dev/null || true)"
  inside /tmp/venv-snap version
  if [ -e "$land/usr/bin/python3" ]; then inside /tmp/venv-snap demo | tail -n 1
  elif [ -e "$land/bin/sh" ]; then inside /bin/sh -c "$job"
  else inside /tmp/venv-snap self-test /tmp; fi
  rm -rf --one-file-system "$made"
done
