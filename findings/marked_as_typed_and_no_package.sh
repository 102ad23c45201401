#!/usr/bin/env bash
# One would expect: a top-level directory with py.typed and __init__.pyi, listed by a single distribution of its very
# name, is a regular package (PEP 561: the mark goes into a package, and not into the directory of a namespace). Where
# its __init__.py is missing, it was lost.
# What happens: librt, of mypy, ships librt/ with py.typed, an empty __init__.pyi and seven extension modules, and no
# __init__ of any kind. It is a namespace package that is whole; paste ships a single-owner directory of 30 modules
# without __init__ too. Both have a top_level.txt that names the directory like any package.
# Why it matters here: neither the mark, nor the stub, nor the name of the distribution, nor top_level.txt tells a
# package that lost its __init__ from one that never had it. A stub that gives names does, since a namespace cannot.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-deps librt==0.17.0 paste==3.10.1
cd "$work"
cat > ask.py <<'EOF'
import importlib
import importlib.metadata as metadata
import pathlib

for name in ["librt", "paste"]:
    module = importlib.import_module(name)
    place = pathlib.Path(list(module.__path__)[0])
    inside = sorted(path.name for path in place.iterdir())
    listed = {path.parts[0] for path in metadata.files(name) if path.parts[0] == name}
    top = metadata.distribution(name).read_text("top_level.txt").split()
    marks = [mark for mark in ["py.typed", "__init__.pyi"] if mark in inside]
    inits = [one for one in inside if one.startswith("__init__.") and one != "__init__.pyi"]
    modules = [one for one in inside if one.endswith((".py", ".so"))]
    print(name, metadata.version(name), "file", module.__file__, "marks", marks, "inits", inits, "modules", len(modules))
    assert module.__file__ is None and inits == [] and len(modules) >= 7 and listed and name in top
    assert marks == (["py.typed", "__init__.pyi"] if name == "librt" else [])
    assert name != "librt" or (place / "__init__.pyi").read_bytes() == b""
importlib.import_module("librt.strings"), importlib.import_module("paste.fileapp")
EOF
"$work/venv/bin/python" -I ask.py
