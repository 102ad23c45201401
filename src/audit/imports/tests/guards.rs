//! Each form of guard, alone and nested: one small package per row, of which `a.gone` is missing.

use super::lost_by;

/// The package around the source that is tried. `other` is not installed.
const AROUND: [(&str, &str); 6] = [
    ("a/here.py", "x = 1\n"),
    ("a/needs_other.py", "import other\nx = 1\n"),
    (
        "a/needs_gone.py",
        "from .here import x\nfrom .gone import y\n",
    ),
    ("a/raises.py", "raise RuntimeError('no')\n"),
    ("a/empty/__init__.py", ""),
    ("a/fast.cpython-311-x86_64-linux-gnu.so", "ELF"),
];

/// Tries rows of a claim, the source of `a/__init__.py`, and whether importing it surely fails for want of `a.gone`.
fn judge(version: &str, rows: &[(&str, &str, bool)]) {
    let mut wrong = Vec::new();
    for (claim, source, fails) in rows {
        let mut files = AROUND.to_vec();
        files.push(("a/__init__.py", source));
        let found = lost_by(version, &files);
        let damage = found.iter().filter(|one| !one.starts_with("import-"));
        if (damage.count() > 0) != *fails {
            wrong.push(format!("{claim}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn handlers_take_what_they_name() {
    judge(
        "3.11.7",
        &[
            ("no guard", "import a.gone", true),
            ("from", "from a.gone import x", true),
            ("relative", "from .gone import x", true),
            ("as a name of the package", "from . import gone", true),
            ("through another module", "from .needs_gone import x", true),
            (
                "ImportError",
                "try:\n import a.gone\nexcept ImportError:\n pass",
                false,
            ),
            (
                "ModuleNotFoundError",
                "try:\n import a.gone\nexcept ModuleNotFoundError:\n pass",
                false,
            ),
            (
                "ModuleNotFoundError for a name",
                "try:\n from a import gone\nexcept ModuleNotFoundError:\n pass",
                true,
            ),
            (
                "ImportError for a name",
                "try:\n from a import gone\nexcept ImportError:\n pass",
                false,
            ),
            (
                "a tuple",
                "try:\n import a.gone\nexcept (OSError, ImportError):\n pass",
                false,
            ),
            (
                "a tuple of others",
                "try:\n import a.gone\nexcept (OSError, KeyError):\n pass",
                true,
            ),
            (
                "Exception",
                "try:\n import a.gone\nexcept Exception:\n pass",
                false,
            ),
            (
                "BaseException",
                "try:\n import a.gone\nexcept BaseException:\n pass",
                false,
            ),
            ("bare", "try:\n import a.gone\nexcept:\n pass", false),
            (
                "OSError",
                "try:\n import a.gone\nexcept OSError:\n pass",
                true,
            ),
            (
                "OSError before ImportError",
                "try:\n import a.gone\nexcept OSError:\n raise\nexcept ImportError:\n pass",
                false,
            ),
            (
                "a name nobody knows",
                "try:\n import a.gone\nexcept errors.Absent:\n pass",
                false,
            ),
            (
                "finally alone",
                "try:\n import a.gone\nfinally:\n x = 1",
                true,
            ),
            ("in finally", "try:\n x = 1\nfinally:\n import a.gone", true),
            (
                "in else",
                "try:\n x = 1\nexcept ImportError:\n pass\nelse:\n import a.gone",
                true,
            ),
            (
                "in else that is not reached",
                "try:\n import other\nexcept ImportError:\n pass\nelse:\n import a.gone",
                false,
            ),
            (
                "in a handler that is not reached",
                "try:\n import a.here\nexcept ImportError:\n import a.gone",
                false,
            ),
            (
                "in a handler that may be reached",
                "try:\n from a.fast import x\nexcept ImportError:\n import a.gone",
                false,
            ),
            (
                "in a handler, for what is not installed",
                "try:\n import other\nexcept ImportError:\n import a.gone",
                true,
            ),
            (
                "in a handler, deep",
                "try:\n from a.needs_other import x\nexcept ImportError:\n from a.gone import x",
                true,
            ),
            (
                "in a handler of another kind",
                "try:\n import other\nexcept KeyError:\n import a.gone",
                false,
            ),
            (
                "after a module that raises",
                "try:\n import a.raises\nexcept RuntimeError:\n import a.gone",
                false,
            ),
            (
                "a handler that raises again",
                "try:\n import a.gone\nexcept ImportError:\n raise",
                true,
            ),
            (
                "a handler that raises another",
                "try:\n import a.gone\nexcept ImportError as e:\n raise RuntimeError('x') from e",
                true,
            ),
            (
                "raise ImportError in the handler",
                "try:\n import a.gone\nexcept ImportError:\n raise ImportError('x')",
                true,
            ),
            (
                "a handler that may raise",
                "try:\n import a.gone\nexcept ImportError:\n if not a:\n  raise",
                false,
            ),
            (
                "a handler that fails as well",
                "try:\n import a.gone\nexcept ImportError:\n import other",
                true,
            ),
            (
                "a handler that helps itself",
                "try:\n import a.gone\nexcept ImportError:\n import a.here as gone",
                false,
            ),
            (
                "suppress",
                "from contextlib import suppress\nwith suppress(ImportError):\n import a.gone",
                false,
            ),
            (
                "contextlib.suppress",
                "import contextlib\nwith contextlib.suppress(ValueError, ImportError):\n import a.gone",
                false,
            ),
            (
                "suppress of another",
                "with suppress(KeyError):\n import a.gone",
                true,
            ),
            (
                "suppress, and what comes after",
                "with suppress(ImportError):\n import other\nimport a.gone",
                true,
            ),
            (
                "a with that nobody knows",
                "with maybe() as m:\n import a.gone",
                false,
            ),
            (
                "a with that is known",
                "import warnings\nwith warnings.catch_warnings():\n import a.gone",
                true,
            ),
        ],
    );
}

#[test]
fn guards_in_guards_are_followed_from_the_inside() {
    judge(
        "3.11.7",
        &[
            (
                "try in try",
                "try:\n try:\n  import a.gone\n except ImportError:\n  raise\nexcept ImportError:\n pass",
                false,
            ),
            (
                "try in try that does not take it",
                "try:\n try:\n  import a.gone\n except KeyError:\n  pass\nexcept OSError:\n pass",
                true,
            ),
            (
                "handler in handler",
                "try:\n import other\nexcept ImportError:\n try:\n  import other2\n except ImportError:\n  import a.gone",
                true,
            ),
            (
                "handler in handler that ends well",
                "try:\n import other\nexcept ImportError:\n try:\n  import a.gone\n except ImportError:\n  import a.here",
                false,
            ),
            (
                "if in handler",
                "import sys\ntry:\n import other\nexcept ImportError:\n if sys.version_info >= (3, 8):\n  import a.gone",
                true,
            ),
            (
                "if in handler, decided otherwise",
                "import sys\ntry:\n import other\nexcept ImportError:\n if sys.version_info < (3, 8):\n  import a.gone",
                false,
            ),
            (
                "try in if",
                "import os\nif os.name == 'posix':\n try:\n  import a.gone\n except ImportError:\n  pass",
                false,
            ),
            (
                "suppress in try",
                "try:\n with suppress(ImportError):\n  import a.gone\n import a.here\nexcept ImportError:\n raise",
                false,
            ),
            (
                "class in try",
                "try:\n class K:\n  import a.gone\nexcept ImportError:\n pass",
                false,
            ),
            (
                "the guard is in the importer",
                "try:\n from .needs_gone import x\nexcept ImportError:\n x = None",
                false,
            ),
            (
                "the star of a module that fails",
                "from .needs_gone import *",
                true,
            ),
            (
                "a failure after a guarded one",
                "try:\n from .needs_gone import x\nexcept ImportError:\n x = 1\nfrom .needs_gone import x",
                true,
            ),
        ],
    );
}

#[test]
fn conditions_of_the_interpreter_are_decided() {
    judge(
        "3.11.7",
        &[
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
            ("PY2", "import six\nif six.PY2:\n import a.gone", false),
            ("match", "match a:\n case 1:\n  import a.gone", false),
            (
                "match of all",
                "match a:\n case 1:\n  import a.gone\n case _:\n  import a.gone",
                true,
            ),
        ],
    );
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

#[test]
fn what_is_executed_is_told_from_what_is_not() {
    judge(
        "3.11.7",
        &[
            ("in a function", "def f():\n import a.gone", false),
            ("in a class", "class K:\n from a.gone import x", true),
            (
                "in a method",
                "class K:\n def f(self):\n  from a.gone import x",
                false,
            ),
            (
                "a function that is called",
                "def f():\n import a.gone\nf()",
                true,
            ),
            (
                "a function whose value is taken",
                "def f():\n import a.gone\nx = f()",
                true,
            ),
            (
                "a function that may return before",
                "def f():\n if a:\n  return\n import a.gone\nf()",
                false,
            ),
            (
                "a function that returns before",
                "def f():\n return 1\n import a.gone\nf()",
                false,
            ),
            (
                "a generator",
                "def f():\n import a.gone\n yield 1\nf()",
                false,
            ),
            (
                "a decorated function",
                "@later\ndef f():\n import a.gone\nf()",
                false,
            ),
            (
                "a function of two makings",
                "def f():\n import a.gone\ndef f():\n pass\nf()",
                false,
            ),
            (
                "a call that may not be made",
                "def f():\n import a.gone\na and f()",
                false,
            ),
            (
                "a function that calls itself",
                "def f():\n f()\nf()\nimport a.gone",
                true,
            ),
            ("a loop", "for x in things:\n import a.gone", false),
            (
                "a loop that begins",
                "for x in (1, 2):\n import a.gone",
                true,
            ),
            (
                "a loop that may be left",
                "for x in (1, 2):\n if x:\n  break\n import a.gone",
                false,
            ),
            ("while", "while a:\n import a.gone", false),
            ("while True", "while True:\n import a.gone\n break", true),
            (
                "after raise",
                "raise ImportError('no')\nimport a.gone",
                false,
            ),
            (
                "after a raise that may be",
                "if a:\n raise ImportError('no')\nimport a.gone",
                true,
            ),
            (
                "after what is not installed",
                "import other\nimport a.gone",
                false,
            ),
            (
                "import_module",
                "from importlib import import_module\nimport_module('a.gone')",
                true,
            ),
            (
                "importlib.import_module, relative",
                "import importlib\nx = importlib.import_module('.gone', __name__)",
                true,
            ),
            ("import_module of a name", "import_module(name)", false),
            ("__import__", "__import__('a.gone')", true),
            ("in a lambda", "x = lambda: __import__('a.gone')", false),
            ("a text", "'''\nimport a.gone\n'''", false),
            (
                "beyond the top",
                "try:\n from ... import x\nexcept ImportError:\n import a.gone",
                true,
            ),
        ],
    );
}

#[test]
fn a_lazy_import_is_a_finding_of_its_own() {
    let row = |source| [("a/__init__.py", source)];
    let lazy = ["import-lazy a/__init__.py:1 a.gone"];
    assert_eq!(lost_by("3.15.0", &row("lazy import a.gone\n")), lazy);
    assert_eq!(lost_by("3.15.0", &row("lazy from a.gone import x\n")), lazy);
    let listed = "__lazy_modules__ = ['a.gone']\nimport a.gone\n";
    let found = lost_by("3.15.0", &row(listed));
    assert_eq!(found, ["import-lazy a/__init__.py:2 a.gone"]);
    let found = lost_by("3.14.0", &row(listed));
    assert_eq!(
        found,
        ["a/__init__.py:2 a.gone"],
        "the list means nothing before 3.15"
    );
}
