//! Where names lead: packages, namespaces, extensions, modules made at run time, and the roots from which all begins.

use super::lost_in;

/// Tries rows of a claim, a tree, and what it lacks.
fn judge(rows: &[(&str, &[(&str, &str)], &[&str])]) {
    let mut wrong = Vec::new();
    for (claim, files, expected) in rows {
        let found = lost_in(files);
        if found != *expected {
            wrong.push(format!("{claim}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_come_from_where_python_takes_them() {
    let user = ("b.py", "from a import x\n");
    let gone: &[&str] = &["b.py:1 a.x"];
    judge(&[
        ("bound", &[("a/__init__.py", "x = 1\n"), user], &[]),
        (
            "bound in a branch",
            &[("a/__init__.py", "if y:\n x = 1\n"), user],
            &[],
        ),
        (
            "bound by a function",
            &[("a/__init__.py", "def f():\n global x\n x = 1\n"), user],
            &[],
        ),
        (
            "defined",
            &[("a/__init__.py", "def x(): pass\n"), user],
            &[],
        ),
        (
            "imported as",
            &[("a/__init__.py", "import os as x\n"), user],
            &[],
        ),
        (
            "taken",
            &[("a/__init__.py", "from os import x\n"), user],
            &[],
        ),
        (
            "a word in a text",
            &[("a/__init__.py", "'''x'''\n"), user],
            gone,
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
            &[("a/__init__.py", ""), ("a/x.py", ""), user],
            &[],
        ),
        ("nothing", &[("a/__init__.py", ""), user], gone),
        (
            "__getattr__",
            &[("a/__init__.py", "def __getattr__(n): pass\n"), user],
            &[],
        ),
        (
            "globals",
            &[("a/__init__.py", "globals().update(y)\n"), user],
            &[],
        ),
        (
            "a star",
            &[
                ("a/__init__.py", "from .c import *\n"),
                ("a/c.py", "x = 1\n"),
                user,
            ],
            &[],
        ),
        (
            "a star of a star",
            &[
                ("a/__init__.py", "from .c import *\n"),
                ("a/c.py", "from .d import *\n"),
                ("a/d.py", "x = 1\n"),
                user,
            ],
            &[],
        ),
        (
            "a star that lacks it",
            &[
                ("a/__init__.py", "from .c import *\n"),
                ("a/c.py", "y = 1\n"),
                user,
            ],
            gone,
        ),
        (
            "a star of an extension",
            &[
                ("a/__init__.py", "from .c import *\n"),
                ("a/c.abi3.so", ""),
                user,
            ],
            &[],
        ),
        (
            "a star of itself",
            &[("a/__init__.py", "from . import *\n"), user],
            gone,
        ),
        (
            "attach",
            &[
                (
                    "a/__init__.py",
                    "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach(__name__, ['x'])\n",
                ),
                user,
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
                user,
            ],
            gone,
        ),
        (
            "itself replaced",
            &[
                ("a/__init__.py", "import sys\nsys.modules[__name__] = y\n"),
                user,
            ],
            &[],
        ),
        ("of a plain module", &[("a.py", ""), user], &[]),
    ]);
}

#[test]
fn modules_are_where_python_finds_them() {
    judge(&[
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
    ]);
}

#[test]
fn only_what_is_imported_from_outside_counts() {
    let lacking = "from .gone import x\n";
    let record = (
        "a-1.dist-info/RECORD",
        "a/__init__.py,,\na/late.py,,\na/test_it.py,,\n",
    );
    let metadata = (
        "a-1.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: a\nVersion: 1\n",
    );
    let init = ("a/__init__.py", "x = 1\n");
    judge(&[
        (
            "by nobody",
            &[init, ("a/late.py", lacking), record, metadata],
            &[],
        ),
        (
            "by nobody, and no list",
            &[init, ("a/late.py", lacking)],
            &["import-unreached a/late.py:1 a.gone"],
        ),
        (
            "by nobody, with bytecode",
            &[
                init,
                ("a/late.py", lacking),
                record,
                metadata,
                ("a/__pycache__/gone.cpython-311.pyc", ""),
            ],
            &["a/late.py:1 a.gone"],
        ),
        ("by a test", &[init, ("a/tests/t.py", lacking)], &[]),
        (
            "by another package",
            &[
                init,
                ("a/late.py", lacking),
                ("b.py", "import a.late\n"),
                record,
                metadata,
            ],
            &["a/late.py:1 a.gone"],
        ),
        (
            "by another package that may live without",
            &[
                init,
                ("a/late.py", lacking),
                ("b.py", "try:\n import a.late\nexcept ImportError:\n pass\n"),
                record,
                metadata,
            ],
            &[],
        ),
        (
            "by a program",
            &[
                init,
                ("a/late.py", lacking),
                record,
                metadata,
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
                init,
                ("a/late.py", lacking),
                record,
                metadata,
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
                init,
                ("a/late.py", lacking),
                record,
                metadata,
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
                ("_a/__init__.py", lacking),
                ("_a-1.dist-info/RECORD", "_a/__init__.py,,\n"),
            ],
            &[],
        ),
        (
            "tests at the top",
            &[
                ("tests/__init__.py", lacking),
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
            &["a.py:1 b"],
        ),
    ]);
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
    let calls: String = (0..40)
        .map(|n| format!("def f{n}():\n f{}()\n f{}()\n", n + 1, n + 1))
        .collect();
    let wide = format!("{calls}f0()\nimport a.gone\n");
    assert_eq!(lost_in(&[("a/__init__.py", &wide)]).len(), 1);
}
