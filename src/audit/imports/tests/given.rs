//! Names that a package gets with all names of another module, and modules that lie at other places than their names
//! say.

use super::{Tree, judge_trees};

const STARS: &[Tree] = &[
    (
        "a star does not bring what its module does not list (mcp)",
        &[
            (
                "a/__init__.py",
                "from b import *\nfrom . import gone as gone\n",
            ),
            (
                "b/__init__.py",
                "from b import gone\n__all__ = ['x']\nx = 1\n",
            ),
            ("b/gone.py", ""),
        ],
        &["a/__init__.py:2 a.gone"],
    ),
    (
        "a star brings what its module lists",
        &[
            ("a/__init__.py", "from b import *\nfrom . import gone\n"),
            (
                "b/__init__.py",
                "__all__ = ['gone']\ndef __getattr__(name):\n    return 1\n",
            ),
        ],
        &[],
    ),
    (
        "a star does not bring a private name without a list",
        &[
            ("a/__init__.py", "from b import *\nfrom . import _gone\n"),
            ("b.py", "_gone = 1\nvars().update(x=1)\n"),
        ],
        &["a/__init__.py:2 a._gone"],
    ),
    (
        "a star may bring a private name that a list has which is made",
        &[
            ("a/__init__.py", "from b import *\nfrom . import _gone\n"),
            ("b.py", "_gone = 1\n__all__ = list(globals())\n"),
        ],
        &[],
    ),
    (
        "a star further down has not brought anything yet (transformers)",
        &[
            (
                "a/__init__.py",
                "from . import gone\nfrom .b import *\nimport sys\nsys.modules[__name__] = sys\n",
            ),
            (
                "a/b.py",
                "from c import anything\nglobals().update(anything)\n",
            ),
            ("c.py", "anything = {}\n"),
        ],
        &["a/__init__.py:1 a.gone"],
    ),
    (
        "a star further up may have brought it",
        &[
            ("a/__init__.py", "from .b import *\nfrom . import gone\n"),
            (
                "a/b.py",
                "from c import anything\nglobals().update(anything)\n",
            ),
            ("c.py", "anything = {}\n"),
        ],
        &[],
    ),
    (
        "a module that is there is taken for itself, whatever else has its name (quantities)",
        &[
            ("a/__init__.py", "from .u import *\nfrom . import c\n"),
            ("a/u.py", "globals().update({'k': 1})\n"),
            ("a/c.py", "from .gone import x\n"),
        ],
        &["a/c.py:1 a.gone"],
    ),
];

const SHARE: &str = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";
const INFO: (&str, &str) = ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");

const SHARED: &[Tree] = &[
    (
        "a package that others may extend lacks a module of its own (nats-py)",
        &[
            (
                "a/__init__.py",
                "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\nfrom .b import x\n",
            ),
            ("a/b.py", "from a.gone import x\n"),
            INFO,
            (
                "a-1.dist-info/RECORD",
                "a/__init__.py,,\na/b.py,,\na-1.dist-info/METADATA,,\n",
            ),
        ],
        &["a/b.py:1 a.gone"],
    ),
    (
        "inside of a package of it others have nothing (ydb)",
        &[
            (
                "a/__init__.py",
                "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\nimport a.b.c\n",
            ),
            ("a/b/__init__.py", ""),
        ],
        &["a/__init__.py:3 a.b.c"],
    ),
    (
        "a part of another distribution is not there",
        &[
            ("a/__init__.py", SHARE),
            ("a/b/__init__.py", "from a.other import x\n"),
            INFO,
            (
                "a-1.dist-info/RECORD",
                "a/__init__.py,,\na/b/__init__.py,,\na-1.dist-info/METADATA,,\n",
            ),
        ],
        &[],
    ),
    (
        "the way of pkg_resources",
        &[
            (
                "a/__init__.py",
                "__import__('pkg_resources').declare_namespace(__name__)\nimport a.other\n",
            ),
            INFO,
            (
                "a-1.dist-info/RECORD",
                "a/__init__.py,,\na-1.dist-info/METADATA,,\n",
            ),
        ],
        &[],
    ),
];

const ELSEWHERE: &[Tree] = &[
    (
        "a package named like those that are made at run time is one of files (sunpy)",
        &[
            ("a/__init__.py", "import a.extern.b\n"),
            ("a/extern/__init__.py", "from .gone import *\n"),
            ("a/extern/b.py", ""),
        ],
        &["a/extern/__init__.py:1 a.extern.gone"],
    ),
    (
        "one that makes its modules says so",
        &[
            (
                "a/__init__.py",
                "from a.extern import gone\nimport a.extern.six\n",
            ),
            (
                "a/extern/__init__.py",
                "import sys\nclass I:\n    def install(self):\n        sys.meta_path.append(self)\nI().install()\n",
            ),
        ],
        &[],
    ),
    (
        "a package brings what it needs in a place of its own (setuptools, ray)",
        &[
            (
                "a/__init__.py",
                "import sys\nsys.path.insert(0, '/srv/v/a/_vendor')\nfrom .b import x\n",
            ),
            ("a/b.py", "import brought\nfrom . import gone\n"),
            ("a/_vendor/brought/__init__.py", ""),
        ],
        &["a/b.py:2 a.gone"],
    ),
    (
        "what lies elsewhere is not there where nobody looks for it",
        &[
            ("a/__init__.py", "from .b import x\n"),
            ("a/b.py", "import brought\nfrom . import gone\n"),
            ("a/_vendor/brought/__init__.py", ""),
        ],
        &[],
    ),
];

#[test]
fn a_star_brings_what_python_lets_it_bring() {
    judge_trees(STARS);
}

#[test]
fn a_package_that_is_shared_is_asked_for_its_own_modules_alone() {
    judge_trees(SHARED);
}

#[test]
fn modules_at_other_places_are_found_there() {
    judge_trees(ELSEWHERE);
}
