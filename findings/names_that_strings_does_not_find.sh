#!/usr/bin/env bash
# One would expect: the names of what a compiled module imports stand in it as plain text, as they do in what older
# Cython made, so `strings` or grep over the .so tells which modules it needs.
# What happens: newest Cython packs its constants by LZSS (the decoder, `__Pyx_DecompressString_LZSS`, is in the .so).
# loop.so of uvloop imports `uvloop._noop`, and neither that name nor `collections` can be found in its 13 MB. No .py
# file imports it either; only loop.pyx, which happens to be in the wheel, shows it.
# Why it matters here: whether a module is needed by an extension cannot be told from the bytes of the extension.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: uvloop==0.23.0
cd "$work"
cat > ask.py <<'EOF'
import importlib.metadata as metadata
import pathlib
import sys
import uvloop
path = pathlib.Path(uvloop.loop.__file__)
content = path.read_bytes()
print("uvloop", metadata.version("uvloop"), path.name, len(content), "bytes")
assert "uvloop._noop" in sys.modules, "loop.so imports it no more"
sources = [one.name for one in path.parent.glob("*.py") if "_noop" in one.read_text() and one.name != "_noop.py"]
found = {word: content.count(word) for word in [b"_noop", b"collections", b"__Pyx_DecompressString_LZSS"]}
print("imported: uvloop._noop; named in sources:", sources, "in the extension:", found)
assert not sources and not found[b"_noop"] and not found[b"collections"], "the names are plain again"
assert found[b"__Pyx_DecompressString_LZSS"], "the decoder is gone"
EOF
"$work/venv/bin/python" -I ask.py
