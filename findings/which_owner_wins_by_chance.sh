#!/usr/bin/env bash
# One would expect: two distributions that bring the same file with different content are installed in some order, so
# the same command gives the same venv each time; or the installer warns, as it says elsewhere that modules conflict.
# What happens: uv unpacks distributions side by side. `uv pip install PyJWT==2.8.0 jwt==1.4.0` (both ship
# jwt/__init__.py, exceptions.py and utils.py) into empty venvs, from one cache, gives now the one's files, now the
# other's, without a word and with exit 0: in one venv jwt.encode is there, in the next it is not. pip, which goes one by
# one, gives the same each time.
# Why it matters here: the RECORD of one of both is wrong in a venv that nobody hurt, and a second host with the same
# lock file has other bytes. Whose file it is can only be told from the bytes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/tools"
"$work/tools/bin/pip" install -q uv==0.13.9
uv=$work/tools/bin/uv
export UV_CACHE_DIR="$work/cache"
"$uv" --version
tries=${TRIES:-60}
for _ in $(seq "$tries"); do
  rm -rf "$work/v"
  "$uv" venv -q --python "$work/tools/bin/python" "$work/v"
  "$uv" pip install --python "$work/v/bin/python" PyJWT==2.8.0 jwt==1.4.0 >"$work/said" 2>&1
  if grep -iE 'warn|conflict|more than one' "$work/said"; then echo 'CHANGED: uv says something'; exit 1; fi
  (cd "$work" && v/bin/python -I -c 'import jwt; print("jwt.encode is there" if hasattr(jwt, "encode") else "no jwt.encode")')
done | sort | uniq -c | tee "$work/outcomes"
if [ "$(wc -l <"$work/outcomes")" -ne 2 ]; then echo "CHANGED: the same outcome $tries times"; exit 1; fi
for _ in 1 2 3; do
  rm -rf "$work/v"
  "${PYTHON:-python3.11}" -m venv "$work/v"
  "$work/v/bin/pip" install -q --cache-dir "$work/pip" PyJWT==2.8.0 jwt==1.4.0 2>"$work/said"
  (cd "$work" && v/bin/python -I -c 'import jwt; print("pip: jwt.encode" if hasattr(jwt, "encode") else "pip: no jwt.encode")')
done | sort | uniq -c | tee "$work/outcomes"
[ "$(wc -l <"$work/outcomes")" -eq 1 ]
echo 'as described'
