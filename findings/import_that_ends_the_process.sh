#!/usr/bin/env bash
# One would expect: importing an optional part of a library whose own requirement is missing raises ImportError, so
# that `try: import …; except ImportError:` around it is enough, and `except Exception` certainly is.
# What happens: dotenv.cli (python-dotenv) and mcp.cli (mcp) answer a missing click or typer with sys.exit(1) while
# they are imported. Both are entry points (`bin/dotenv`, `bin/mcp`) of every install without extras; whoever imports
# all modules of a package in one process is ended by it, and only `except BaseException` would notice.
# Why it matters here: an audit of imports must not take such an end for damage, nor run many imports in one process.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q python-dotenv==1.2.4 mcp==2.3.0 && "$work/venv/bin/pip" uninstall -q -y click typer
cd "$work"
cat > ask.py <<'EOF'
import importlib.metadata as metadata
import importlib


def outcome(module):
    try:
        importlib.import_module(module)
        return "imported"
    except Exception as error:
        return f"an Exception: {error!r}"
    except BaseException as error:
        return f"no Exception: {error!r}"


for name, module in [("python-dotenv", "dotenv.cli"), ("mcp", "mcp.cli")]:
    told = outcome(module)
    (script,) = metadata.distribution(name).entry_points.select(group="console_scripts")
    print(f"\n{name} {metadata.version(name)}, script {script.name} = {script.value}: import {module}: {told}")
    assert told == "no Exception: SystemExit(1)", told
EOF
"$work/venv/bin/python" -I ask.py
