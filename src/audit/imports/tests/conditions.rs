//! Conditions, in small packages of which `a.gone` is missing.

use super::{Row, judge};

const CONDITIONS: &[Row] = &[
    (
        "a module of the standard library under another name (blessed)",
        "import platform as _platform\nif _platform.system() == 'Windows':\n    from .here import x\nelse:\n    from \
         .gone import x\n",
        true,
    ),
    (
        "the same for another platform",
        "import sys as s\nif s.platform == 'win32':\n    from .gone import x\n",
        false,
    ),
    (
        "a function of such a module, taken alone",
        "from platform import system as of\nif of() != 'Windows':\n    from .gone import x\n",
        true,
    ),
    (
        "a name of such a module, taken alone",
        "from os import name\nif name == 'nt':\n    from .gone import x\n",
        false,
    ),
    (
        "a name that may come from elsewhere",
        "try:\n    from .here import platform\nexcept ImportError:\n    from sys import platform\nif platform == \
         'linux':\n    from .gone import x\n",
        false,
    ),
    (
        "a name that comes from elsewhere after all",
        "from sys import platform\nfrom .here import platform\nif platform == 'linux':\n    from .gone import x\n",
        false,
    ),
    (
        "a function asks for another platform (platformdirs)",
        "def _is_android_app():\n    return 1\nif _is_android_app():\n    from .here import x\nelse:\n    from .gone \
         import x\n",
        true,
    ),
    (
        "a constant of another module asks for another platform",
        "from .here import IS_WINDOWS\nif not IS_WINDOWS:\n    from .gone import x\n",
        true,
    ),
    (
        "a name that sounds like a platform",
        "from .here import windows\nif windows:\n    from .gone import x\n",
        false,
    ),
    (
        "a name that the module itself gives",
        "IS_WINDOWS = here()\nif not IS_WINDOWS:\n    from .gone import x\n",
        false,
    ),
    (
        "TYPE_CHECKING",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import a.gone",
        false,
    ),
    (
        "typing.TYPE_CHECKING",
        "import typing\nif typing.TYPE_CHECKING:\n import a.gone",
        false,
    ),
    (
        "its else",
        "if TYPE_CHECKING:\n pass\nelse:\n import a.gone",
        true,
    ),
    (
        "not TYPE_CHECKING",
        "if not TYPE_CHECKING:\n import a.gone",
        true,
    ),
    ("False", "if False:\n import a.gone", false),
    ("0", "if 0:\n import a.gone", false),
    (
        "version",
        "import sys\nif sys.version_info >= (3, 11):\n import a.gone",
        true,
    ),
    (
        "younger version",
        "import sys\nif sys.version_info >= (3, 12):\n import a.gone",
        false,
    ),
    (
        "part of the version",
        "import sys\nif sys.version_info[0] == 2:\n import a.gone",
        false,
    ),
    (
        "two parts",
        "import sys\nif sys.version_info[:2] < (3, 12):\n import a.gone",
        true,
    ),
    (
        "minor",
        "import sys\nif sys.version_info.minor > 11:\n import a.gone",
        false,
    ),
    (
        "hexversion",
        "import sys\nif sys.hexversion >= 0x030B0000:\n import a.gone",
        true,
    ),
    (
        "platform",
        "import sys\nif sys.platform == 'darwin':\n import a.gone",
        false,
    ),
    (
        "platform of this",
        "import sys\nif sys.platform.startswith('linux'):\n import a.gone",
        true,
    ),
    (
        "platform in some",
        "import sys\nif sys.platform in ('win32', 'cygwin'):\n import a.gone",
        false,
    ),
    (
        "os.name",
        "import os\nif os.name == 'nt':\n import a.gone",
        false,
    ),
    (
        "platform.system",
        "import platform\nif platform.system() == 'Windows':\n import a.gone",
        false,
    ),
    (
        "platform.system lower",
        "import platform\nif platform.system().lower() == 'linux':\n import a.gone",
        true,
    ),
    (
        "implementation",
        "import sys\nif sys.implementation.name == 'pypy':\n import a.gone",
        false,
    ),
    (
        "python_implementation",
        "import platform\nif platform.python_implementation() == 'CPython':\n import a.gone",
        true,
    ),
    (
        "and",
        "import sys, os\nif os.environ.get('X') and sys.platform == 'win32':\n import a.gone",
        false,
    ),
    (
        "or",
        "import sys, os\nif os.environ.get('X') or sys.platform == 'linux':\n import a.gone",
        true,
    ),
    (
        "and, unknown",
        "import sys, os\nif os.environ.get('X') and sys.platform == 'linux':\n import a.gone",
        false,
    ),
    (
        "unknown",
        "import os\nif os.environ.get('X'):\n import a.gone",
        false,
    ),
    (
        "unknown, both ways",
        "if a:\n import a.gone\nelse:\n from a import gone",
        true,
    ),
    (
        "unknown, one way of another reason",
        "if a:\n import a.gone\nelse:\n import other",
        false,
    ),
    (
        "elif",
        "import sys\nif sys.platform == 'win32':\n pass\nelif sys.platform == 'linux':\n import a.gone",
        true,
    ),
    (
        "elif of another",
        "import sys\nif sys.platform == 'linux':\n pass\nelif a:\n import a.gone\nelse:\n import a.gone",
        false,
    ),
    (
        "a name for it",
        "import sys\nWIN = sys.platform == 'win32'\nif WIN:\n import a.gone",
        false,
    ),
    (
        "a name that changes",
        "WIN = False\nif a:\n WIN = True\nif WIN:\n import a.gone",
        false,
    ),
    ("a sign", "if -1:\n import a.gone", false),
    ("PY2", "import six\nif six.PY2:\n import a.gone", false),
    ("match", "match a:\n case 1:\n  import a.gone", false),
    (
        "match of all",
        "match a:\n case 1:\n  import a.gone\n case _:\n  import a.gone",
        true,
    ),
    (
        "a number that the module gave a name (netmiko)",
        "import sys\nMAJOR = 3\ndef check():\n    if sys.version_info.major != MAJOR:\n        raise \
         ValueError('no')\n    \
         elif sys.version_info.minor < 8:\n        raise ValueError('no')\ncheck()\nfrom . import gone\n",
        true,
    ),
    (
        "a version that the module gave a name",
        "import sys\nLEAST = (3, 12)\nif sys.version_info < LEAST:\n    from . import gone\n",
        true,
    ),
    (
        "a version that the module gave a name, and then another",
        "import sys\nLEAST = (3, 12)\nLEAST = (3, 8)\nif sys.version_info < LEAST:\n    from . import gone\n",
        false,
    ),
    (
        "a truth is not held against a number",
        "FLAG = None\nif FLAG == 0:\n    pass\nelse:\n    from . import gone\n",
        false,
    ),
    (
        "the name of the package",
        "if __name__ == 'a':\n    from . import gone\n",
        true,
    ),
    (
        "a package is a directory of its own, which is not on the path (lief)",
        "import sys\nif len(__path__) > 0 and __path__[0] not in sys.path:\n    from . import gone\n",
        true,
    ),
    (
        "one that were on the path itself",
        "import sys\nif __path__[0] in sys.path:\n    from . import gone\n",
        false,
    ),
    (
        "no documentation is made (lmdb)",
        "import os\ndef _reading_docs():\n    return os.environ.get('READTHEDOCS')\nif not _reading_docs():\n    from \
         . import gone\n",
        true,
    ),
    (
        "what documentation alone takes",
        "import os\nif os.getenv('READTHEDOCS') or 'SPHINX_BUILD' in os.environ:\n    from . import gone\n",
        false,
    ),
    (
        "what somebody may set",
        "import os\nif not os.environ.get('A_FAST'):\n    from . import gone\n",
        false,
    ),
    (
        "a list that is filled later (dag-factory)",
        "found = []\ntry:\n    import os\n    found.append(os)\nexcept ImportError:\n    pass\nif not found:\n    \
         raise ImportError('no')\nfrom . import gone\n",
        true,
    ),
    (
        "a list that is filled later decides nothing",
        "found = []\nfound.append(1)\nif not found:\n    from . import gone\n",
        false,
    ),
    (
        "a name that an import binds as well",
        "FAST = False\ntry:\n    from .here import x as FAST\nexcept ImportError:\n    pass\nif not FAST:\n    from . \
         import gone\n",
        false,
    ),
    (
        "a name that a function binds as a global one",
        "FAST = False\ndef ask():\n    global FAST\n    FAST = True\nask()\nif not FAST:\n    from . import gone\n",
        false,
    ),
    (
        "a name that a loop binds as well",
        "FAST = False\nfor FAST in ask:\n    pass\nif not FAST:\n    from . import gone\n",
        false,
    ),
    (
        "a name that only a function of the same name has for itself",
        "FAST = False\ndef ask():\n    FAST = True\nif not FAST:\n    from . import gone\n",
        true,
    ),
    (
        "the name of another",
        "if __name__ != 'a':\n    from . import gone\n",
        false,
    ),
];

#[test]
fn conditions_of_the_interpreter_are_decided() {
    judge("3.11.7", CONDITIONS);
    judge(
        "3.12.1",
        &[
            (
                "younger version",
                "import sys\nif sys.version_info >= (3, 12):\n import a.gone",
                true,
            ),
            (
                "a module that this Python has not",
                "try:\n import imp\nexcept ImportError:\n import a.gone",
                true,
            ),
        ],
    );
}
