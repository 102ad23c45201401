#!/usr/bin/env bash
# One would expect: a venv that was made on a mount of sshfs runs there, as it did for years; and what is on the server
# can be read by whoever may read it there.
# What happens: since the update of June 2026 sshfs gives no absolute link and none with '..' in it to anybody, unless it
# is told to. The links of a new venv to its interpreter are absolute. So "python -m venv" makes the link on such a
# mount, says nothing, and ends with 0; then nobody, root included, can start or even read bin/python: EPERM. Each other
# file is there. A venv made with --copies runs.
# Why it matters here: EPERM for root reads like a file that belongs to somebody else, and an upgrade of a package on
# the client stops services whose venv nobody touched.
# Needs Debian 12, root, /dev/fuse and the archive of Debian's security updates.
set -euo pipefail
work=$(mktemp -d)
trap 'umount -l "$work/mount" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
for package in sshfs=3.7.3-1.2~deb12u1 libfuse3-3 fuse3 openssh-sftp-server libglib2.0-0; do
  apt-get download -qq -o APT::Sandbox::User=root "$package" && dpkg -x ./*.deb root && rm ./*.deb
done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu:$work/root/lib/$(uname -m)-linux-gnu
export PATH=$work/root/bin:$work/root/usr/bin:$PATH
# The server is a child of the client: no network, no key.
printf '#!/bin/sh\nexec %s/root/usr/lib/openssh/sftp-server\n' "$work" > server && chmod +x server
mkdir below mount
root/usr/bin/sshfs -o ssh_command="$work/server" here:"$work/below" mount
root/usr/bin/sshfs --version 2>&1 | grep SSHFS

python="${PYTHON:-python3.11}"
"$python" -m venv --without-pip mount/venv; echo "making the venv ended with $?"
try() { "$1" -c 'print("runs")' 2>&1 || true; }
below=$(try below/venv/bin/python); above=$(try mount/venv/bin/python)
echo "on the server: $below; on the mount: ${above##*: }"
"$python" -m venv --without-pip --copies mount/copies
copies=$(try mount/copies/bin/python); echo "with --copies: $copies"
[ "$below" = runs ] && [[ $above == *"not permitted"* ]] && [ "$copies" = runs ]
