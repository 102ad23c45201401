//! Names that modules use of a directory beside them.

use super::{Tree, judge_trees};

const NAME: (&str, &str) = ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");
const LIST: (&str, &str) = (
    "a-1.dist-info/RECORD",
    "a/__init__.py,,\na/use.py,,\na/models/one.py,,\n",
);
const INIT: (&str, &str) = ("a/__init__.py", "");
const ONE: (&str, &str) = ("a/models/one.py", "class One: pass\n");

const LOST: &[Tree] = &[
    (
        "under another name (azure-mgmt-storage)",
        &[
            NAME,
            LIST,
            INIT,
            ONE,
            (
                "a/use.py",
                "from . import models as _models\ndef run(one: _models.One): ...\n",
            ),
        ],
        &["a/use.py:2 One"],
    ),
    (
        "under its own name (underthesea)",
        &[
            NAME,
            LIST,
            INIT,
            ONE,
            ("a/use.py", "from a import models\nrun = models.run\n"),
        ],
        &["a/use.py:2 run"],
    ),
];

const WHOLE: &[Tree] = &[
    (
        "modules of a directory that never was a package",
        &[
            NAME,
            LIST,
            INIT,
            ONE,
            (
                "a/use.py",
                "from . import models\nfrom .models import one\nx = models.one.One\ny = models.__path__\n",
            ),
        ],
        &[],
    ),
    (
        "the package gives something else under that name",
        &[
            NAME,
            LIST,
            ("a/__init__.py", "models = object()\n"),
            ONE,
            ("a/use.py", "from a import models\nrun = models.run\n"),
        ],
        &[],
    ),
    (
        "somebody gives it the name",
        &[
            NAME,
            LIST,
            ("a/__init__.py", "import a.models\na.models.run = print\n"),
            ONE,
            ("a/use.py", "from . import models\nmodels.run()\n"),
        ],
        &[],
    ),
    (
        "other names that end alike, and a remark",
        &[
            NAME,
            LIST,
            INIT,
            ONE,
            (
                "a/use.py",
                "from . import models\nx = my_models.run\ny = django.models.run\n# models.run\n",
            ),
        ],
        &[],
    ),
    (
        "a directory of data",
        &[
            NAME,
            LIST,
            INIT,
            ("a/data/x.json", "{}"),
            ("a/use.py", "from . import data\nx = data.x\n"),
        ],
        &[],
    ),
    (
        "a namespace that others share",
        &[
            NAME,
            ("a-1.dist-info/RECORD", "n/a/__init__.py,,\nn/a/use.py,,\n"),
            ("n/a/__init__.py", ""),
            ("n/a/use.py", "import n\nfrom n import a\nx = a.run\n"),
        ],
        &[],
    ),
];

#[test]
fn a_name_that_is_used_of_a_directory_without_init_is_missing() {
    judge_trees(LOST);
}

#[test]
fn what_a_directory_without_init_really_has_may_be_used() {
    judge_trees(WHOLE);
}
