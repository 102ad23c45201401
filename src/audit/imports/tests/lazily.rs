//! Names that a package gives out of a table, each by the import of a module of its own.

use super::{Tree, judge_trees};

/// A table of names, each with the module that gives it.
const LATE: &str = "import importlib\nTABLE = {'N': '.n', 'M': ('.m', 'M')}\ndef __getattr__(name):\n    if name not \
    in TABLE:\n        raise AttributeError(name)\n    return load(name, TABLE)\n";
/// The same by one who may do without.
const WARY: &str = "import importlib\nTABLE = {'N': '.n'}\ndef __getattr__(name):\n    try:\n        return load(name, \
    TABLE)\n    except ImportError:\n        return None\n";
const USER: (&str, &str) = ("a/__init__.py", "from .p import N\n");
const M: (&str, &str) = ("a/p/m.py", "M = 1\n");

const TREES: &[Tree] = &[
    (
        "a name of a table is taken whose module is gone (airbyte-api, mistralai)",
        &[USER, ("a/p/__init__.py", LATE), M],
        &["a/__init__.py:1 a.p.n"],
    ),
    (
        "its module lacks another one",
        &[
            USER,
            ("a/p/__init__.py", LATE),
            ("a/p/n.py", "from .gone import N\n"),
            ("a/p/more.py", "from a.p import n\n"),
            ("a/b.py", "from .p import more\nfrom .p.n import N\n"),
            M,
            ("c.py", "import a.b\n"),
        ],
        &["a/p/n.py:1 a.p.gone"],
    ),
    (
        "all modules of the table are there",
        &[
            ("a/__init__.py", "from .p import N, M\n"),
            ("a/p/__init__.py", LATE),
            M,
            ("a/p/n.py", "N = 1\n"),
        ],
        &[],
    ),
    (
        "nobody takes a name whose module the wheel never had",
        &[
            ("a/__init__.py", "from .p import M\n"),
            ("a/p/__init__.py", LATE),
            M,
        ],
        &[],
    ),
    (
        "one who takes it may do without",
        &[
            (
                "a/__init__.py",
                "try:\n    from .p import N\nexcept ImportError:\n    N = None\n",
            ),
            ("a/p/__init__.py", LATE),
            M,
        ],
        &[],
    ),
    (
        "the table is used by one who may do without",
        &[USER, ("a/p/__init__.py", WARY)],
        &[],
    ),
    (
        "a name that the package has itself needs no module",
        &[
            USER,
            (
                "a/p/__init__.py",
                "N = 1\nTABLE = {'N': '.n'}\ndef __getattr__(name):\n    return load(TABLE)\n",
            ),
        ],
        &[],
    ),
];

#[test]
fn a_name_of_a_table_needs_the_module_that_gives_it() {
    judge_trees(TREES);
}
