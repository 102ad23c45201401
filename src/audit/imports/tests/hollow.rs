//! Packages that lost their `__init__`, and directories that never had one.

use super::{Tree, judge_trees};

const NAME: (&str, &str) = ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");
const LIST: (&str, &str) = (
    "a-1.dist-info/RECORD",
    "a/b.py,,\na/c.py,,\na/py.typed,,\na/__init__.pyi,,\n",
);
const B: (&str, &str) = ("a/b.py", "");
const LOST: &[&str] = &["a:has __init__"];

/// What says that the directory was a package.
const PACKAGES: &[Tree] = &[
    ("a mark", &[NAME, LIST, B, ("a/py.typed", "")], LOST),
    (
        "a mark, and nothing else",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "a/py.typed,,\n"),
            ("a/py.typed", ""),
        ],
        LOST,
    ),
    (
        "a stub",
        &[NAME, LIST, B, ("a/__init__.pyi", "def run(): ...\n")],
        LOST,
    ),
    (
        "a module inside that takes a name",
        &[NAME, LIST, B, ("a/c.py", "from . import __version__\n")],
        LOST,
    ),
    (
        "a header",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\nImport-Name: a\n",
            ),
            LIST,
            B,
        ],
        LOST,
    ),
    (
        "the builder",
        &[
            NAME,
            LIST,
            B,
            ("a-1.dist-info/WHEEL", "Generator: flit 3.9\n"),
        ],
        LOST,
    ),
    (
        "an extension in a package that maturin made (hf-xet)",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "a/a.abi3.so,,\n"),
            ("a/a.abi3.so", "ELF"),
            ("a-1.dist-info/WHEEL", "Generator: maturin (1.9)\n"),
        ],
        LOST,
    ),
    (
        "the description takes a name",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n\n    >>> from a import run\n",
            ),
            LIST,
            B,
        ],
        LOST,
    ),
    (
        "the description uses it",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n\nimport a\nx = a.run(1)\n",
            ),
            LIST,
            B,
        ],
        LOST,
    ),
    (
        "an entry point",
        &[
            NAME,
            LIST,
            B,
            ("a-1.dist-info/entry_points.txt", "[x.plugins]\np = a:run\n"),
        ],
        &["a-1.dist-info/entry_points.txt:2 a.run"],
    ),
    (
        "a package inside a namespace, of which a module takes a name",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "ns/a/b.py,,\n"),
            ("ns/a/b.py", "from ns.a import run\n"),
        ],
        &["ns/a:has __init__"],
    ),
];

/// Healthy directories without `__init__`.
const NAMESPACES: &[Tree] = &[
    (
        "nothing says so (paste, tiktoken_ext)",
        &[NAME, LIST, B, ("a/c.py", "from .b import x\n")],
        &[],
    ),
    (
        "a list of modules alone",
        &[NAME, LIST, B, ("a-1.dist-info/top_level.txt", "a\n")],
        &[],
    ),
    (
        "parts that are packages (opentelemetry)",
        &[
            ("n_api-1.dist-info/METADATA", "Name: n-api\nVersion: 1\n"),
            (
                "n_api-1.dist-info/RECORD",
                "n/py.typed,,\nn/a/__init__.py,,\nn/util/b.py,,\nn/util/py.typed,,\n",
            ),
            ("n/py.typed", ""),
            ("n/a/__init__.py", ""),
            ("n/util/b.py", ""),
            ("n/util/py.typed", ""),
        ],
        &[],
    ),
    (
        "a stub of a namespace (opentelemetry.sdk)",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "a/__init__.pyi,,\na/x/__init__.py,,\n",
            ),
            ("a/__init__.pyi", ""),
            ("a/x/__init__.py", ""),
        ],
        &[],
    ),
    (
        "two distributions (poetry, langgraph)",
        &[
            NAME,
            LIST,
            B,
            ("a/py.typed", ""),
            ("a_core-1.dist-info/METADATA", "Name: a-core\nVersion: 1\n"),
            ("a_core-1.dist-info/RECORD", "a/core/__init__.py,,\n"),
            ("a/core/__init__.py", ""),
        ],
        &[],
    ),
    (
        "a file of nobody",
        &[NAME, LIST, B, ("a/py.typed", ""), ("a/mine.py", "")],
        &[],
    ),
    (
        "a namespace of setuptools",
        &[
            NAME,
            LIST,
            B,
            ("a/py.typed", ""),
            ("a-1.dist-info/namespace_packages.txt", "a\n"),
        ],
        &[],
    ),
    (
        "the description takes modules that are there",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n\nfrom a import b\nfrom a.b import x\n",
            ),
            LIST,
            B,
        ],
        &[],
    ),
    (
        "the description of another distribution",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a-tools\nVersion: 1\n\nfrom a import run\n",
            ),
            LIST,
            B,
        ],
        &[],
    ),
    (
        "extensions with an empty stub (librt)",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "a/x.abi3.so,,\na/__init__.pyi,,\na/py.typed,,\n",
            ),
            ("a/x.abi3.so", "ELF"),
            ("a/__init__.pyi", ""),
            ("a/py.typed", ""),
        ],
        &[],
    ),
    (
        "an extension of the same name (mmh3, librt)",
        &[
            NAME,
            LIST,
            ("a.cpython-311-x86_64-linux-gnu.so", "ELF"),
            ("a/py.typed", ""),
            ("a/__init__.pyi", ""),
        ],
        &[],
    ),
    (
        "scripts",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "bin/run.py,,\n"),
            ("bin/run.py", "from bin import x\n"),
        ],
        &[],
    ),
    (
        "names that every namespace has",
        &[
            NAME,
            LIST,
            B,
            ("a/c.py", "from a import __path__, __name__\n"),
        ],
        &[],
    ),
    (
        "a name that is taken in case it is there",
        &[
            NAME,
            LIST,
            B,
            (
                "a/c.py",
                "try:\n    from a import fast\nexcept ImportError:\n    fast = None\n",
            ),
        ],
        &[],
    ),
];

#[test]
fn a_package_without_its_init_is_told_by_what_says_that_it_gave_names() {
    judge_trees(PACKAGES);
}

#[test]
fn a_namespace_is_not_taken_for_a_package_that_lost_its_init() {
    judge_trees(NAMESPACES);
}
