#!/usr/bin/env bash
# One would expect: the names of a package stand in its `__init__.py`, are imported there, or come from something that
# it hands itself to (`globals()`, `__name__`, `sys.modules[__name__]`).
# What happens: all of `pxr/Gf/__init__.py` is `Tf.PreparePythonModule()`, without an argument. That function looks
# for its caller's frame and copies what `_gf.so` has into it; `from pxr.Gf import TimeCode` works (OpenUSD; astropy
# has `find_current_module` for the like).
# Why it matters here: whether a package gives a name cannot be told from the package alone, nor from what it passes
# on: any function that is called may be the one that fills it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: pxr-gf==26.8
cd "$work"
cat > ask.py <<'EOF'
import ast
import importlib.metadata as metadata
import pathlib
import pxr.Gf
source = pathlib.Path(pxr.Gf.__file__).read_text()
shown = [ast.unparse(one) for one in ast.parse(source).body[1:]]
public = [name for name in vars(pxr.Gf) if not name.startswith("_")]
print("pxr-gf", metadata.version("pxr-gf"), shown, len(public), "names")
assert shown == ["from pxr import Tf", "Tf.PreparePythonModule()", "del Tf"], "the package tells more by now"
assert "TimeCode" in public and "TimeCode" not in source
EOF
"$work/venv/bin/python" -I ask.py
