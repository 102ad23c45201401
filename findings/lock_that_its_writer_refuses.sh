#!/usr/bin/env bash
# One would expect: a pylock.toml (PEP 751) that pip wrote is one that pip installs, as does any other tool that reads
# the format; and one that was made by another Python is refused, for which there are requires-python and environments.
# What happens: `pip lock .` and `pip lock -e .`, what a project tries first, write an entry without a hash, as the
# format says for a directory; `pip install -r pylock.toml` wants a hash for each entry and refuses the whole file,
# while uv installs it. For a wheel in a directory pip writes an absolute file: URL: pip installs that one, and uv,
# which writes a relative path there itself, asks its HTTP client for it and fails. And pip leaves out both fields that
# say for what the lock is. Made by 3.12, uv installs it on 3.11 with exit 0, without what only 3.11 needs, and the
# import fails. pip, which looks for requirements once more, refuses that one, and says that a version is not pinned.
# Why it matters here: that a lock file parses, and that its writer made it today, does not say that a venv can be built
# from it, by whom, or for which Python. Where a venv is to be built anew from one, this comes first, not in the night.
# Needs two versions of Python: PYTHON (3.11) and OTHER (3.12). pip calls both commands experimental.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export UV_CACHE_DIR="$work/cache" PIP_CACHE_DIR="$work/pip" PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CONFIG=1
python="${PYTHON:-python3.11}" other="${OTHER:-python3.12}"
for each in "$python tools" "$other newer"; do
  "${each% *}" -m venv "${each#* }" && "${each#* }/bin/pip" install -q pip==26.3
done
tools/bin/pip install -q uv==0.13.9
tools/bin/pip --version | cut -d' ' -f1-2; tools/bin/uv --version
mkdir app
printf '[project]\nname = "app"\nversion = "0"\ndependencies = ["idna==3.10"]\n[tool.setuptools]\npackages = []\n' \
  >app/pyproject.toml
mkdir wheels && tools/bin/pip download -q --no-deps -d wheels six==1.16.0
wheel=wheels/six-1.16.0-py2.py3-none-any.whl
by_pip() { tools/bin/pip --python venv/bin/python install "$@"; }
by_uv() { tools/bin/uv pip install --python venv/bin/python "$@"; }
locked() { # the locking pip, what pip says of it, what uv says of it, and what to lock
  local pip=$1 want="$2 $3" ended=(); shift 3
  rm -f pylock.toml
  "$pip" lock -q "$@" 2>/dev/null
  for way in by_pip by_uv; do
    rm -rf venv && "$python" -m venv --without-pip venv
    if $way -q -r pylock.toml >said 2>&1; then ended+=(0); else ended+=($?); fi
    grep -oE "point to directories|single file to hash|versions pinned|Failed to download" said || true
  done
  echo "pip lock $*: pip install ends with ${ended[0]}, uv pip install with ${ended[1]}"
  [ "${ended[*]}" = "$want" ]
}
locked tools/bin/pip 0 0 idna==3.10
locked tools/bin/pip 1 0 ./app
locked tools/bin/pip 1 0 -e ./app
locked tools/bin/pip 0 2 "./$wheel"
grep -q "url = \"file://$work/$wheel\"" pylock.toml
locked newer/bin/pip 1 0 jaraco.context==6.0.1
if grep -E 'requires-python|environments' pylock.toml; then echo "the lock says for what it is"; exit 1; fi
told=$(venv/bin/python -c 'import jaraco.context' 2>&1 | tail -1) || true
echo "    locked by $other, installed on $python by uv: $told"
[ "$told" = "ModuleNotFoundError: No module named 'backports'" ]
