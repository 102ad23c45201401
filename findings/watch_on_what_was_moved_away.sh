#!/usr/bin/env bash
# One would expect: a server that watches a directory by its path sees when another directory takes that path, as in a
# deploy by one atomic exchange (RENAME_EXCHANGE), and reloads what lies there now; at the latest at the next edit.
# What happens: watchfiles, which uvicorn takes where it is installed, holds its watches on the directories themselves.
# After the exchange it watches the tree that was moved away, and calls what happens there by the old path: the new
# code is not loaded, an edit of it is not seen either, and a touch in the displaced tree, by whoever clears it up,
# reloads the service at last, with a message that names a file nobody touched. uvicorn without watchfiles asks for the
# times by path, and reloads at the exchange (where the new file is the newer one).
# Why it matters here: the swap that no reader can see half-done is also one that such a watcher cannot see at all.
# After a restore by exchange a watching service has to be started again, and what it says of changes is about the old
# tree.
# Seen with watchfiles 1.3.0, uvicorn 0.54.0 on Linux 6.18.
set -euo pipefail
work=$(mktemp -d); cd "$work"
server=; trap '[ -z "$server" ] || kill -- "-$server" 2>/dev/null; rm -rf "$work"' EXIT
export PIP_CACHE_DIR="$work/pip" PYTHONDONTWRITEBYTECODE=1
python="${PYTHON:-python3.11}"
for venv in polling watching; do
  "$python" -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check uvicorn==0.54.0
done
watching/bin/pip install -q --disable-pip-version-check watchfiles==1.3.0
watching/bin/pip list 2>/dev/null | grep -E '^(uvicorn|watchfiles) '
cat >template.py <<'EOF'
VERSION = "old"
async def asgi(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": VERSION.encode()})
EOF
cat >ask.py <<'EOF'
import sys, time, urllib.request
port, wanted, patience = sys.argv[1], sys.argv[2], float(sys.argv[3])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
answer, until = "no answer", time.monotonic() + patience
while answer != wanted and time.monotonic() < until:
    time.sleep(0.2)
    try:
        answer = opener.open(f"http://127.0.0.1:{port}/", timeout=2).read().decode()
    except OSError:
        answer = "no answer"
print(answer)
EOF
exchange='import ctypes; assert ctypes.CDLL(None).renameat2(-100, b"site", -100, b"displaced", 2) == 0'
try() { # the venv, and the answers that are expected
  local venv=$1 want=$2
  port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  rm -rf site displaced && mkdir site displaced
  cp template.py site/app.py; touch -d '1 hour ago' site/app.py; sed 's/"old"/"new"/' template.py >displaced/app.py
  # A process group of its own, so that the child that a reloader makes ends too.
  setsid "$venv/bin/uvicorn" --reload --reload-dir "$work/site" --app-dir "$work/site" --port "$port" app:asgi \
    >log 2>&1 &
  server=$!
  told=$(ask old 30); sleep 2
  "$python" -c "$exchange"
  told="$told, exchanged: $(ask new 6)"; sleep 2
  sed -i 's/"new"/"edited"/' site/app.py
  told="$told, edited at its path: $(ask edited 6)"
  : >log
  touch displaced/app.py
  told="$told, displaced touched: $(ask edited 15)"
  echo "$venv: $told"
  grep -aoE "detected changes in .*'" log | sed 's/^/    says: /' || true
  kill -- "-$server"; wait "$server" 2>/dev/null || true; server=
  [ "$told" = "$want" ]
}
ask() { "$python" ask.py "$port" "$@"; }
try watching "old, exchanged: old, edited at its path: old, displaced touched: edited"
try polling "old, exchanged: new, edited at its path: edited, displaced touched: edited"
