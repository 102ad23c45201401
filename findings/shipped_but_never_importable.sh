#!/usr/bin/env bash
# One would expect: what the newest wheel of a widely used library holds can be imported at least somewhere: with its
# extras, or on another platform.
# What happens: gcsfs ships gcsfs/cli/gcsfuse.py, which imports gcsfs.gcsfuse, removed from the package; transformers
# ships modular_biogpt.py, a template from which its build writes modeling_biogpt.py, which imports a name that
# transformers.utils never had; litellm has a public function whose body imports a module that the wheel lacks. Each
# is right by RECORD to the byte, and no extra and no platform makes it work.
# Why it matters here: "imports a module of its own package that is not there" is no damage by itself, also without
# any guard.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q gcsfs==2026.10.1 fusepy click transformers==5.24.0 litellm==1.110.2
cd "$work"
cat > ask.py <<'EOF'
import importlib.metadata as metadata
import pathlib
import transformers
import types
import sys
sys.modules["fuse"] = types.SimpleNamespace(FUSE=None, Operations=object)  # libfuse itself is not the question


def error(act):
    try:
        act()
    except ImportError as problem:
        return str(problem).split(" (")[0]
    return None


def gcsfuse():
    import gcsfs.cli.gcsfuse


def biogpt():
    template = pathlib.Path(transformers.__file__).with_name("models") / "biogpt/modular_biogpt.py"
    assert "from ...utils import (" in template.read_text() and "    logger,\n" in template.read_text()
    from transformers.utils import logger


def litellm():
    from litellm.utils import ProviderConfigManager
    ProviderConfigManager.get_provider_vector_store_config("bedrock")


expected = {
    "gcsfs": (gcsfuse, "No module named 'gcsfs.gcsfuse'"),
    "transformers": (biogpt, "cannot import name 'logger' from 'transformers.utils'"),
    "litellm": (litellm, "No module named 'litellm.integrations.vector_store_integrations.bedrock_vector_store'"),
}
for name, (act, told) in expected.items():
    found = error(act)
    print(name, metadata.version(name), act.__name__, found)
    assert found == told, (found, told)
EOF
LITELLM_LOCAL_MODEL_COST_MAP=True "$work/venv/bin/python" -I ask.py
