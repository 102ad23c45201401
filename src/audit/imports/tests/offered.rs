//! What a distribution offers and that is gone, and namespaces of one distribution.

use super::{Tree, judge_trees};

const NAME: (&str, &str) = ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");
const LIST: (&str, &str) = ("a-1.dist-info/RECORD", "a-1.dist-info/METADATA,,\n");
const OWN: (&str, &str) = ("a-1.dist-info/RECORD", "a/b.py,,\na/c.py,,\n");
const TOP: (&str, &str) = ("a-1.dist-info/top_level.txt", "a\n");
const PROGRAM: (&str, &str) = (
    "a-1.dist-info/entry_points.txt",
    "[console_scripts]\nx = a.m:main\n",
);

const PLUGIN: (&str, &str) = ("a-1.dist-info/entry_points.txt", "[b.part]\nx = a.m:main\n");

const TREES: &[Tree] = &[
    (
        "the only module",
        &[NAME, LIST, TOP],
        &["a-1.dist-info/top_level.txt:brings "],
    ),
    ("a distribution without modules", &[NAME, LIST], &[]),
    (
        "a script that ends like a module is none (bottle)",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "../../../bin/a.py,,\na-1.dist-info/METADATA,,\na-1.dist-info/RECORD,,\n",
            ),
            TOP,
        ],
        &["a-1.dist-info/top_level.txt:brings "],
    ),
    (
        "a command for builds, which nobody asks for here (webhelpers)",
        &[
            NAME,
            (
                "a-1.dist-info/entry_points.txt",
                "[distutils.commands]\nx = a.gone:x\n[buildutils.optional_commands]\nx = a.gone\n",
            ),
            ("a/__init__.py", ""),
        ],
        &[],
    ),
    (
        "a command for builds that setuptools itself lost",
        &[
            (
                "setuptools-1.dist-info/METADATA",
                "Name: setuptools\nVersion: 1\n",
            ),
            (
                "setuptools-1.dist-info/entry_points.txt",
                "[distutils.commands]\nx = setuptools.gone:x\n",
            ),
            ("setuptools/__init__.py", ""),
        ],
        &["setuptools-1.dist-info/entry_points.txt:2 setuptools.gone"],
    ),
    (
        "a plugin outlived the host that asked for it (pyramid-jinja2)",
        &[
            NAME,
            PLUGIN,
            ("a/__init__.py", ""),
            ("a/m.py", "from b.gone import base\nmain = base\n"),
            ("b/__init__.py", ""),
        ],
        &["import-unreached a/m.py:1 b.gone"],
    ),
    (
        "a plugin lacks a module of its own",
        &[
            NAME,
            PLUGIN,
            ("a/__init__.py", ""),
            ("a/m.py", "from a.gone import base\nmain = base\n"),
        ],
        &["a/m.py:1 a.gone"],
    ),
    (
        "a program lacks a module of another package",
        &[
            NAME,
            PROGRAM,
            ("a/__init__.py", ""),
            ("a/m.py", "from b.gone import base\nmain = base\n"),
            ("b/__init__.py", ""),
        ],
        &["a/m.py:1 b.gone"],
    ),
    (
        "an empty list",
        &[NAME, LIST, ("a-1.dist-info/top_level.txt", "\n")],
        &[],
    ),
    (
        "a part of the tests that is not there on purpose (stevedore)",
        &[
            NAME,
            OWN,
            (
                "a-1.dist-info/entry_points.txt",
                "[a.test]\nx = a.tests.gone:Plugin\n",
            ),
            ("a/__init__.py", ""),
            ("a/b.py", ""),
            ("a/c.py", ""),
            ("a/tests/__init__.py", ""),
        ],
        &[],
    ),
    (
        "stubs, and a directory of the builder in the list (boto3-stubs)",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "a-stubs/__init__.pyi,,\n"),
            ("a-1.dist-info/top_level.txt", "a-stubs\ndist\n"),
            ("a-stubs/__init__.pyi", ""),
        ],
        &[],
    ),
    (
        "the only module beside stubs (ujson)",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "a-stubs/__init__.pyi,,\n"),
            ("a-1.dist-info/top_level.txt", "a\na-stubs\n"),
            ("a-stubs/__init__.pyi", ""),
        ],
        &["a-1.dist-info/top_level.txt:brings "],
    ),
    (
        "the only module of a wheel that flit made (threadpoolctl)",
        &[
            NAME,
            LIST,
            (
                "a-1.dist-info/WHEEL",
                "Generator: flit 3.9\nTag: py3-none-any\n",
            ),
        ],
        &["a-1.dist-info/METADATA:brings "],
    ),
    (
        "the only module of a wheel for one platform",
        &[
            NAME,
            LIST,
            ("a-1.dist-info/WHEEL", "Tag: cp311-cp311-linux_x86_64\n"),
        ],
        &["a-1.dist-info/METADATA:brings "],
    ),
    (
        "programs for one platform",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "../../../bin/a,,\n"),
            ("a-1.dist-info/WHEEL", "Tag: py3-none-linux_x86_64\n"),
        ],
        &[],
    ),
    (
        "a module of which METADATA knows",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\nImport-Name: a_b\n",
            ),
            LIST,
        ],
        &["a-1.dist-info/METADATA:brings "],
    ),
    (
        "a module that the description imports",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n\n>>> import a\n",
            ),
            LIST,
        ],
        &["a-1.dist-info/METADATA:brings "],
    ),
    (
        "requirements under one name",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\nRequires-Dist: b\n\nimport a\n",
            ),
            LIST,
        ],
        &[],
    ),
    (
        "a part for others",
        &[
            NAME,
            LIST,
            (
                "a-1.dist-info/entry_points.txt",
                "[x.plugins]\np = a.plugin\n",
            ),
            ("a/__init__.py", ""),
        ],
        &["a-1.dist-info/entry_points.txt:2 a.plugin"],
    ),
    (
        "a part that wants an extra",
        &[
            NAME,
            LIST,
            (
                "a-1.dist-info/entry_points.txt",
                "[x.plugins]\np = a.plugin [more]\n",
            ),
            ("a/__init__.py", ""),
        ],
        &[],
    ),
    (
        "the module of a program",
        &[NAME, LIST, PROGRAM, ("a/__init__.py", "")],
        &["a-1.dist-info/entry_points.txt:2 a.m"],
    ),
    (
        "a program of what is not installed",
        &[
            NAME,
            LIST,
            (
                "a-1.dist-info/entry_points.txt",
                "[console_scripts]\nx = other.m:main\n",
            ),
        ],
        &[],
    ),
    (
        "the function of a program, which its wheel never had",
        &[
            NAME,
            LIST,
            PROGRAM,
            ("a/__init__.py", ""),
            ("a/m/__init__.py", "x = 1\n"),
        ],
        &[],
    ),
    (
        "a program that is whole",
        &[
            NAME,
            LIST,
            PROGRAM,
            ("a/__init__.py", ""),
            ("a/m/__init__.py", "from .n import main\n"),
            ("a/m/n.py", ""),
        ],
        &[],
    ),
    (
        "a program of a plain module",
        &[NAME, LIST, PROGRAM, ("a/__init__.py", ""), ("a/m.py", "")],
        &[],
    ),
    (
        "a namespace that lost its names",
        &[
            NAME,
            OWN,
            ("a/b.py", "x = 1\n"),
            ("a/c.py", ""),
            ("u.py", "from a import x\n"),
        ],
        &["u.py:1 a.x"],
    ),
    (
        "a namespace of several",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "ns/b.py,,\n"),
            ("ns/b.py", ""),
            ("ns/c.py", ""),
            ("u.py", "from ns import x\n"),
        ],
        &[],
    ),
    (
        "a namespace of somebody else",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "ns/b.py,,\n"),
            ("ns/b.py", ""),
            ("u.py", "from ns import x\n"),
        ],
        &[],
    ),
];

#[test]
fn what_is_offered_is_there() {
    judge_trees(TREES);
}

/// jupyter-server: what may fail before is no reason for what fails in any case.
#[test]
fn a_failure_that_may_be_is_no_reason_for_one_that_is() {
    const MAY: &str = "if x:\n from a.gone import y\nimport other\n";
    judge_trees(&[
        ("then another", &[NAME, OWN, ("a/__init__.py", MAY)], &[]),
        (
            "then another in a handler",
            &[
                NAME,
                OWN,
                (
                    "a/__init__.py",
                    "if x:\n from . import gone\ntry:\n import other\nexcept ImportError as e:\n raise \
                     ImportError('no') from e\n",
                ),
            ],
            &[],
        ),
        (
            "then one of its kind",
            &[
                NAME,
                OWN,
                (
                    "a/__init__.py",
                    "if x:\n from a.gone import y\nfrom . import lost\n",
                ),
            ],
            &["a/__init__.py:3 a.lost"],
        ),
    ]);
}
