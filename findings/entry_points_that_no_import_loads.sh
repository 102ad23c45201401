#!/usr/bin/env bash
# One would expect: the value of an entry point is `module:attribute` (or `module`), as the specification of entry
# points says, and whatever a healthy distribution declares can be loaded once its requirements are there.
# What happens: huggingface-hub declares `hf = huggingface_hub.HfFileSystem` for fsspec: no module of that name
# exists, so EntryPoint.load() fails, while fsspec, which takes values apart by itself, opens it. pandas declares
# `matplotlib = pandas:plotting._matplotlib` for its own plots: load() fails also with matplotlib installed, since
# nothing has imported that submodule; pandas imports it by another way.
# Why it matters here: "an entry point of an installed distribution leads nowhere" is no damage by itself.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q huggingface-hub==2.4.0 fsspec==2026.9.0 pandas==3.1.1 matplotlib==3.11.2
cd "$work"
cat > ask.py <<'EOF'
import importlib.metadata as metadata
import fsspec


def load(distribution, group):
    (point,) = metadata.distribution(distribution).entry_points.select(group=group)
    try:
        return point.value, f"loads {point.load()}"
    except (ImportError, AttributeError) as error:
        return point.value, f"{type(error).__name__}: {error}"


hub = load("huggingface-hub", "fsspec.specs")
plots = load("pandas", "pandas_plotting_backends")
print(*(f"{name} {metadata.version(name)}" for name in ["huggingface-hub", "fsspec", "pandas", "matplotlib"]), sep=", ")
print(*hub, sep=": ")
print(*plots, sep=": ")
opened = fsspec.get_filesystem_class("hf")
print("fsspec opens it:", opened)
assert hub[1] == "ModuleNotFoundError: No module named 'huggingface_hub.HfFileSystem'", hub
assert plots[1] == "AttributeError: module 'pandas.plotting' has no attribute '_matplotlib'", plots
assert opened.__name__ == "HfFileSystem", opened
EOF
"$work/venv/bin/python" -I ask.py
