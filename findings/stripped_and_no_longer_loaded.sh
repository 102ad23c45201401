#!/usr/bin/env bash
# One would expect: `strip --strip-unneeded` over the libraries of a venv, as recipes for small images do, takes symbols
# and debug sections and changes nothing that runs; where it cannot do so it fails and leaves the file as it was.
# What happens: it ends with 0 for each file, and two of the libraries that numpy carries in numpy.libs can no longer be
# loaded: "ELF load command address/offset not page-aligned". `import numpy` ends there, while its own extension
# modules, and Pillow with all of its libraries, are as good as before. The cause: those that went through patchelf more
# than once have segments to load in which no section lies any more. strip knows sections: it leaves such a segment in
# the table, empty, at an offset that no longer fits its address, and the loader refuses the whole library.
# Why it matters here: after such a run each .so differs from its RECORD, and all but a few are sound: "differs" tells
# nothing of what is broken. The file is a whole ELF by its header and its sections; only its program headers convict
# it (offset and address of a LOAD have to agree in a page). Seen with binutils 2.40 of Debian 12 on x86_64.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_CACHE_DIR="$work/pip"
"${PYTHON:-python3.11}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check numpy==2.2.6 pillow==11.3.0
strip --version | sed -n 1p
cat >ask.py <<'EOF'
import collections, ctypes, pathlib, struct, subprocess, sys
import importlib.metadata
def unloadable(path):
    """Whether a segment to load lies in the file as it cannot lie in memory."""
    data = path.read_bytes()
    start, (size, number) = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<HH", data, 54)
    heads = (struct.unpack_from("<IIQQ", data, start + each * size) for each in range(number))
    return any(kind == 1 and (offset - address) % 4096 for kind, _, offset, address in heads)
def works(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
site = pathlib.Path(importlib.metadata.distribution("numpy").locate_file(""))
libraries = [path for path in site.rglob("*.so*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
imports = ["import numpy", "from PIL import Image, ImageCms, ImageFont; from PIL import _imagingft, _webp"]
assert not any(map(unloadable, libraries)) and all(map(works, imports))
ended = collections.Counter(subprocess.run(["strip", "--strip-unneeded", path]).returncode for path in libraries)
print(f"strip of {len(libraries)} libraries ended with", *ended)
lost = [path for path in libraries if unloadable(path)]
for path in lost:
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        print("    ", path.relative_to(site), str(error).split(": ")[-1])
print("numpy works:", works(imports[0]), " Pillow works:", works(imports[1]))
assert list(ended) == [0] and len(lost) == 2 and {path.parent.name for path in lost} == {"numpy.libs"}
assert [works(each) for each in imports] == [False, True]
EOF
venv/bin/python ask.py
