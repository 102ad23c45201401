#!/usr/bin/env bash
# One would expect: where `_zstd.py` stands beside `_zstd.cpython-311-….so`, the extension was compiled from it (as
# mypyc and Cython's pure mode leave it), so that what the source imports is what the extension needs.
# What happens: the wheels of backports.zstd for CPython bring `_zstd.py` and `_cffi/` for PyPy along. Nothing that
# `_zstd.py` imports can be imported (`_zstd_cffi` is in the wheels for PyPy alone), and backports.zstd works.
# Why it matters here: a checker that takes the source for the extension's calls everything damaged that needs it,
# Scrapy with all its plugins among it. What compilers make names its source; this extension does not.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: backports.zstd==1.8.0
cd "$work"
cat > ask.py <<'EOF'
import importlib.metadata as metadata
import importlib.util
import pathlib
import backports.zstd as zstd
extension = pathlib.Path(zstd._zstd.__file__)
source = extension.with_name("_zstd.py")
print("backports.zstd", metadata.version("backports.zstd"), "loads", extension.name, "beside", source.name)
assert extension.suffix == ".so" and source.exists(), "the source is not there any more"
assert zstd.decompress(zstd.compress(b"x" * 99)) == b"x" * 99
spec = importlib.util.spec_from_file_location("backports.zstd._other", source)
try:
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
except ModuleNotFoundError as lack:
    print("the source beside it:", lack)
else:
    raise SystemExit("the source can be imported now")
assert source.name.encode() not in extension.read_bytes(), "the extension names the source now"
EOF
"$work/venv/bin/python" -I ask.py
