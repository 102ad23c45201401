#!/usr/bin/env bash
# One would expect: a tar loses at most the part of a second of a time, in each of its formats, so bytecode, which asks
# for whole seconds only, stays valid through any tar; and a program that does not know pax records just drops the part.
# What happens: Python's tarfile (and so shutil.make_archive) writes the exact time into a pax record, and into the old
# header the time *rounded*. Each file of the second half of a second has the next second there. busybox, the tar of
# small images, goes by the old header: about half of the .py come out one second too late, and Python refuses the
# bytecode of all of them. From an archive of GNU tar the same busybox makes no mistake.
# Why it matters here: content, size, mode and every digest agree; only the start is slow, at each start where the
# service may not write. A writer of tars has to round down in both places, and a look at such a tree has to hold the
# time in the .pyc against the time of its source; "times differ, no matter" is not true of sources.
# Needs Debian 12 and its archive, for busybox.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_CACHE_DIR="$work/pip"
apt-get download -qq -o APT::Sandbox::User=root busybox=1:1.35.0-4+deb12u1+b1 && dpkg -x ./busybox*.deb root
python="${PYTHON:-python3.11}"
"$python" -m venv venv
venv/bin/pip install -q --disable-pip-version-check pip==26.3
"$python" --version; root/bin/busybox | sed -n 1p
"$python" -c 'import shutil; shutil.make_archive("python", "tar", ".", "venv")'
tar --format=pax -cf gnu.tar venv
cat >ask.py <<'EOF'
import pathlib, struct, sys
refused = total = 0
for pyc in pathlib.Path(sys.argv[1]).rglob("__pycache__/*.pyc"):
    source = pyc.parent.parent / (pyc.name.split(".cpython")[0] + ".py")
    if source.exists():
        total += 1
        refused += struct.unpack("<I", pyc.read_bytes()[8:12])[0] != int(source.stat().st_mtime)
print(refused, "of", total)
EOF
bytecode() { "$python" ask.py "$1"; }
for archive in python gnu; do
  for reader in tar "root/bin/busybox tar"; do
    rm -rf out && mkdir out && $reader -xf "$archive.tar" -C out
    echo "written by $archive, read by ${reader##*/}: bytecode that is refused: $(bytecode out)" | tee -a told
    diff -rq venv out/venv >/dev/null && echo "    not a byte differs"
  done
done
grep -Eq '^written by python, read by tar: .*: 0 of' told
grep -Eq '^written by gnu, read by busybox tar: .*: 0 of' told
grep -Eq '^written by python, read by busybox tar: .*: [0-9]{2,} of' told
