//! Functions that give names to whoever calls them.

use super::{Tree, judge_trees};

const FILL: &str = "import inspect\ndef fill(name=None):\n    frame = inspect.currentframe().f_back\n    \
                    frame.f_locals['x'] = 1\n";
const PLAIN: &str = "def fill(name=None):\n    return 1\n";
const TAKES: (&str, &str) = ("a/p/__init__.py", "from a.q import x\n");
const INIT: (&str, &str) = ("a/__init__.py", "from a import p\n");

const FILLED: &[Tree] = &[
    (
        "by a package beside it (pxr)",
        &[
            INIT,
            TAKES,
            ("a/tf/__init__.py", FILL),
            ("a/q/__init__.py", "from a import tf\ntf.fill()\ndel tf\n"),
        ],
        &[],
    ),
    (
        "by a function of a module",
        &[
            INIT,
            TAKES,
            ("a/tf.py", FILL),
            ("a/q/__init__.py", "from ..tf import fill\nfill()\n"),
        ],
        &[],
    ),
    (
        "by a module under another name, within a condition",
        &[
            INIT,
            TAKES,
            ("a/tf.py", FILL),
            (
                "a/q/__init__.py",
                "import a.tf as t\nif t:\n    names = t.fill('q')\n",
            ),
        ],
        &[],
    ),
    (
        "by another distribution, through who takes it",
        &[
            INIT,
            TAKES,
            ("b/__init__.py", "from .deep import fill\n"),
            ("b/deep.py", FILL),
            ("a/q/__init__.py", "from b import fill\nfill()\n"),
        ],
        &[],
    ),
    (
        "in a namespace of several distributions (pxr)",
        &[
            ("n/p/__init__.py", "from n.q import x\n"),
            ("n/tf/__init__.py", FILL),
            ("n/q/__init__.py", "from n import tf as t\nt.fill()\n"),
        ],
        &[],
    ),
];

const NOT_FILLED: &[Tree] = &[
    (
        "the function asks nobody",
        &[
            INIT,
            TAKES,
            ("a/tf.py", PLAIN),
            ("a/q/__init__.py", "from ..tf import fill\nfill()\n"),
        ],
        &["a/p/__init__.py:1 a.q.x"],
    ),
    (
        "the function is not called",
        &[
            INIT,
            TAKES,
            ("a/tf.py", FILL),
            ("a/q/__init__.py", "from ..tf import fill\n"),
        ],
        &["a/p/__init__.py:1 a.q.x"],
    ),
    (
        "it is called further down",
        &[
            INIT,
            ("a/p/__init__.py", "from a.q import x\n"),
            ("a/tf.py", FILL),
            (
                "a/q/__init__.py",
                "from ..tf import fill\nfrom . import x\nfill()\n",
            ),
        ],
        &["a/p/__init__.py:1 a.q.x", "a/q/__init__.py:2 a.q.x"],
    ),
    (
        "another function is called",
        &[
            INIT,
            TAKES,
            ("a/tf.py", FILL),
            ("a/q/__init__.py", "from ..tf import fill\nprint()\n"),
        ],
        &["a/p/__init__.py:1 a.q.x"],
    ),
    (
        "a module that is gone is not filled in",
        &[
            INIT,
            ("a/p/__init__.py", "import a.q.x\n"),
            ("a/tf.py", FILL),
            ("a/q/__init__.py", "from ..tf import fill\nfill()\n"),
        ],
        &["a/p/__init__.py:1 a.q.x"],
    ),
];

#[test]
fn a_function_may_give_names_to_the_package_that_calls_it() {
    judge_trees(FILLED);
}

#[test]
fn a_function_that_does_not_know_who_calls_it_gives_nobody_names() {
    judge_trees(NOT_FILLED);
}
