//! Where names lead: packages, namespaces, extensions, modules made at run time, and the roots from which all begins.

use super::{Tree, judge_trees, lost_by};

const USER: (&str, &str) = ("b.py", "from a import x\n");
const GONE: &[&str] = &["b.py:1 a.x"];

const NAMES: &[Tree] = &[
    ("bound", &[("a/__init__.py", "x = 1\n"), USER], &[]),
    (
        "bound in a branch",
        &[("a/__init__.py", "if y:\n x = 1\n"), USER],
        &[],
    ),
    (
        "bound by a function",
        &[("a/__init__.py", "def f():\n global x\n x = 1\n"), USER],
        &[],
    ),
    (
        "defined",
        &[("a/__init__.py", "def x(): pass\n"), USER],
        &[],
    ),
    (
        "imported as",
        &[("a/__init__.py", "import os as x\n"), USER],
        &[],
    ),
    (
        "taken",
        &[("a/__init__.py", "from os import x\n"), USER],
        &[],
    ),
    (
        "a word in a text",
        &[("a/__init__.py", "'''x'''\n"), USER],
        GONE,
    ),
    (
        "a name of a module in another way",
        &[
            ("a/__init__.py", "from a.x.y import z\n"),
            ("a/x/y.py", "z = 1\n"),
            ("b.py", "from a import w\n"),
        ],
        &["b.py:1 a.w"],
    ),
    (
        "taken of itself",
        &[("a/__init__.py", "from . import x\n")],
        &["a/__init__.py:1 a.x"],
    ),
    (
        "a module inside",
        &[("a/__init__.py", ""), ("a/x.py", ""), USER],
        &[],
    ),
    ("nothing", &[("a/__init__.py", ""), USER], GONE),
    (
        "__getattr__",
        &[("a/__init__.py", "def __getattr__(n): pass\n"), USER],
        &[],
    ),
    (
        "globals",
        &[("a/__init__.py", "globals().update(y)\n"), USER],
        &[],
    ),
    (
        "a star",
        &[
            ("a/__init__.py", "from .c import *\n"),
            ("a/c.py", "x = 1\n"),
            USER,
        ],
        &[],
    ),
    (
        "a star of a star",
        &[
            ("a/__init__.py", "from .c import *\n"),
            ("a/c.py", "from .d import *\n"),
            ("a/d.py", "x = 1\n"),
            USER,
        ],
        &[],
    ),
    (
        "a star that lacks it",
        &[
            ("a/__init__.py", "from .c import *\n"),
            ("a/c.py", "y = 1\n"),
            USER,
        ],
        GONE,
    ),
    (
        "a star of an extension",
        &[
            ("a/__init__.py", "from .c import *\n"),
            ("a/c.abi3.so", ""),
            USER,
        ],
        &[],
    ),
    (
        "a star of itself",
        &[("a/__init__.py", "from . import *\n"), USER],
        GONE,
    ),
    (
        "attach",
        &[
            (
                "a/__init__.py",
                "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach(__name__, ['x'])\n",
            ),
            USER,
        ],
        &[],
    ),
    (
        "a logger",
        &[
            (
                "a/__init__.py",
                "import logging\nlog = logging.getLogger(__name__)\n",
            ),
            USER,
        ],
        GONE,
    ),
    (
        "itself replaced",
        &[
            ("a/__init__.py", "import sys\nsys.modules[__name__] = y\n"),
            USER,
        ],
        &[],
    ),
    ("of a plain module", &[("a.py", ""), USER], &[]),
];

#[test]
fn names_come_from_where_python_takes_them() {
    judge_trees(NAMES);
}

