#!/usr/bin/env bash
# One would expect: `pip install --upgrade --target DIR` leaves one version in DIR; and where two directories say which
# version is installed, all tools read the newer one, or none, or the one that fits the code.
# What happens: pip takes away the old code and keeps the old .dist-info beside the new one, with exit 0. From then on
# importlib.metadata and `pip list` tell whichever the directory lists first, since neither sorts; pkg_resources tells
# the newer one, uv both. Two copies that are equal to the byte give different versions where the order of their
# directories differs, as it may between file systems, and after a restore.
# Why it matters here: two versions side by side are no trace of a crash, which of both counts cannot be read from any
# file, and no restore brings that order back. Only RECORD held against the code tells which one is true.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_CACHE_DIR="$work/cache" PIP_CACHE_DIR="$work/pip" PIP_NO_COLOR=1
"${PYTHON:-python3.11}" -m venv tools
tools/bin/pip install -q pip==26.3
tools/bin/pip install -q uv==0.13.9 setuptools==80.9.0
tools/bin/pip --version | cut -d' ' -f1-2; tools/bin/uv --version
tools/bin/pip install -q --target lib idna==3.6
tools/bin/pip install -q --target lib --upgrade idna==3.10
echo "pip ended with $?, lib has: $(cd lib && echo *)"
[ -d lib/idna-3.6.dist-info ] && [ -d lib/idna-3.10.dist-info ]
grep -q "'3.10'" lib/idna/package_data.py && echo "the code is that of 3.10"
cat >ask.py <<'EOF'
import importlib.metadata, os, pathlib, subprocess, sys
def run(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, check=True, **more).stdout
def listed(text):
    return sorted(line.split()[1] for line in text.splitlines() if line.startswith("idna "))
python, real = sys.executable, os.listdir
asked = {}
for first in ["3.6", "3.10"]:
    # Both orders that a file system may give: everything else is the same.
    hook = pathlib.Path(first); hook.mkdir()
    hook.joinpath("sitecustomize.py").write_text(
        "import os\nreal = os.listdir\n"
        f"os.listdir = lambda path='.': sorted(real(path), key=lambda name: name != 'idna-{first}.dist-info')\n")
    env = {**os.environ, "PYTHONPATH": f"{hook}:lib"}
    ask = "import importlib.metadata as m; print(m.version('idna'))"
    old = "import pkg_resources as p; print(p.get_distribution('idna').version)"
    asked[first] = (run(python, "-c", ask, env=env).strip(),
                    listed(run(python, "-m", "pip", "list", "--path", "lib", env=env)),
                    run(python, "-W", "ignore", "-c", old, env=env).strip(),
                    listed(run("tools/bin/uv", "pip", "list", "--no-config", "--target", "lib")))
    print(f"listed first {first}: importlib.metadata, pip, pkg_resources, uv:", *asked[first])
sys.path.insert(0, "lib")
here = next(name for name in real("lib") if name.endswith(".dist-info")).removesuffix(".dist-info").split("-")[1]
print("the order on this file system makes it", importlib.metadata.version("idna"))
assert importlib.metadata.version("idna") == here
assert asked == {one: (one, [one], "3.10", ["3.10", "3.6"]) for one in ["3.6", "3.10"]}
EOF
tools/bin/python ask.py
