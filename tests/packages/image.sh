#!/usr/bin/env bash
# The Dockerfile, built and run: usage: image.sh WHEEL ROOT (as root, by hand). buildah builds it, with the wheel and,
# in the place of Python's own image, ROOT: a Debian with Python and venv that debootstrap made, which is left as it is.
# Then the image starts as it is told to, as its user, with a root that is read-only: once sound, once damaged.
set -euo pipefail
here=$(realpath "$(dirname "$0")"); root=$here/../..
wheel=$(realpath "$1") land=$(realpath "$2")
command -v buildah >/dev/null || { echo "skipped: 1 there is no buildah here"; exit 0; }
dir=$(mktemp -d)
trap 'build umount -a >/dev/null 2>&1 || true; rm -rf --one-file-system "$dir"' EXIT
export BUILDAH_ISOLATION=chroot
build() { buildah --root "$dir/store" --runroot "$dir/run" --storage-driver vfs "$@"; }

# What the project wants is fetched by this host, whose settings for the index an image does not have.
mkdir "$dir/wheels"; cp "$wheel" "$dir/wheels"
python3 -m pip download -q --disable-pip-version-check --no-cache-dir -d "$dir/wheels" click ||
  { echo "skipped: 1 the packages cannot be had here"; exit 0; }
# What Python's image has: 'python' and 'pip' that install below /usr/local.
base=$(build from scratch)
build add -q "$base" "$land" / >/dev/null
build copy -q "$base" "$dir/wheels" /wheels >/dev/null
printf '#!/bin/sh\nexec python3 "$(echo /usr/share/python-wheels/pip-*.whl)/pip" "$@"\n' > "$dir/pip"
build copy -q --chmod 755 "$base" "$dir/pip" /usr/local/bin/pip >/dev/null
build run "$base" -- ln -s /usr/bin/python3 /usr/local/bin/python
build config --env PIP_FIND_LINKS=/wheels --env PIP_NO_INDEX=1 --env PIP_BREAK_SYSTEM_PACKAGES=1 "$base"
from=$(sed -n 's/^FROM \([^ ]*\) AS build$/\1/p' "$root/packaging/examples/Dockerfile")
build commit -q "$base" "docker.io/library/$from" >/dev/null

# A project, with the two files that it takes from here.
mkdir -p "$dir/project/app"
cp "$root"/packaging/examples/{Dockerfile,start.sh} "$dir/project"
echo 'click' > "$dir/project/requirements.txt"
echo 'import click, os; print("started by", os.getuid())' > "$dir/project/app/__main__.py"
build build -q --pull=never -t app "$dir/project" >"$dir/said" 2>&1 || { cat "$dir/said"; exit 1; }

made=$(build from --pull=never app); at=$(build mount "$made")
told() { build inspect --type image --format "$1" app; }
words=$(told '{{range .OCIv1.Config.Entrypoint}}{{.}} {{end}}{{range .OCIv1.Config.Cmd}}{{.}} {{end}}')
user=$(told '{{.OCIv1.Config.User}}')
start() {
  unshare -m --propagation private bash -c '
    mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount -t proc proc "$1/proc"
    exec chroot --userspec="$2" "$1" \
      env -i PATH=/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 sh -c "cd /srv/app && exec $3"
    ' _ "$at" "$user" "$words"; }
start >"$dir/said" 2>&1 && grep -q '^started by [1-9]' "$dir/said" ||
  { echo "it does not start, or as root:"; cat "$dir/said"; exit 1; }
: > "$(echo "$at"/srv/app/venv/lib/python3*/site-packages/click/core.py)"
if start >"$dir/said" 2>&1; then echo "it starts on a damaged venv"; exit 1; fi
grep -q 'click' "$dir/said" || { cat "$dir/said"; exit 1; }
echo "the image is built, starts on the venv that was saved, and does not on a damaged one"
