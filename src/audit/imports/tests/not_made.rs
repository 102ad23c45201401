//! What looks as if a package made modules or names of itself, and does not.

use super::{Row, judge};

/// Forms that real packages have and that make no module: logging (urllib3), messages about places (numpy), finders
/// that are asked (importlib-metadata), a name for somebody else (pymysql), functions that give names later (attrs,
/// jsonschema).
const MAKES_NOTHING: &[Row] = &[
    (
        "a logger in a function is told the name of the module",
        "import logging\nfrom .gone import x\ndef log_to_stream():\n    logging.debug('added to %s', __name__)\n",
        true,
    ),
    (
        "a message looks through the places of the package",
        "try:\n    from .fast import x\nexcept ImportError:\n    for place in __path__:\n        print(place)\n\
         from .gone import y\n",
        true,
    ),
    (
        "the modules below are listed",
        "import pkgutil\nnames = [m.name for m in pkgutil.iter_modules(__path__)]\nfrom .gone import x\n",
        true,
    ),
    (
        "finders are asked",
        "import sys\nfrom .gone import x\ndef resolvers():\n    return [one.find for one in sys.meta_path]\n",
        true,
    ),
    (
        "a name of another package is given",
        "import sys\nfrom .gone import x\ndef install():\n    sys.modules['b'] = sys.modules['a']\n",
        true,
    ),
    (
        "the package asks itself for a module before its __getattr__ is there",
        "from . import gone\ndef __getattr__(name):\n    return 1\n",
        true,
    ),
    (
        "the package asks itself by its name",
        "from a import gone\ndef __getattr__(name):\n    return 1\n",
        true,
    ),
    (
        "a function makes the __getattr__",
        "from .here import make_getattr\nfrom . import gone\n__getattr__ = make_getattr(__name__)\n",
        true,
    ),
    (
        "a test runner is told the name of the module",
        "from .here import PytestTester\nfrom .gone import x\ntest = PytestTester(__name__)\n",
        true,
    ),
    (
        "names are made further down (billiard)",
        "from . import gone\nglobals().update({'x': 1})\n",
        true,
    ),
    (
        "the package puts its own directory into its path (blosc2)",
        "from pathlib import Path\n_DIR = str(Path(__file__).resolve().parent)\nif _DIR in __path__:\n    \
         __path__.remove(_DIR)\n__path__.insert(0, _DIR)\nfrom .gone import x\n",
        true,
    ),
    (
        "the same by os.path",
        "import os\n__path__.append(os.path.dirname(os.path.abspath(__file__)))\nfrom .gone import x\n",
        true,
    ),
    (
        "the place is changed further down",
        "from .gone import x\n__path__.append('/elsewhere')\n",
        true,
    ),
    (
        "what a module inside has is looked through (censys)",
        "from . import gone\nfrom . import here\nfor one in here.__dict__.values():\n    pass\nx = \
         here.__dict__['x']\n",
        true,
    ),
    (
        "an object gets its own attributes (cachetools)",
        "class C:\n    def __setstate__(self, state):\n        self.__dict__.update(state)\nfrom . import gone\n",
        true,
    ),
    (
        "what a function is given gets an attribute",
        "def mark(function):\n    setattr(function, 'x', 1)\nfrom . import gone\n",
        true,
    ),
    (
        "names are looked up",
        "if 'x' not in globals():\n    x = globals().get('y') or globals()['z']\nfrom . import gone\n",
        true,
    ),
    (
        "a function has names of its own",
        "def run(code):\n    exec(code)\n    return locals()\nfrom . import gone\n",
        true,
    ),
    (
        "a handler asks for a module for its own use that Python does not have (tifffile)",
        "try:\n    from . import gone\nexcept ImportError:\n    import _gone\n",
        true,
    ),
];

#[test]
fn what_makes_no_module_does_not_hide_one_that_is_gone() {
    judge("3.11.7", MAKES_NOTHING);
}
