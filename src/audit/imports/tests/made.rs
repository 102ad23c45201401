//! What a package makes of itself while it is imported: modules, names, and what only looks so.

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
];

const MAY_MAKE_IT: &[Row] = &[
    (
        "a module of the package is put among the modules",
        "import sys, types\nsys.modules['a.gone'] = sys\nfrom . import gone\n",
        false,
    ),
    (
        "names are made one after the other",
        "import sys\nfor name in ['gone']:\n    sys.modules['a.' + name] = sys\nfrom .gone import x\n",
        false,
    ),
    (
        "the package gets another place",
        "__path__.append('/elsewhere')\nfrom .gone import x\n",
        false,
    ),
    (
        "the place is changed under another name",
        "places = __path__\nplaces.append('/elsewhere')\nfrom .gone import x\n",
        false,
    ),
    (
        "a function is told the place",
        "from .here import widen\nwiden(__path__)\nfrom .gone import x\n",
        false,
    ),
    (
        "a finder is added",
        "import sys\nfrom .here import Finder\nsys.meta_path.insert(0, Finder())\nfrom .gone import x\n",
        false,
    ),
    (
        "somebody is told which module this is, and may do anything to it",
        "from .here import initpkg\ninitpkg(__name__, {'gone': 'x'})\nfrom .gone import x\n",
        false,
    ),
    (
        "the package asks itself once its __getattr__ may answer",
        "def __getattr__(name):\n    return 1\nfrom . import gone\n",
        false,
    ),
];

#[test]
fn what_makes_no_module_does_not_hide_one_that_is_gone() {
    judge("3.11.7", MAKES_NOTHING);
}

#[test]
fn what_a_package_may_make_at_run_time_is_not_missed() {
    judge("3.11.7", MAY_MAKE_IT);
}
