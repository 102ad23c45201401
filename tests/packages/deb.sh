#!/usr/bin/env bash
# The package for Debian: usage: deb.sh [DEB]. lintian has no error, and it installs, works and goes in a root that
# debootstrap makes. DEB_ROOT=DIR takes a root that is there, and leaves it as it was.
set -euo pipefail
here=$(realpath "$(dirname "$0")"); root=$here/../..
dir=$(mktemp -d); trap 'rm -rf --one-file-system "$dir"' EXIT
skip() { echo "skipped: 1 $1"; exit 0; }
command -v dpkg-deb >/dev/null || skip "this is no Debian"
deb=${1:-}
if [ -z "$deb" ]; then
  code=0; "$root/packaging/build" --dev deb >"$dir/built" 2>&1 || code=$?
  [ "$code" != 4 ] || { grep '^skipped:' "$dir/built"; exit 0; }
  [ "$code" = 0 ] || { cat "$dir/built"; exit 1; }
  deb=$(ls -t "$root"/target/packages/venv-snap_*.deb | head -n 1)
fi
dpkg-deb --contents "$deb" > "$dir/holds"
for file in usr/bin/venv-snap etc/venv-snap/config.toml usr/share/man/man1/venv-snap.1.gz \
  usr/share/man/man1/venv-snap-restore.1.gz usr/share/bash-completion/completions/venv-snap \
  usr/share/zsh/vendor-completions/_venv-snap usr/share/fish/vendor_completions.d/venv-snap.fish \
  usr/lib/systemd/system/venv-snap-save.timer usr/lib/systemd/system/venv-snap-watch.service; do
  grep -q " ./$file\$" "$dir/holds" || { echo "it holds no $file"; exit 1; }
done
if grep -q ' ./usr/bin/snap$' "$dir/holds"; then echo "it takes the name of another 'snap'"; exit 1; fi
if command -v lintian >/dev/null; then
  # root may run it here, and a program of a development build is not stripped.
  lintian --allow-root --fail-on error --suppress-tags unstripped-binary-or-object "$deb" >"$dir/said" 2>&1 ||
    { cat "$dir/said"; exit 1; }
  echo "lintian: no error, $(grep -c '^W:' "$dir/said" || true) warnings"
else echo "skipped: 1 there is no lintian here"; fi

[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "a root of its own needs root and namespaces"
land=${DEB_ROOT:-}
if [ -z "$land" ]; then
  command -v debootstrap >/dev/null || skip "there is no debootstrap here"
  land=$dir/root
  debootstrap --variant=minbase "${DEB_SUITE:-bookworm}" "$land" >"$dir/said" 2>&1 ||
    skip "a root of Debian cannot be had here"
fi
cp "$deb" "$land/venv-snap.deb"
# Mounts are those of this child, and go with it.
unshare -m --propagation private bash -c '
  mount -t proc proc "$1/proc" && exec chroot "$1" /bin/bash -euo pipefail' _ "$land" <<'IN'
export HOME=/root DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/tmp LC_ALL=C
dpkg -i /venv-snap.deb >/dev/null
venv-snap version
mkdir -p /srv/app && echo one > /srv/app/one && echo two > /srv/app/two
venv-snap save -q --any /srv/app >/dev/null
rm /srv/app/one; code=0; venv-snap diff -q /srv/app >/dev/null || code=$?; [ "$code" = 1 ]
venv-snap restore -q /srv/app >/dev/null; [ "$(cat /srv/app/one)" = one ]
[ -d /var/lib/venv-snap/packs ]
# Nothing is enabled by itself; what somebody enabled by hand goes with the package.
if ls /etc/systemd/system/*.wants/venv-snap-* 2>/dev/null; then echo "it enables units"; exit 1; fi
mkdir -p /etc/systemd/system/timers.target.wants
ln -s /lib/systemd/system/venv-snap-save.timer /etc/systemd/system/timers.target.wants/venv-snap-save.timer
echo '# mine' >> /etc/venv-snap/config.toml
dpkg -r venv-snap >/dev/null 2>&1
[ ! -e /usr/bin/venv-snap ]; [ -f /etc/venv-snap/config.toml ]
[ ! -L /etc/systemd/system/timers.target.wants/venv-snap-save.timer ]
dpkg -P venv-snap > /said 2>&1; grep -q 'the snapshots in /var/lib/venv-snap are left' /said
[ ! -e /etc/venv-snap ]; [ -d /var/lib/venv-snap/packs ]
left=$(find / -xdev -name '*venv-snap*' -not -path '/var/lib/venv-snap*' -not -path '/proc/*' -not -name venv-snap.deb \
  -not -path '/var/log/*')
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
rm -rf /var/lib/venv-snap /srv/app /venv-snap.deb /said /root/.cache
echo "installed, at work, removed and purged; the snapshots stay"
IN
