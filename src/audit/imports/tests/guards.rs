//! Each form of guard, alone and nested: one small package per row, of which `a.gone` is missing.

use super::{Row, judge};

const HANDLERS: &[Row] = &[
    (
        "something before may fail as well, and the handler fails in any case (invoke)",
        "try:\n    from a.fast.x import y\n    from .gone import z\nexcept ImportError:\n    import other\n",
        true,
    ),
    (
        "something before may fail as well, and the handler helps",
        "try:\n    from a.fast.x import y\n    from .gone import z\nexcept ImportError:\n    y = None\n",
        false,
    ),
    (
        "a handler that may raise again takes what is not installed (lmdb)",
        "try:\n    import a.gone\nexcept ImportError:\n    if ask():\n        raise\n    import other\n",
        true,
    ),
    (
        "a handler that may raise again takes what is there",
        "try:\n    import a.gone\nexcept ImportError:\n    if ask():\n        raise\n    import a.here\n",
        false,
    ),
    ("no guard", "import a.gone", true),
    ("from", "from a.gone import x", true),
    ("relative", "from .gone import x", true),
    ("as a name of the package", "from . import gone", true),
    ("through another module", "from .needs_gone import x", true),
    (
        "ImportError",
        "try:\n import a.gone\nexcept ImportError:\n pass",
        false,
    ),
    (
        "ModuleNotFoundError",
        "try:\n import a.gone\nexcept ModuleNotFoundError:\n pass",
        false,
    ),
    (
        "ModuleNotFoundError for a name",
        "try:\n from a import gone\nexcept ModuleNotFoundError:\n pass",
        true,
    ),
    (
        "ImportError for a name",
        "try:\n from a import gone\nexcept ImportError:\n pass",
        false,
    ),
    (
        "a tuple",
        "try:\n import a.gone\nexcept (OSError, ImportError):\n pass",
        false,
    ),
    (
        "a tuple of others",
        "try:\n import a.gone\nexcept (OSError, KeyError):\n pass",
        true,
    ),
    (
        "Exception",
        "try:\n import a.gone\nexcept Exception:\n pass",
        false,
    ),
    (
        "BaseException",
        "try:\n import a.gone\nexcept BaseException:\n pass",
        false,
    ),
    ("bare", "try:\n import a.gone\nexcept:\n pass", false),
    (
        "OSError",
        "try:\n import a.gone\nexcept OSError:\n pass",
        true,
    ),
    (
        "OSError before ImportError",
        "try:\n import a.gone\nexcept OSError:\n raise\nexcept ImportError:\n pass",
        false,
    ),
    (
        "a name nobody knows",
        "try:\n import a.gone\nexcept errors.Absent:\n pass",
        false,
    ),
    (
        "finally alone",
        "try:\n import a.gone\nfinally:\n x = 1",
        true,
    ),
    ("in finally", "try:\n x = 1\nfinally:\n import a.gone", true),
    (
        "in else",
        "try:\n x = 1\nexcept ImportError:\n pass\nelse:\n import a.gone",
        true,
    ),
    (
        "in else that is not reached",
        "try:\n import other\nexcept ImportError:\n pass\nelse:\n import a.gone",
        false,
    ),
    (
        "in a handler that is not reached",
        "try:\n import a.here\nexcept ImportError:\n import a.gone",
        false,
    ),
    (
        "in a handler that may be reached",
        "try:\n from a.fast import x\nexcept ImportError:\n import a.gone",
        false,
    ),
    (
        "in a handler, for what is not installed",
        "try:\n import other\nexcept ImportError:\n import a.gone",
        true,
    ),
    (
        "in a handler, deep",
        "try:\n from a.needs_other import x\nexcept ImportError:\n from a.gone import x",
        true,
    ),
    (
        "in a handler of another kind",
        "try:\n import other\nexcept KeyError:\n import a.gone",
        false,
    ),
    (
        "after a module that raises",
        "try:\n import a.raises\nexcept RuntimeError:\n import a.gone",
        false,
    ),
    (
        "a handler that raises again",
        "try:\n import a.gone\nexcept ImportError:\n raise",
        true,
    ),
    (
        "a handler that raises another",
        "try:\n import a.gone\nexcept ImportError as e:\n raise RuntimeError('x') from e",
        true,
    ),
    (
        "raise ImportError in the handler",
        "try:\n import a.gone\nexcept ImportError:\n raise ImportError('x')",
        true,
    ),
    (
        "a handler that may raise",
        "try:\n import a.gone\nexcept ImportError:\n if not a:\n  raise",
        false,
    ),
    (
        "a handler that fails as well",
        "try:\n import a.gone\nexcept ImportError:\n import other",
        true,
    ),
    (
        "a handler that helps itself",
        "try:\n import a.gone\nexcept ImportError:\n import a.here as gone",
        false,
    ),
    (
        "suppress",
        "from contextlib import suppress\nwith suppress(ImportError):\n import a.gone",
        false,
    ),
    (
        "contextlib.suppress",
        "import contextlib\nwith contextlib.suppress(ValueError, ImportError):\n import a.gone",
        false,
    ),
    (
        "suppress of another",
        "with suppress(KeyError):\n import a.gone",
        true,
    ),
    (
        "suppress, and what comes after",
        "with suppress(ImportError):\n import other\nimport a.gone",
        true,
    ),
    (
        "a with that nobody knows",
        "with maybe() as m:\n import a.gone",
        false,
    ),
    (
        "a with that is known",
        "import warnings\nwith warnings.catch_warnings():\n import a.gone",
        true,
    ),
];

