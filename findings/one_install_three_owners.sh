#!/usr/bin/env bash
# One would expect: the distributions that one requirement brings own different files; where two list the same path,
# somebody mixed rivals (opencv, PyJWT and jwt).
# What happens: `pip install mlflow` brings mlflow, mlflow-skinny and mlflow-tracing of the same version, which share
# 2,571 rows of RECORD, half of them all three, with equal digests. pip unpacks them over each other. Removing mlflow
# alone, with mlflow-skinny still installed (a distribution of its own that others require), takes the files of that
# away too.
# Why it matters here: "two owners" is the healthy state of a package of the thousand most downloaded, and a path
# whose other owner was removed can be the damage of the one that is left.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
pip="$work/venv/bin/pip"
"$pip" install -q --no-deps mlflow==3.17.2 mlflow-skinny==3.17.2 mlflow-tracing==3.17.2
cat > "$work/ask.py" <<'EOF'
import csv
import pathlib
import sys
from collections import defaultdict

site = next(pathlib.Path(sys.prefix).glob("lib/python3*/site-packages"))
owners = defaultdict(dict)
for record in sorted(site.glob("mlflow*.dist-info/RECORD")):
    for path, digest, _ in csv.reader(record.open(newline="")):
        owners[path][record.parent.name.split("-")[0]] = digest
by_name = defaultdict(list)
for path, of in owners.items():
    for name in of:
        by_name[name].append(path)
for name, paths in by_name.items():
    shared = [path for path in paths if len(owners[path]) > 1]
    gone = [path for path in paths if not (site / path).exists()]
    print(f"{name}: lists {len(paths)}, shares {len(shared)}, of which there is none any more: {len(gone)}")
differing = [path for path, of in owners.items() if len(set(filter(None, of.values()))) > 1]
print("shared rows with other digests:", len(differing))
EOF
asked() { "$work/venv/bin/python" -I "$work/ask.py"; }
asked | tee "$work/before"
grep -Eq '^mlflow_skinny: lists [0-9]+, shares [0-9]{3,}, .*: 0$' "$work/before"
grep -q 'other digests: 0' "$work/before"
"$pip" uninstall -q -y mlflow
echo "after 'pip uninstall mlflow':"
asked | tee "$work/after"
grep -Eq '^mlflow_skinny: .* any more: [0-9]{3,}$' "$work/after"
