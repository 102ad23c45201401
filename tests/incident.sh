#!/usr/bin/env bash
# The incident, with real packages: usage: incident.sh SNAP. Needs python3 with pip and the package index.
# Saves a venv of a typical service, runs the damage, wants every damaged file named and no other, restores, imports again.
set -euo pipefail
snap=$(realpath "${1:?usage: incident.sh SNAP}")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
export VENV_SNAP_STORE="$dir/store"
packages="fastapi uvicorn[standard] click python-multipart beautifulsoup4 aiohttp pandas httpx sqlalchemy pydantic-settings
  jinja2 requests psycopg2-binary python-dotenv redis"

python3 -m venv "$dir/venv"
# shellcheck disable=SC2086
if ! "$dir/venv/bin/pip" install -q $packages; then
  echo "skipped: 1 the packages cannot be had here"; exit 0
fi
cat > "$dir/app.py" <<'PY'
import aiohttp, bs4, click.core, fastapi, pandas
from fastapi import FastAPI, Form
app = FastAPI()
@app.post("/")
def post(name: str = Form()): return name
print("the app imports")
PY
run() { "$dir/venv/bin/python" -B "$dir/app.py"; }

run
"$snap" check "$dir/venv"
"$snap" save "$dir/venv" --label before-deploy
# A core-dump cleaner that finds more than core dumps, and a disk that emptied and cut what was written last.
python3 - "$dir" <<'PY'
import os, random, sys
top, venv, hurt = sys.argv[1], sys.argv[1] + "/venv", []
files = []
for d, _, names in os.walk(venv):
    for n in names:
        p = os.path.join(d, n)
        if n.startswith("core.") and not n.endswith(".pyc"):
            os.unlink(p); hurt.append(p)
        elif not os.path.islink(p) and not n.endswith(".pyc") and os.path.getsize(p) > 500:
            files.append(p)
files.sort()
for i, p in enumerate(random.Random(7).sample(files, 58)):
    os.truncate(p, 0 if i % 2 else os.path.getsize(p) // 2); hurt.append(p)
open(top + "/hurt", "w").write("".join(os.path.relpath(p, venv) + "\n" for p in sorted(hurt)))
PY
if "$dir/venv/bin/python" -B -c 'import click.core' 2>"$dir/said"; then echo "click.core should be gone"; exit 1; fi
tail -n 1 "$dir/said"
code=0; "$snap" diff "$dir/venv" --json > "$dir/diff.json" || code=$?
[ "$code" = 1 ] || { echo "diff ended with $code"; exit 1; }
python3 - "$dir" <<'PY'
import json, sys
top = sys.argv[1]
named = sorted(e["path"] for e in json.load(open(top + "/diff.json"))["entries"] if e["class"] != "noise")
hurt = open(top + "/hurt").read().split("\n")[:-1]
assert named == hurt, set(named) ^ set(hurt)
print(f"{len(named)} damaged files, each named, and no other")
PY
code=0; "$snap" check "$dir/venv" --json > "$dir/check.json" || code=$?
[ "$code" = 1 ] || { echo "check ended with $code"; exit 1; }
python3 - "$dir" <<'PY'
import csv, glob, json, os, sys
top = sys.argv[1]; venv = top + "/venv"; listed = set()
for record in glob.glob(venv + "/lib/python*/site-packages/*.dist-info/RECORD"):
    base = os.path.dirname(os.path.dirname(record))
    listed |= {os.path.relpath(os.path.join(base, row[0]), venv) for row in csv.reader(open(record)) if row and row[1]}
hurt = set(open(top + "/hurt").read().split("\n")[:-1]) & listed
named = {f["path"] for f in json.load(open(top + "/check.json"))["findings"] if f["check"].startswith("file-")}
assert named == hurt or any(h.endswith("/RECORD") for h in hurt), named ^ hurt
print(f"{len(named)} of them found without the snapshot")
PY
"$snap" restore "$dir/venv"
"$snap" check "$dir/venv"
"$snap" diff "$dir/venv"
run
