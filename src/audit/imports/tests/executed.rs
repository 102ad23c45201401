//! What is executed at import, in small packages of which `a.gone` is missing.

use super::{Row, judge, lost_by};

const STATEMENTS: &[Row] = &[
    ("in a function", "def f():\n import a.gone", false),
    ("in a class", "class K:\n from a.gone import x", true),
    (
        "in a method",
        "class K:\n def f(self):\n  from a.gone import x",
        false,
    ),
    (
        "a function that is called",
        "def f():\n import a.gone\nf()",
        true,
    ),
    (
        "a function whose value is taken",
        "def f():\n import a.gone\nx = f()",
        true,
    ),
    (
        "a function that may return before",
        "def f():\n if a:\n  return\n import a.gone\nf()",
        false,
    ),
    (
        "a function that returns before",
        "def f():\n return 1\n import a.gone\nf()",
        false,
    ),
    (
        "a generator",
        "def f():\n import a.gone\n yield 1\nf()",
        false,
    ),
    (
        "a decorated function",
        "@later\ndef f():\n import a.gone\nf()",
        false,
    ),
    (
        "a function of two makings",
        "def f():\n import a.gone\ndef f():\n pass\nf()",
        false,
    ),
    (
        "a call that may not be made",
        "def f():\n import a.gone\na and f()",
        false,
    ),
    (
        "a function that calls itself",
        "def f():\n f()\nf()\nimport a.gone",
        true,
    ),
    ("a loop", "for x in things:\n import a.gone", false),
    (
        "a loop that begins",
        "for x in (1, 2):\n import a.gone",
        true,
    ),
    (
        "a loop that may be left",
        "for x in (1, 2):\n if x:\n  break\n import a.gone",
        false,
    ),
    ("while", "while a:\n import a.gone", false),
    ("while True", "while True:\n import a.gone\n break", true),
    (
        "after raise",
        "raise ImportError('no')\nimport a.gone",
        false,
    ),
    (
        "after a raise that may be",
        "if a:\n raise ImportError('no')\nimport a.gone",
        true,
    ),
    (
        "after what is not installed",
        "import other\nimport a.gone",
        false,
    ),
    (
        "import_module",
        "from importlib import import_module\nimport_module('a.gone')",
        true,
    ),
    (
        "importlib.import_module, relative",
        "import importlib\nx = importlib.import_module('.gone', __name__)",
        true,
    ),
    ("import_module of a name", "import_module(name)", false),
    ("__import__", "__import__('a.gone')", true),
    ("in a lambda", "x = lambda: __import__('a.gone')", false),
    ("a text", "'''\nimport a.gone\n'''", false),
    (
        "beyond the top",
        "try:\n from ... import x\nexcept ImportError:\n import a.gone",
        true,
    ),
    (
        "a function raises where a handler has not left it already (trio)",
        "def count():\n    try:\n        run(1 / 0)\n    except ZeroDivisionError:\n        return 1\n    \
         else:\n        \
         raise RuntimeError('no')\ncount()\nfrom . import gone\n",
        true,
    ),
    (
        "a handler that raises leads nowhere else",
        "def count():\n    try:\n        run(1 / 0)\n    except ZeroDivisionError:\n        raise\n\
         count()\nfrom . import gone\n",
        true,
    ),
];

#[test]
fn what_is_executed_is_told_from_what_is_not() {
    judge("3.11.7", STATEMENTS);
}

#[test]
fn a_lazy_import_is_a_finding_of_its_own() {
    let row = |source| [("a/__init__.py", source)];
    let lazy = ["import-lazy a/__init__.py:1 a.gone"];
    assert_eq!(lost_by("3.15.0", &row("lazy import a.gone\n")), lazy);
    assert_eq!(lost_by("3.15.0", &row("lazy from a.gone import x\n")), lazy);
    let listed = "__lazy_modules__ = ['a.gone']\nimport a.gone\n";
    let found = lost_by("3.15.0", &row(listed));
    assert_eq!(found, ["import-lazy a/__init__.py:2 a.gone"]);
    let found = lost_by("3.14.0", &row(listed));
    assert_eq!(
        found,
        ["a/__init__.py:2 a.gone"],
        "the list means nothing before 3.15"
    );
}
