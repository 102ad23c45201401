#!/usr/bin/env bash
# Q for others: what is left of 200 files when the power is cut right after a tool said that it was done.
# usage: peers.sh [SNAP] [FS…]   FS of ext4, xfs. Needs root, loop devices, python3, and of the peers those that are on the PATH.
#
# Backup: an empty repository is made and synced, 200 files of 5 kB are backed up into it, and the power is cut. Restore: the
# repository lies on another, healthy disk; 200 files are restored, and the power is cut. The cut is the file system's own shutdown
# without a flush of its log; WAIT=7 lets so many seconds pass before it. Intact is a file that comes back with its bytes.
set -euo pipefail
snap=$(realpath "${1:-target/debug/snap}"); shift || true
systems=("$@"); [ ${#systems[@]} -gt 0 ] || systems=(ext4 xfs)
wait=${WAIT:-0}
dir=$(mktemp -d)
trap 'cd /; umount -q "$dir/disk" || true; rm -rf "$dir"' EXIT
export HOME=$dir/home RESTIC_PASSWORD=x RUSTIC_PASSWORD=x RUSTIC_NO_PROGRESS=true BORG_RELOCATED_REPO_ACCESS_IS_OK=yes \
  BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
mkdir -p "$HOME" "$dir/source" "$dir/disk"

# A source that any of them takes; snap wants a venv.
python3 - "$dir/source" <<'PY'
import os, random, sys
chance = random.Random(1)
for n in range(200):
    open(f"{sys.argv[1]}/file{n:03}.py", "wb").write(chance.randbytes(5000))
open(sys.argv[1] + "/pyvenv.cfg", "w").write("home = /usr/bin\nversion = 3.11.7\n")
PY
mkdir "$dir/source/bin"; printf '#!/bin/sh\necho version=3.11.7\n' > "$dir/source/bin/python"; chmod +x "$dir/source/bin/python"

on() { mount -o loop "$dir/image" "$dir/disk"; }
fresh() { # an empty file system
  umount -q "$dir/disk" || true
  rm -f "$dir/image"; truncate -s 400M "$dir/image"
  case $1 in ext4) mkfs.ext4 -q -F "$dir/image" ;; xfs) mkfs.xfs -q -f "$dir/image" ;; esac
  on
}
power_off() {
  sleep "$wait"
  python3 -c "import fcntl, os, struct; fcntl.ioctl(os.open('$dir/disk', os.O_RDONLY), 0x8004587d, struct.pack('I', 2))"
  umount "$dir/disk"; on
}
intact() { # how many of the 200 stand in a directory
  local good=0 n
  for n in "$dir"/source/file*.py; do cmp -s "$n" "$1/$(basename "$n")" && good=$((good + 1)); done
  echo "$good"
}

# Each tool: make an empty repository, back the source up into it, restore from it to a directory. $1 is the repository.
make_snap() { :; }
backup_snap() { (cd "$dir" && "$snap" -q save source --store "$1"); }
restore_snap() { (cd "$dir" && "$snap" -q restore source latest --to "$2" --exact --store "$1"); }
make_restic() { restic -q -r "$1" init; }
backup_restic() { (cd "$dir/source" && restic -q -r "$1" backup .); }
restore_restic() { restic -q -r "$1" restore latest --target "$2"; }
make_rustic() { rustic --log-level error -r "$1" init; }
backup_rustic() { (cd "$dir/source" && rustic --log-level error -r "$1" backup .); }
restore_rustic() { rustic --log-level error -r "$1" restore latest "$2"; }
make_borg() { borg init -e none "$1"; }
backup_borg() { (cd "$dir/source" && borg create "$1::one" .); }
restore_borg() { (mkdir -p "$2" && cd "$2" && borg extract "$1::one"); }
make_rsync() { mkdir "$1"; }
backup_rsync() { rsync -a "$dir/source/" "$1/"; }
restore_rsync() { rsync -a "$1/" "$2/"; }
make_rsync_fsync() { mkdir "$1"; }
backup_rsync_fsync() { rsync -a --fsync "$dir/source/" "$1/"; }
restore_rsync_fsync() { rsync -a --fsync "$1/" "$2/"; }
make_cp() { mkdir "$1"; }
backup_cp() { cp -a "$dir/source/." "$1/"; }
restore_cp() { mkdir -p "$2"; cp -a "$1/." "$2/"; }
make_cp_sync() { mkdir "$1"; }
backup_cp_sync() { cp -a "$dir/source/." "$1/" && sync -f "$1"; }
restore_cp_sync() { mkdir -p "$2"; cp -a "$1/." "$2/" && sync -f "$2"; }

version() {
  case $1 in
    snap) "$snap" --version ;; restic) restic version | sed 's/ compiled.*//' ;; borg) borg --version ;; rustic) rustic --version ;;
    rsync) rsync --version | sed -n 's/  */ /g; s/ protocol.*//; 1p' ;; rsync_fsync) echo "rsync -a --fsync" ;;
    cp) cp --version | sed -n 's/(GNU coreutils)/-a,/; 1p' ;; cp_sync) echo "cp -a && sync -f" ;;
  esac
}

echo "| tool | file system | backup, then cut | restore, then cut |"
echo "|---|---|---|---|"
for tool in snap restic rustic borg rsync rsync_fsync cp cp_sync; do
  program=${tool%%_*}
  if [ "$program" != snap ] && ! command -v "$program" >/dev/null; then echo "skipped: 1 $program is not here" >&2; continue; fi
  for fs in "${systems[@]}"; do
    fresh "$fs"
    "make_$tool" "$dir/disk/repo" >&2; sync -f "$dir/disk"
    "backup_$tool" "$dir/disk/repo" >&2
    power_off
    rm -rf "$dir/out"
    "restore_$tool" "$dir/disk/repo" "$dir/out" >&2 || true
    backup=$(intact "$dir/out")

    rm -rf "$dir/healthy" "$dir/out"
    "make_$tool" "$dir/healthy" >&2; "backup_$tool" "$dir/healthy" >&2
    fresh "$fs"; sync -f "$dir/disk"
    "restore_$tool" "$dir/healthy" "$dir/disk/out" >&2
    [ "$(intact "$dir/disk/out")" = 200 ] || { echo "$tool did not restore" >&2; exit 1; }
    power_off
    restore=$(intact "$dir/disk/out")
    rm -rf "$dir/healthy"
    echo "| $(version "$tool") | $fs | $backup / 200 | $restore / 200 |"
  done
done
