//! Sources for the compiler alone of which the extension is gone (av).

use super::{Tree, judge_trees};

const NAME: (&str, &str) = ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");
const LIST: (&str, &str) = (
    "a-1.dist-info/RECORD",
    "a/__init__.py,,\na/x.py,,\na/x.abi3.so,,\na/y.py,,\n",
);
const INIT: (&str, &str) = ("a/__init__.py", "from a import x\n");
const X: (&str, &str) = (
    "a/x.py",
    "import cython\nfrom cython.cimports.a.y import K\n",
);
const X_MADE: (&str, &str) = ("a/x.abi3.so", "ELF a/x.py");
const Y: (&str, &str) = (
    "a/y.py",
    "import os\nimport cython\nfrom cython.cimports.a.error import e\n",
);

const TREES: &[Tree] = &[
    (
        "one lacks its extension, and another one of it is compiled with it",
        &[NAME, LIST, INIT, X, X_MADE, Y],
        &["a/y.py:2 cython"],
    ),
    (
        "all have theirs",
        &[
            NAME,
            LIST,
            INIT,
            X,
            X_MADE,
            Y,
            ("a/y.abi3.so", "ELF a/y.py"),
        ],
        &[],
    ),
    (
        "none has one: they are not meant to be compiled here",
        &[NAME, LIST, ("a/__init__.py", ""), X, Y],
        &[],
    ),
    (
        "nothing leads to it: a template",
        &[
            NAME,
            LIST,
            INIT,
            (
                "a/x.py",
                "import cython\nfrom cython.cimports.libc import math\n",
            ),
            X_MADE,
            Y,
        ],
        &[],
    ),
    (
        "it does without the compiler",
        &[
            NAME,
            LIST,
            INIT,
            X,
            X_MADE,
            (
                "a/y.py",
                "try:\n    import cython\n    from cython.cimports.a.error import e\nexcept ImportError:\n    e = 1\n",
            ),
        ],
        &[],
    ),
    (
        "the compiler is installed",
        &[NAME, LIST, INIT, X, X_MADE, Y, ("cython.py", "")],
        &[],
    ),
];

#[test]
fn a_source_for_the_compiler_alone_needs_its_extension() {
    judge_trees(TREES);
}
