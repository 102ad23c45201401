#!/usr/bin/env bash
# One would expect: a server that reloads when a source changes reloads when it is rolled back, also by a tool that
# gives the old file its old time: that is another time than before, which Python itself takes for a change.
# What happens: gunicorn, uvicorn, hypercorn and werkzeug (Flask), each asked to reload and each looking at the times,
# ask whether a file is *newer* than they know. After `cp -p`, `rsync -a`, `tar -x` or a restore of the older version
# they go on with the code that was taken back, for good, and the next request is answered by it. Only a file that is
# touched afterwards, or one of another name, wakes them. tornado compares for equality, and uvicorn with watchfiles
# is told by the kernel: both reload.
# Why it matters here: an exact restore of an older state is the one change that such a service never notices, and a
# test of it by hand, with an editor, never shows that. It has to be started again.
set -euo pipefail
work=$(mktemp -d); cd "$work"
server=; trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
export PIP_CACHE_DIR="$work/pip" PYTHONDONTWRITEBYTECODE=1
python="${PYTHON:-python3.11}"
for venv in tools watching; do "$python" -m venv "$venv"; done
tools/bin/pip install -q --disable-pip-version-check \
  gunicorn==27.0.1 uvicorn==0.54.0 hypercorn==0.18.0 werkzeug==3.1.9 tornado==6.6.1
watching/bin/pip install -q --disable-pip-version-check uvicorn==0.54.0 watchfiles==1.3.0
tools/bin/pip list 2>/dev/null | grep -iE '^(gunicorn|uvicorn|hypercorn|werkzeug|tornado) '
watching/bin/pip list 2>/dev/null | grep -E '^watchfiles '
cat >template.py <<'EOF'
VERSION = "the bad one"
def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [VERSION.encode()]
async def asgi(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": VERSION.encode()})
EOF
cat >serve.py <<'EOF'
import sys
name, port = sys.argv[1], int(sys.argv[2])
import app
if name == "werkzeug":
    from werkzeug.serving import run_simple
    run_simple("127.0.0.1", port, app.wsgi, use_reloader=True, reloader_type="stat")
else:
    import asyncio, tornado.autoreload, tornado.web
    async def main():
        class Handler(tornado.web.RequestHandler):
            def get(self):
                self.write(app.VERSION)
        tornado.web.Application([("/", Handler)]).listen(port, "127.0.0.1")
        tornado.autoreload.start(200)
        await asyncio.Event().wait()
    asyncio.run(main())
EOF
cat >ask.py <<'EOF'
import sys, time, urllib.request
port, unwanted, patience = sys.argv[1], sys.argv[2], float(sys.argv[3])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
answer, until = "no answer", time.monotonic() + patience
while time.monotonic() < until:
    try:
        answer = opener.open(f"http://127.0.0.1:{port}/", timeout=2).read().decode()
    except OSError:
        answer = "no answer"
    if answer not in ("no answer", unwanted):
        break
    time.sleep(0.2)
print(answer)
EOF
try() { # what is expected after the older file came back, the name, the command
  local want=$1 name=$2; shift 2
  port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  rm -rf site && mkdir site && cp serve.py site/ && cp template.py site/app.py
  sed 's/the bad one/the good one/' template.py >older.py
  touch -d '2 hours ago' older.py; touch -d '1 hour ago' site/app.py
  # A process group of its own, so that the child that a reloader makes ends too.
  (cd site && exec setsid "${@//PORT/$port}") >log 2>&1 &
  server=$!
  before=$(tools/bin/python ask.py "$port" "" 30); sleep 2
  cp -p older.py site/app.py
  after=$(tools/bin/python ask.py "$port" "the bad one" 6)
  touch site/app.py
  touched=$(tools/bin/python ask.py "$port" "the bad one" 20)
  echo "$name: $before; the older file is back: $after; touched: $touched"
  kill -- "-$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=
  [ "$before, $after, $touched" = "the bad one, $want, the good one" ]
}
t="$work/tools/bin"
try "the bad one" gunicorn "$t/gunicorn" --reload --reload-engine poll -b 127.0.0.1:PORT app:wsgi
try "the bad one" uvicorn "$t/uvicorn" --reload --port PORT app:asgi
try "the bad one" hypercorn "$t/hypercorn" --reload -b 127.0.0.1:PORT app:asgi
try "the bad one" werkzeug "$t/python" serve.py werkzeug PORT
try "the good one" tornado "$t/python" serve.py tornado PORT
try "the good one" "uvicorn with watchfiles" "$work/watching/bin/uvicorn" --reload --port PORT app:asgi
