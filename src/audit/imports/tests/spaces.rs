//! Directories that never had an `__init__`.

use super::hollow::{B, LIST, NAME};
use super::{Tree, judge_trees};

/// Healthy directories without `__init__`.
const NAMESPACES: &[Tree] = &[
    (
        "a header names what is inside of it",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\nImport-Name: ns.a.b\nImport-Namespace: ns\nImport-Namespace: ns.a\n",
            ),
            ("a-1.dist-info/RECORD", "ns/a/b.py,,\n"),
            ("ns/a/b.py", ""),
        ],
        &[],
    ),
    (
        "another builder may do without",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "ns/a/b.py,,\n"),
            ("a-1.dist-info/WHEEL", "Generator: setuptools (80.0)\n"),
            ("ns/a/b.py", ""),
        ],
        &[],
    ),
    (
        "the directory above the one package that flit knows",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "ns/a/__init__.py,,\nns/a/b.py,,\n"),
            ("a-1.dist-info/WHEEL", "Generator: flit 4.1.0\n"),
            ("ns/a/__init__.py", ""),
            ("ns/a/b.py", ""),
        ],
        &[],
    ),
    (
        "directories of data in the one package that flit knows",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "ns/a/__init__.py,,\nns/a/templates/b.py,,\n",
            ),
            ("a-1.dist-info/WHEEL", "Generator: flit 4.1.0\n"),
            ("ns/a/__init__.py", ""),
            ("ns/a/templates/b.py", ""),
        ],
        &[],
    ),
    (
        "a version beside no mark",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "ns/a/gapic_version.py,,\n"),
            ("ns/a/gapic_version.py", ""),
        ],
        &[],
    ),
    (
        "the description calls a module of it",
        &[
            (
                "a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n\nSee ``a.b()`` and ``other_a.run()`` and a.run().\n",
            ),
            LIST,
            B,
        ],
        &[],
    ),
    (
        "a name that the module itself gives before it takes it",
        &[
            NAME,
            LIST,
            B,
            (
                "a/c.py",
                "import a\nsetattr(a, 'on', 1)\nfrom a import on\n",
            ),
        ],
        &[],
    ),
    (
        "a name that another module may have given",
        &[
            NAME,
            LIST,
            ("a/b.py", "import a\nsetattr(a, 'on', 1)\n"),
            ("a/c.py", "import a.b\nfrom a import on\n"),
        ],
        &[],
    ),
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
        "a part for others without modules (themes)",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "a/main.html,,\n"),
            ("a/main.html", ""),
            ("a-1.dist-info/entry_points.txt", "[mkdocs.themes]\na = a\n"),
        ],
        &[],
    ),
    (
        "modules that somebody looks through, of a distribution of another name",
        &[
            ("b-1.dist-info/METADATA", "Name: b\nVersion: 1\n"),
            ("b-1.dist-info/RECORD", "a/b.py,,\n"),
            B,
            ("b-1.dist-info/entry_points.txt", "[x.plugins]\np = a\n"),
        ],
        &[],
    ),
    (
        "the stub of a namespace of several directories",
        &[
            NAME,
            (
                "a-1.dist-info/RECORD",
                "a/b/__init__.py,,\na/__init__.pyi,,\n",
            ),
            (
                "a/__init__.pyi",
                "# ours\n__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            ),
            ("a/b/__init__.py", ""),
        ],
        &[],
    ),
    (
        "the description takes a module of a namespace",
        &[
            (
                "ns_a-1.dist-info/METADATA",
                "Name: ns.a\nVersion: 1\n\nimport ns.a\nns.a.b.run()\nfrom ns.a import b\n",
            ),
            ("ns_a-1.dist-info/RECORD", "ns/a/b.py,,\n"),
            ("ns/a/b.py", ""),
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
fn a_namespace_is_not_taken_for_a_package_that_lost_its_init() {
    judge_trees(NAMESPACES);
}