const MODULES: &[Tree] = &[
    (
        "an extension",
        &[
            ("a/__init__.py", "from .f import x\n"),
            ("a/f.cpython-311-x86_64-linux-gnu.so", ""),
        ],
        &[],
    ),
    (
        "an extension for another Python",
        &[
            ("a/__init__.py", "from .f import x\n"),
            ("a/f.cpython-310-x86_64-linux-gnu.so", ""),
        ],
        &["a/__init__.py:1 a.f"],
    ),
    (
        "bytecode without source",
        &[("a/__init__.py", "from .f import x\n"), ("a/f.pyc", "")],
        &[],
    ),
    (
        "bytecode in __pycache__",
        &[
            ("a/__init__.py", "from .f import x\n"),
            ("a/__pycache__/f.cpython-311.pyc", ""),
        ],
        &["a/__init__.py:1 a.f"],
    ),
    (
        "a directory without __init__",
        &[("a/__init__.py", "from .f import x\n"), ("a/f/x.py", "")],
        &[],
    ),
    (
        "__init__ gone from inside",
        &[("a/__init__.py", "from .f import y\n"), ("a/f/x.py", "")],
        &["a/__init__.py:1 a.f.y"],
    ),
    (
        "what an extension makes",
        &[("a/__init__.py", "import a.f.g\n"), ("a/f.abi3.so", "")],
        &[],
    ),
    (
        "beside a directory of its name",
        &[
            ("a/__init__.py", "from .f.g import x\n"),
            ("a/f.so", ""),
            ("a/f/g.pyi", ""),
        ],
        &[],
    ),
    (
        "made in sys.modules",
        &[(
            "a/__init__.py",
            "import sys\nsys.modules['a.m'] = sys\nimport a.m\n",
        )],
        &[],
    ),
    (
        "made elsewhere",
        &[
            ("a/__init__.py", "import a.k\nimport a.m\n"),
            (
                "a/k.py",
                "import sys\nsys.modules[__name__.split('.')[0] + '.m'] = sys\n",
            ),
        ],
        &[],
    ),
    (
        "a name in another's sys.modules",
        &[
            ("a/__init__.py", "import a.k\nimport a.m\n"),
            ("a/k.py", "import sys\nsys.modules['other'] = sys\n"),
        ],
        &["a/__init__.py:2 a.m"],
    ),
    (
        "__path__",
        &[("a/__init__.py", "__path__.append('x')\nimport a.m\n")],
        &[],
    ),
    (
        "extend_path",
        &[
            (
                "a/__init__.py",
                "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n",
            ),
            ("b.py", "import a.m\n"),
        ],
        &[],
    ),
    (
        "a table",
        &[
            (
                "a/__init__.py",
                "import api\napi.initpkg(__name__, {'m': 'a.k'})\n",
            ),
            ("b.py", "import a.m\n"),
        ],
        &[],
    ),
    (
        "a namespace of several",
        &[("ns/one/__init__.py", "import ns.two\n")],
        &[],
    ),
    (
        "inside of a namespace",
        &[("ns/one/__init__.py", "from .gone import x\n")],
        &["ns/one/__init__.py:1 ns.one.gone"],
    ),
    (
        "deep",
        &[
            ("a/__init__.py", "import a.b.c\n"),
            ("a/b/__init__.py", "from . import gone\n"),
            ("a/b/c.py", ""),
        ],
        &["a/b/__init__.py:1 a.b.gone"],
    ),
    (
        "in a circle",
        &[
            ("a/__init__.py", "from .b import x\nfrom .gone import y\n"),
            ("a/b.py", "import a\nfrom a import y\nx = 1\n"),
        ],
        &["a/__init__.py:2 a.gone"],
    ),
    (
        "two are gone",
        &[("a/__init__.py", "from .g import x\nfrom .h import x\n")],
        &["a/__init__.py:1 a.g", "a/__init__.py:2 a.h"],
    ),
    (
        "no Python",
        &[("a/__init__.py", "from . import (\nimport a.gone")],
        &[],
    ),
];

#[test]
fn modules_are_where_python_finds_them() {
    judge_trees(MODULES);
}

/// PEP 829 for `.start`, which only Python 3.15 reads.
#[test]
fn what_a_module_brings_that_is_run_at_each_start_is_not_lost() {
    let start = ("a.start", "bring.hook:install\n");
    let path = ("a.pth", "import bring.hook; bring.hook.install()\n");
    let whole = (
        "bring/hook.py",
        "import sys, os\nsys.modules['magic'] = os\ndef install(): pass\n",
    );
    let package = ("bring/hook/__init__.py", whole.1);
    let lost: &[&str] = &["b.py:1 magic"];
    for hook in [whole, package] {
        let with = |starter: (&'static str, &'static str), version: &str| {
            let user = ("b.py", "import magic\n");
            // Its distribution says that it brings the name, and no module of that name is there.
            let info = ("magic-1.dist-info/METADATA", "Name: magic\nVersion: 1\n");
            let package = ("bring/__init__.py", "");
            lost_by(version, &[starter, package, hook, user, info])
        };
        assert_eq!(with(start, "3.15.0"), [""; 0], "{}", hook.0);
        assert_eq!(with(start, "3.14.0"), lost, "{}", hook.0);
        assert_eq!(with(path, "3.11.7"), [""; 0], "{}", hook.0);
        assert_eq!(with(("a.pth", "import os\n"), "3.11.7"), lost, "{}", hook.0);
    }
}
