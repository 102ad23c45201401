#!/usr/bin/env bash
# The pages in a real browser: usage: tests/page/look.sh SNAP [FOLDER]. See README.md beside it.
set -euo pipefail
snap=$(realpath "${1:?usage: tests/page/look.sh SNAP [FOLDER]}")
here=$(realpath "$(dirname "$0")")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
out=$(realpath -m "${2:-$dir/pictures}"); mkdir -p "$out"
export VENV_SNAP_STORE="$dir/store"

command -v pdftotext >/dev/null || { echo "skipped: 1 there is no pdftotext here (Debian: apt-get install poppler-utils)"; exit 0; }
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$browser" ] || { echo "skipped: 1 there is no Chromium here (Debian: apt-get install chromium)"; exit 0; }
python3 -m venv "$dir/tools"
"$dir/tools/bin/pip" install -q --disable-pip-version-check playwright==1.65.2 ||
  { echo "skipped: 1 playwright cannot be had here"; exit 0; }
(cd "$dir" && npm pack --silent axe-core@4.14.1 >/dev/null && tar -xzf axe-core-*.tgz) ||
  { echo "skipped: 1 axe-core cannot be had here"; exit 0; }

# A venv with a history, an incident with names that nobody wants in a page, and a host with venvs that stand otherwise.
packages="fastapi uvicorn click==8.1.7 beautifulsoup4 aiohttp httpx jinja2 requests"
python3 -m venv "$dir/app"
# shellcheck disable=SC2086
"$dir/app/bin/pip" install -q --disable-pip-version-check $packages ||
  { echo "skipped: 1 the packages cannot be had here"; exit 0; }
"$snap" save -q "$dir/app" -l monday >/dev/null
"$dir/app/bin/pip" install -q --disable-pip-version-check click==8.2.1 six rich
"$snap" save -q "$dir/app" -l tuesday --note 'after <script>alert(1)</script> & "co"' >/dev/null
"$dir/app/bin/pip" uninstall -q -y six
"$snap" save -q "$dir/app" -l before-deploy >/dev/null
python3 - "$dir/app" <<'PY'
import os, random, sys
files = []
for d, _, names in os.walk(sys.argv[1] + "/lib"):
    for n in names:
        p = os.path.join(d, n)
        if n.startswith("core.") and not n.endswith(".pyc"):
            os.unlink(p)
        elif not os.path.islink(p) and not n.endswith(".pyc") and os.path.getsize(p) > 500:
            files.append(p)
files.sort()
for i, p in enumerate(random.Random(7).sample(files, 58)):
    os.truncate(p, 0 if i % 2 else os.path.getsize(p) // 2)
site = os.path.dirname(files[0])
for name in [b"<script>alert(1)<", b'"><img src=x onerror=alert(2)>', b"\xff\xfe.py", "‮gpj.exe".encode()]:
    open(os.path.join(site.encode(), name), "w").close()
PY
"$snap" status -q --html "$dir/damaged.html" >/dev/null || true
"$snap" restore -q "$dir/app" >/dev/null
"$snap" report --venv "$dir/app" --html "$dir/incident.html"
"$snap" report --venv "$dir/app" --json > "$dir/incident.json"
for name in shop jobs gone; do
  python3 -m venv --without-pip "$dir/$name"; "$snap" save -q "$dir/$name" >/dev/null
done
rm -rf "$dir/gone" "$dir"/jobs/lib/python3*/site-packages/../../../bin/activate
python3 -m venv --without-pip "$dir/never"
"$snap" drill -q "$dir/shop" >/dev/null || true
all=("$dir/app" "$dir/shop" "$dir/jobs" "$dir/gone" "$dir/never")
"$snap" status "${all[@]}" --html "$dir/host.html" >/dev/null || true
"$snap" status "${all[@]}" --json > "$dir/host.json" || true
"$dir/tools/bin/python" "$here/look.py" "$browser" "$dir" "$out"
