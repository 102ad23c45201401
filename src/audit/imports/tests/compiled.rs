//! What an extension imports, where the source from which it was compiled stands beside it.

use super::{Tree, judge_trees};

const INIT: (&str, &str) = ("a/__init__.py", "from ._fast import x\n");
const FAST: (&str, &str) = ("a/_fast.cpython-311-x86_64-linux-gnu.so", "ELF");

/// One that was compiled from the Python beside it.
const COMPILED: (&str, &str) = (FAST.0, "ELF src/a/_fast.py");

const TREES: &[Tree] = &[
    (
        "source of Cython imports what is gone (cftime, asynch)",
        &[
            INIT,
            FAST,
            (
                "a/_fast.pyx",
                "cimport cython\nimport cython\nfrom numpy cimport int32_t\nimport os\nfrom ._gone import x\n",
            ),
        ],
        &["a/_fast.pyx:5 a._gone"],
    ),
    (
        "and what is there",
        &[
            INIT,
            FAST,
            (
                "a/_fast.pyx",
                "from ._here import x\nfrom . cimport _gone\n",
            ),
            ("a/_here.py", "x = 1\n"),
        ],
        &[],
    ),
    (
        "in a branch, in a function and in a text it may do without",
        &[
            INIT,
            FAST,
            (
                "a/_fast.pyx",
                "'''\nfrom ._gone import x\n'''\nIF UNAME_SYSNAME == 'Windows':\n    from ._gone import x\ntry:\n    \
                 from ._gone import x\nexcept ImportError:\n    pass\ndef f():\n    from ._gone import x\n",
            ),
        ],
        &[],
    ),
    (
        "of texts that do not end nothing is known",
        &[
            INIT,
            FAST,
            ("a/_fast.pyx", "x = \"'''\"\nfrom ._gone import x\n"),
        ],
        &[],
    ),
    (
        "for want of what is not installed it fails anyway",
        &[
            INIT,
            FAST,
            ("a/_fast.pyx", "import other\nfrom ._gone import x\n"),
        ],
        &[],
    ),
    (
        "source of Cython without its extension is not executed",
        &[
            ("a/__init__.py", ""),
            ("a/_fast.pyx", "from ._gone import x\n"),
        ],
        &[],
    ),
    (
        "a package that is compiled takes a name of another that lost its __init__",
        &[
            ("a/__init__.py", "from .p import x\n"),
            ("a/p/__init__.cpython-311-x86_64-linux-gnu.so", "ELF"),
            ("a/p/__init__.pyx", "from ..settings import write\n"),
            ("a/settings/one.py", ""),
        ],
        &["a/p/__init__.pyx:1 a.settings.write"],
    ),
    (
        "a package that is compiled imports a module of its own (asynch)",
        &[
            ("a/__init__.py", "from .p import x\n"),
            ("a/p/__init__.cpython-311-x86_64-linux-gnu.so", "ELF"),
            ("a/p/__init__.pyx", "from .gone import x\n"),
        ],
        &["a/p/__init__.pyx:1 a.p.gone"],
    ),
    (
        "a package that is compiled and puts modules somewhere may have it",
        &[
            ("a/__init__.py", "from .p import x\n"),
            ("a/p/__init__.cpython-311-x86_64-linux-gnu.so", "ELF"),
            (
                "a/p/__init__.pyx",
                "import sys\nsys.modules[__name__ + '.gone'] = sys\nfrom .gone import x\n",
            ),
        ],
        &[],
    ),
    (
        "a package that is compiled from what nobody has may have it",
        &[
            ("a/__init__.py", "from .p.gone import x\n"),
            ("a/p/__init__.cpython-311-x86_64-linux-gnu.so", "ELF"),
        ],
        &[],
    ),
    (
        "Python that was compiled imports what is gone",
        &[
            INIT,
            COMPILED,
            ("a/_fast.py", "from .gone import y\nx = y\n"),
        ],
        &["a/_fast.py:1 a.gone"],
    ),
    (
        "Python that was compiled into one extension for all (mypyc)",
        &[
            INIT,
            (FAST.0, "ELF a47__mypyc"),
            ("a/_fast.py", "from .gone import y\nx = y\n"),
        ],
        &["a/_fast.py:1 a.gone"],
    ),
    (
        "Python beside an extension of another source is for another implementation (backports-zstd)",
        &[INIT, FAST, ("a/_fast.py", "from .gone import y\nx = y\n")],
        &["import-unreached a/_fast.py:1 a.gone"],
    ),
    (
        "a package of Python beside an extension of another source",
        &[
            ("a/__init__.py", "from .p import x\n"),
            ("a/p/__init__.cpython-311-x86_64-linux-gnu.so", "ELF"),
            ("a/p/__init__.py", "from ._cffi import x\n"),
            ("a/p/_cffi/__init__.py", "from .gone import x\n"),
        ],
        &[],
    ),
    (
        "Python that an extension of another source shadows, at the top",
        &[
            ("b.cpython-311-x86_64-linux-gnu.so", "ELF a/gone.py"),
            ("b.py", "from a.gone import x\n"),
            ("a/__init__.py", ""),
        ],
        &["import-unreached b.py:1 a.gone"],
    ),
    (
        "Python that was compiled, at the top",
        &[
            ("b.cpython-311-x86_64-linux-gnu.so", "ELF src/b.py"),
            ("b.py", "from a.gone import x\n"),
            ("a/__init__.py", ""),
        ],
        &["b.py:1 a.gone"],
    ),
    (
        "Python that was compiled, in a handler",
        &[
            INIT,
            COMPILED,
            (
                "a/_fast.py",
                "try:\n    from .gone import y\nexcept ImportError:\n    y = 1\nx = y\n",
            ),
        ],
        &[],
    ),
    (
        "a compiled module at the top",
        &[
            ("b.cpython-311-x86_64-linux-gnu.so", "ELF"),
            ("b.pyx", "from a.gone import x\n"),
            ("a/__init__.py", ""),
        ],
        &["b.pyx:1 a.gone"],
    ),
];

#[test]
fn an_extension_needs_what_its_source_beside_it_imports() {
    judge_trees(TREES);
}
