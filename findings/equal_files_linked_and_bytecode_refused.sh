#!/usr/bin/env bash
# One would expect: a program that makes hard links of equal files (jdupes -L, rdfind) changes nothing that anybody
# reads: each name has the bytes that it had, so two venvs that share their files only save room.
# What happens: a linked name has one time for both, so the sources of one venv get the times of the other's, while
# their .pyc, which differ by the path in them, stay as they were. Python refuses the bytecode of that venv: `import
# pip` compiles hundreds of modules, at each start where the service may not write. `hardlink` of util-linux asks for
# equal times unless told otherwise, and does no such harm.
# Why it matters here: no byte, size, mode or digest changed and RECORD is right everywhere, yet the venv is slow, and
# from then on an edit in one venv is one in the other. That only times differ is harmless for data, not for sources.
# Needs Debian 12 and its archive, for jdupes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq -o APT::Sandbox::User=root jdupes=1.21.3-1+deb12u1 && dpkg -x ./jdupes*.deb root
python="${PYTHON:-python3.11}"
"$python" -m venv one; sleep 1.1; "$python" -m venv two
"$python" --version; root/usr/bin/jdupes -v | sed -n 1p; hardlink --version
sums() { find one two -type f -exec sha256sum {} + | LC_ALL=C sort; }
refused() { # the modules that are compiled although there is bytecode, of those that pip loads
  PYTHONDONTWRITEBYTECODE=1 "$1/bin/python" -v -c 'import pip._internal.cli.main' 2>&1 |
    grep -c '^# bytecode is stale for ' || true
}
sums >before
tell() { echo "$1: refused bytecode on 'import pip', one: $(refused one), two: $(refused two)"; }
tell "as made" | tee told
hardlink -q one two; tell "after hardlink" | tee -a told
root/usr/bin/jdupes -r -L -q one two >/dev/null 2>&1; tell "after jdupes -L" | tee -a told
sums | cmp - before && echo "not a byte differs"
grep -q '^as made: .*, one: 0, two: 0$' told && grep -q '^after hardlink: .*, one: 0, two: 0$' told
grep -Eq '^after jdupes -L: .*: [0-9]{3,}' told
