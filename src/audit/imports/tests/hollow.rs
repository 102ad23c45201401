//! Packages that lost their `__init__`.

use super::{Tree, judge_trees};

pub(super) const NAME: (&str, &str) = ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");
pub(super) const LIST: (&str, &str) = (
    "a-1.dist-info/RECORD",
    "a/b.py,,\na/c.py,,\na/py.typed,,\na/__init__.pyi,,\n",
);
pub(super) const B: (&str, &str) = ("a/b.py", "");
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
        "the same where a module asks the package for its version (cassandra-driver)",
        &[
            NAME,
            LIST,
            (
                "a/b.py",
                "import sys\nx = {'v': sys.modules['a'].__version__,}\n",
            ),
            ("a/c.py", "from a import Name\n"),
        ],
        LOST,
    ),
    (
        "a header for compiled modules (preshed, cytoolz)",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "a/b.py,,\na/__init__.pxd,,\n"),
            B,
            ("a/__init__.pxd", ""),
        ],
        LOST,
    ),
    (
        "a module that takes a name of a package in a namespace of setuptools (logilab-common)",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "a-1-nspkg.pth,,\nns/a/b.py,,\nns/a/c.py,,\n",
            ),
            ("a-1.dist-info/top_level.txt", "ns\n"),
            ("a-1.dist-info/namespace_packages.txt", "ns\n"),
            (
                "a-1-nspkg.pth",
                "import sys, types, os;p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('ns',));m = \
                 sys.modules.setdefault('ns', types.ModuleType('ns'))\n",
            ),
            ("ns/a/b.py", ""),
            ("ns/a/c.py", "from ns.a import Name\n"),
        ],
        &["ns/a:has __init__"],
    ),
    (
        "a row of its bytecode",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "a/b.py,,\na/__pycache__/__init__.cpython-311.pyc,,\n",
            ),
            B,
        ],
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
        "the description calls it in a sentence (defusedxml)",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n\nPatch all with ``a.run()``.\n",
            ),
            LIST,
            B,
        ],
        LOST,
    ),
    (
        "the description takes all of it",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n\n    from a import *\n",
            ),
            LIST,
            B,
        ],
        LOST,
    ),
    (
        "a module inside that takes a name, and gives some to what it calls the same (mock)",
        &[
            NAME,
            LIST,
            B,
            (
                "a/c.py",
                "from a import ON\ndef put(a, name):\n    setattr(a, name, ON)\n",
            ),
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
        "an entry point of the package itself (blosc2)",
        &[
            NAME,
            LIST,
            B,
            ("a-1.dist-info/entry_points.txt", "[array_api]\na = a\n"),
        ],
        LOST,
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
    (
        "a package inside a namespace that a header names (airflow.providers)",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\nImport-Name: ns.a\nImport-Namespace: ns\n",
            ),
            ("a-1.dist-info/RECORD", "ns/a/b.py,,\n"),
            ("ns/a/b.py", ""),
        ],
        &["ns/a:has __init__"],
    ),
    (
        "the builder, of a package inside a namespace",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "ns/a/b.py,,\nns/a/c/d.py,,\n../../../bin/run,,\na-1.dist-info/METADATA,,\n",
            ),
            ("a-1.dist-info/WHEEL", "Generator: flit 4.1.0\n"),
            ("ns/a/b.py", ""),
            ("ns/a/c/d.py", ""),
        ],
        &["ns/a:has __init__"],
    ),
    (
        "a stub, where packages alone are left (Cryptodome)",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "A/b/__init__.py,,\nA/__init__.pyi,,\n",
            ),
            ("A/__init__.pyi", "# of it\nversion_info: int\n"),
            ("A/b/__init__.py", ""),
        ],
        &["A:has __init__"],
    ),
    (
        "the builder, of the only module of a distribution (sphinxcontrib-applehelp)",
        &[
            ("ns_a-1.dist-info/METADATA", "Name: ns-a\nVersion: 1\n"),
            (
                "ns_a-1.dist-info/RECORD",
                "ns/a/py.typed,,\nns/a/templates/x.html,,\n",
            ),
            ("ns_a-1.dist-info/WHEEL", "Generator: flit 3.9.0\n"),
            ("ns/a/py.typed", ""),
            ("ns/a/templates/x.html", ""),
        ],
        &["ns/a:has __init__"],
    ),
    (
        "the description, of a package inside a namespace (zc.lockfile)",
        &[
            (
                "ns_a-1.dist-info/METADATA",
                "Name: ns.a\nVersion: 1\n\n    >>> import ns.a\n    >>> lock = ns.a.Lock('x')\n",
            ),
            ("ns_a-1.dist-info/RECORD", "ns/a/README.txt,,\n"),
            ("ns/a/README.txt", ""),
        ],
        &["ns/a:has __init__"],
    ),
    (
        "the description uses it by another name (uharfbuzz)",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n\nimport sys\nimport a as hb\nbuf = hb.Buffer()\n",
            ),
            LIST,
            B,
        ],
        LOST,
    ),
    (
        "a generated file (google.cloud.redis)",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "ns/a/gapic_version.py,,\nns/a/py.typed,,\nns/a_v1/__init__.py,,\n",
            ),
            ("ns/a/gapic_version.py", ""),
            ("ns/a/py.typed", ""),
            ("ns/a_v1/__init__.py", ""),
        ],
        &["ns/a:has __init__"],
    ),
];

#[test]
fn a_package_without_its_init_is_told_by_what_says_that_it_gave_names() {
    judge_trees(PACKAGES);
}
