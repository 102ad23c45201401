//! From where imports lead to what is missing, and how far they are followed.

use super::{Tree, judge_trees, lost_by_pypy, lost_in};

const LACKING: &str = "from .gone import x\n";
const RECORD: (&str, &str) = (
    "a-1.dist-info/RECORD",
    "a/__init__.py,,\na/late.py,,\na/test_it.py,,\n",
);
const METADATA: (&str, &str) = (
    "a-1.dist-info/METADATA",
    "Metadata-Version: 2.1\nName: a\nVersion: 1\n",
);
const INIT: (&str, &str) = ("a/__init__.py", "x = 1\n");

const REACHED: &[Tree] = &[
    (
        "by nobody",
        &[INIT, ("a/late.py", LACKING), RECORD, METADATA],
        &[],
    ),
    (
        "by nobody, and no list",
        &[INIT, ("a/late.py", LACKING)],
        &["import-unreached a/late.py:1 a.gone"],
    ),
    (
        "by nobody, with bytecode",
        &[
            INIT,
            ("a/late.py", LACKING),
            RECORD,
            METADATA,
            ("a/__pycache__/gone.cpython-311.pyc", ""),
        ],
        &["a/late.py:1 a.gone"],
    ),
    (
        "where what is asked for first is surely there (django-reversion)",
        &[
            (
                "a/__init__.py",
                "try:\n    import b\nexcept ImportError:\n    pass\nelse:\n    from .gone import x\n",
            ),
            (
                "b/__init__.py",
                "from b.version import get\nVERSION = 1\nx = get()\n",
            ),
            ("b/version.py", "def get():\n    from b import VERSION\n"),
        ],
        &["a/__init__.py:6 a.gone"],
    ),
    (
        "where what is asked for first may lack a name",
        &[
            (
                "a/__init__.py",
                "try:\n    from b.version import get\nexcept ImportError:\n    pass\nelse:\n    from .gone import x\n",
            ),
            ("b/__init__.py", ""),
            ("b/version.py", "x = 1\n"),
        ],
        &[],
    ),
    ("by a test", &[INIT, ("a/tests/t.py", LACKING)], &[]),
    (
        "by another package",
        &[
            INIT,
            ("a/late.py", LACKING),
            ("b.py", "import a.late\n"),
            RECORD,
            METADATA,
        ],
        &["a/late.py:1 a.gone"],
    ),
    (
        "by another package that may live without",
        &[
            INIT,
            ("a/late.py", LACKING),
            ("b.py", "try:\n import a.late\nexcept ImportError:\n pass\n"),
            RECORD,
            METADATA,
        ],
        &[],
    ),
    (
        "by a program",
        &[
            INIT,
            ("a/late.py", LACKING),
            RECORD,
            METADATA,
            (
                "a-1.dist-info/entry_points.txt",
                "[console_scripts]\nx = a.late:main\n",
            ),
        ],
        &["a/late.py:1 a.gone"],
    ),
    (
        "by a program of an extra",
        &[
            INIT,
            ("a/late.py", LACKING),
            RECORD,
            METADATA,
            (
                "a-1.dist-info/entry_points.txt",
                "[console_scripts]\nx = a.late:main [more]\n",
            ),
        ],
        &[],
    ),
    (
        "by a plugin",
        &[
            INIT,
            ("a/late.py", LACKING),
            RECORD,
            METADATA,
            (
                "a-1.dist-info/entry_points.txt",
                "[b.plugins]\nx = a.late\n",
            ),
        ],
        &["a/late.py:1 a.gone"],
    ),
    (
        "a private top",
        &[
            ("_a/__init__.py", LACKING),
            ("_a-1.dist-info/RECORD", "_a/__init__.py,,\n"),
        ],
        &["_a/__init__.py:1 _a.gone"],
    ),
    (
        "a private top that wants something of another distribution",
        &[
            ("_a/__init__.py", "import b.gone\n"),
            ("_a-1.dist-info/RECORD", "_a/__init__.py,,\n"),
            ("b/__init__.py", ""),
            ("b-1.dist-info/RECORD", "b/__init__.py,,\n"),
        ],
        &[],
    ),
    (
        "tests at the top",
        &[
            ("tests/__init__.py", LACKING),
            ("t-1.dist-info/RECORD", "tests/__init__.py,,\n"),
        ],
        &[],
    ),
    (
        "a whole distribution",
        &[
            ("a.py", "import b\n"),
            ("b-1.dist-info/METADATA", "Name: b\nVersion: 1\n"),
            ("b-1.dist-info/RECORD", "b-1.dist-info/METADATA,,\n"),
        ],
        &["a.py:1 b"],
    ),
    (
        "a distribution of another name",
        &[
            ("a.py", "import b\n"),
            ("py_b-1.dist-info/METADATA", "Name: py_b\nVersion: 1\n"),
            ("py_b-1.dist-info/top_level.txt", "b\n"),
            ("py_b-1.dist-info/RECORD", "b-1.dist-info/METADATA,,\n"),
        ],
        &["a.py:1 b", "py_b-1.dist-info/top_level.txt:brings "],
    ),
];

#[test]
fn only_what_is_imported_from_outside_counts() {
    judge_trees(REACHED);
}

#[test]
fn hostile_sources_come_to_an_end() {
    let deep = format!(
        "{}import a.gone\n",
        (0..90).fold(String::new(), |text, depth| {
            format!("{text}{}if x:\n", " ".repeat(depth))
        }) + &" ".repeat(90)
    );
    let names: Vec<(String, String)> = (0..7000)
        .map(|number| {
            (
                format!("a/m{number}.py"),
                format!("import a.m{}\n", number + 1),
            )
        })
        .collect();
    let mut files: Vec<(&str, &str)> = names
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    files.push(("a/__init__.py", "import a.m0\n"));
    let end = ["import-unreached a/m6999.py:1 a.m7000"];
    assert_eq!(
        lost_in(&files),
        end,
        "a chain that nobody follows to its end"
    );
    assert_eq!(lost_in(&[("a/__init__.py", &deep)]).len(), 0);
    let calls = (0..40).map(|n| format!("def f{n}():\n f{}()\n f{}()\n", n + 1, n + 1));
    let calls: Vec<String> = calls.collect();
    let calls = calls.concat();
    let wide = format!("{calls}f0()\nimport a.gone\n");
    assert_eq!(lost_in(&[("a/__init__.py", &wide)]).len(), 1);
}

/// greenlet: what `PyPy` has itself is imported from there, and the distribution of that name has no extension for it.
#[test]
fn what_pypy_brings_is_not_looked_for_in_the_sites() {
    let files = [("greenlet/__init__.py", "from ._greenlet import x\n")];
    let unreached = "import-unreached greenlet/__init__.py:1 greenlet._greenlet";
    assert_eq!(
        lost_by_pypy(&files),
        [unreached],
        "a notice, since nothing leads there"
    );
    assert_eq!(
        lost_in(&files),
        ["greenlet/__init__.py:1 greenlet._greenlet"]
    );
}
