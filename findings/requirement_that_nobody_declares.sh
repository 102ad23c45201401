#!/usr/bin/env bash
# One would expect: a package that installs without complaint, and of which `pip check` says that nothing is broken,
# can be imported; the more so one of the thousand most downloaded.
# What happens: soupsieve, httpx-sse and opentelemetry-util-http, each installed alone, cannot: they import bs4, httpx
# and opentelemetry.semconv, which they do not declare. Whoever uses them has those by way of another package. The
# last one fails *inside a namespace that it shares* (`opentelemetry/`), so the missing module looks like one of its
# own.
# Why it matters here: "the top-level module surely fails to import" is no damage where what lacks belongs to a
# distribution that is not installed, and a prefix of the name does not tell whose it is.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
fails() { # requirement module missing
  "${PYTHON:-python3.11}" -m venv "$work/$2"
  "$work/$2/bin/pip" install -q "$1"
  "$work/$2/bin/pip" check
  told=$(cd "$work" && "$work/$2/bin/python" -I -c "import $2" 2>&1 | tail -1) || true
  echo "$1: import $2: $told"
  [ "$told" = "ModuleNotFoundError: No module named '$3'" ]
}
fails soupsieve==4.1.3 soupsieve bs4
fails httpx-sse==0.4.3 httpx_sse httpx
fails opentelemetry-util-http==0.66b2 opentelemetry.util.http opentelemetry.semconv