#[test]
fn handlers_take_what_they_name() {
    judge("3.11.7", HANDLERS);
}

#[test]
fn guards_in_guards_are_followed_from_the_inside() {
    judge(
        "3.11.7",
        &[
            (
                "try in try",
                "try:\n try:\n  import a.gone\n except ImportError:\n  raise\nexcept ImportError:\n pass",
                false,
            ),
            (
                "try in try that does not take it",
                "try:\n try:\n  import a.gone\n except KeyError:\n  pass\nexcept OSError:\n pass",
                true,
            ),
            (
                "handler in handler",
                "try:\n import other\nexcept ImportError:\n try:\n  import other2\n except ImportError:\n  import \
                 a.gone",
                true,
            ),
            (
                "handler in handler that ends well",
                "try:\n import other\nexcept ImportError:\n try:\n  import a.gone\n except ImportError:\n  import \
                 a.here",
                false,
            ),
            (
                "if in handler",
                "import sys\ntry:\n import other\nexcept ImportError:\n if sys.version_info >= (3, 8):\n  import \
                 a.gone",
                true,
            ),
            (
                "if in handler, decided otherwise",
                "import sys\ntry:\n import other\nexcept ImportError:\n if sys.version_info < (3, 8):\n  import a.gone",
                false,
            ),
            (
                "try in if",
                "import os\nif os.name == 'posix':\n try:\n  import a.gone\n except ImportError:\n  pass",
                false,
            ),
            (
                "suppress in try",
                "try:\n with suppress(ImportError):\n  import a.gone\n import a.here\nexcept ImportError:\n raise",
                false,
            ),
            (
                "class in try",
                "try:\n class K:\n  import a.gone\nexcept ImportError:\n pass",
                false,
            ),
            (
                "the guard is in the importer",
                "try:\n from .needs_gone import x\nexcept ImportError:\n x = None",
                false,
            ),
            (
                "the star of a module that fails",
                "from .needs_gone import *",
                true,
            ),
            (
                "a failure after a guarded one",
                "try:\n from .needs_gone import x\nexcept ImportError:\n x = 1\nfrom .needs_gone import x",
                true,
            ),
        ],
    );
}
