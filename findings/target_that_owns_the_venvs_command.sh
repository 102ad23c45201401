#!/usr/bin/env bash
# One would expect: `pip install --target DIR` puts everything into DIR, and the RECORD there names what was put there.
# What happens: pip installs to a scheme of its own and then moves the parts, but RECORD still says `../../bin/NAME` for
# a command that went to DIR/bin/NAME. Where DIR is venv/lib/vendor, as people do for parts that they ship, that row
# names the command of the venv itself. Whoever uninstalls by it (pip, with DIR on PYTHONPATH) removes venv/bin/NAME,
# which belongs to another version in site-packages, leaves its own command behind, and says "Successfully". uv's
# --target writes the row right.
# Why it matters here: a row of RECORD that leads out of its directory proves no owner, also where a file of that name
# is there: the digest has to agree first. And a command can be missing while its package is whole.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_CACHE_DIR="$work/cache" PIP_CACHE_DIR="$work/pip"
"${PYTHON:-python3.11}" -m venv venv
venv/bin/pip install -q pip==26.3
venv/bin/pip install -q uv==0.13.9 chardet==5.2.0
venv/bin/pip --version | cut -d' ' -f1-2; venv/bin/uv --version
venv/bin/pip install -q --target venv/lib/vendor chardet==5.1.0
venv/bin/uv pip install -q --no-config --target venv/lib/other chardet==5.1.0
row() { grep -h 'bin/chardetect' "$1"/chardet-5.1.0.dist-info/RECORD | cut -d, -f1; }
echo "the command in RECORD: by pip $(row venv/lib/vendor), by uv $(row venv/lib/other)"
[ "$(row venv/lib/vendor)" = ../../bin/chardetect ] && [ "$(row venv/lib/other)" = bin/chardetect ]
commands() { find venv -name chardetect -type f | sort | xargs; }
before=$(commands)
PYTHONPATH=venv/lib/vendor venv/bin/pip uninstall -y chardet | sed 's/^/    /'
after=$(commands)
echo "commands before: $before"
echo "commands after:  $after"
venv/bin/python -c 'import chardet; print("what is left in site-packages: chardet", chardet.__version__)'
[[ $before == *venv/bin/chardetect* && $after != *venv/bin/chardetect* && $after == *venv/lib/vendor/bin/chardetect* ]]
