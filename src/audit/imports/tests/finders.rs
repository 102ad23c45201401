//! Finders that a package adds, functions that it tells its own name, objects that it gives attributes, and sources
//! that are too large: each hides what it may make, and nothing else.

use super::{Tree, judge_trees, lost_in};

const FINDER: &str = "import sys\nfrom .gone import x\nclass F:\n\
                      \x20   def find_spec(self, name, path, target=None):\n        \
     if name.startswith('a.made'):\n            return 1\nsys.meta_path.append(F())\nfrom .gone import x\nfrom .made \
     import y\n";
/// A finder that stands where it is not named for what it does, like the one in six.
const OTHER: &str = "import sys\nclass F:\n    def find_spec(self, name, path, target=None):\n        return name in \
    known\n\
     known = {__name__ + '.moves'}\nsys.meta_path.append(F())\n";
const MOVED: &str = "import sys\nknown = {}\nclass F:\n    def find_spec(self, name, path, target=None):\n        \
     return known.get(name)\nsys.meta_path.append(F())\ndef moved(old, new):\n    known[old] = new\n";
const PASSED: &str = "import sys\ndef passed(parent):\n    parent = sys.modules.get(parent)\n    parent.__class__ = \
    type\n";

const FINDERS: &[Tree] = &[
    (
        "a finder makes what it names, and nothing else (salt, junos-eznc)",
        &[("a/__init__.py", FINDER)],
        &["a/__init__.py:2 a.gone"],
    ),
    (
        "a finder further down hides what lies below it alone (oci, with a six of its own)",
        &[
            (
                "a/__init__.py",
                "from ._own import six\nfrom .gone import x\n",
            ),
            ("a/_own/__init__.py", ""),
            ("a/_own/six.py", OTHER),
            ("a/b.py", "from ._own.six.moves import y\n"),
        ],
        &["a/__init__.py:2 a.gone"],
    ),
    (
        "a finder is told by others what it makes (pyomo)",
        &[
            ("a/__init__.py", "from .old import x\nfrom . import b\n"),
            ("a/moving.py", MOVED),
            (
                "a/b.py",
                "from .moving import moved\nmoved('a.old', 'a.b')\n",
            ),
        ],
        &[],
    ),
    (
        "nobody tells a finder of this one",
        &[
            ("a/__init__.py", "from . import b\nfrom .gone import x\n"),
            ("a/moving.py", MOVED),
            (
                "a/b.py",
                "from .moving import moved\nmoved('a.old', 'a.b')\n",
            ),
        ],
        &["a/__init__.py:2 a.gone"],
    ),
    (
        "a finder further down asks objects for their names, and not itself (pyomo)",
        &[
            (
                "a/__init__.py",
                "from . import moving\nfrom .gone import x\n",
            ),
            (
                "a/moving/__init__.py",
                "import sys\ndef tell(cls):\n    return cls.__name__\nclass F:\n    known = {}\n    def \
                 find_spec(self, name, path, target=None):\n        if name in self.known:\n            return \
                 tell(F)\nsys.meta_path.append(F())\nfrom .none import y\n",
            ),
        ],
        &[
            "a/__init__.py:2 a.gone",
            "a/moving/__init__.py:10 a.moving.none",
        ],
    ),
    (
        "what it uses asks itself",
        &[
            ("a/__init__.py", "from . import moving\n"),
            (
                "a/moving/__init__.py",
                "import sys\nBEGIN = __name__ + '.'\ndef fits(name):\n    return name.startswith(BEGIN)\nclass F:\n    \
                 def find_spec(self, name, path, target=None):\n        if fits(name):\n            return \
                 1\nsys.meta_path.append(F())\nfrom .none import y\n",
            ),
        ],
        &[],
    ),
    (
        "another part of the source asks itself",
        &[(
            "a/__init__.py",
            "import sys\nclass F:\n    def find_spec(self, name, path, target=None):\n        if name == 'a.made':\
                 \n            return 1\nsys.meta_path.append(F())\nown = __name__\nfrom .gone import x\n",
        )],
        &["a/__init__.py:8 a.gone"],
    ),
    (
        "a finder of which the class comes from elsewhere makes what that names (neptune)",
        &[
            ("a/__init__.py", "from . import old\nfrom .gone import x\n"),
            (
                "a/old/__init__.py",
                "import sys\nfrom a.old.moving import F\nsys.meta_path.insert(0, F())\nfrom a.old.made import y\n",
            ),
            (
                "a/old/moving.py",
                "known = ['a.old.made']\nclass F:\n    def find_spec(self, name, path, target=None):\n        if name \
                 in known:\n            return 1\n",
            ),
        ],
        &["a/__init__.py:2 a.gone"],
    ),
    (
        "one that comes from elsewhere and looks into directories may make anything",
        &[
            ("a/__init__.py", "from . import old\nfrom .gone import x\n"),
            (
                "a/old/__init__.py",
                "import sys\nfrom a.old.moving import F\nsys.meta_path.insert(0, F())\n",
            ),
            (
                "a/old/moving.py",
                "import os\nclass F:\n    def find_spec(self, name, path, target=None):\n        if name in \
                 os.listdir('/srv'):\n            return 1\n",
            ),
        ],
        &[],
    ),
    (
        "a finder of which the class comes from elsewhere may make anything",
        &[
            (
                "a/__init__.py",
                "import sys\nfrom .moving import F\nsys.meta_path.append(F())\nfrom .gone import x\n",
            ),
            (
                "a/moving.py",
                "class F:\n    def find_spec(self, name, path, target=None):\n        return 1\n",
            ),
        ],
        &[],
    ),
];

const TOLD: &[Tree] = &[
    (
        "a function that changes the names of a module makes no module in it (yt-dlp)",
        &[
            (
                "a/__init__.py",
                "from .passing import passed\npassed(__name__)\nfrom .gone import *\n",
            ),
            ("a/passing.py", PASSED),
        ],
        &["a/__init__.py:3 a.gone"],
    ),
    (
        "one that puts modules somewhere may",
        &[
            (
                "a/__init__.py",
                "from .passing import passed\npassed(__name__)\nfrom .gone import x\n",
            ),
            (
                "a/passing.py",
                "import sys\ndef passed(parent):\n    sys.modules[parent + '.gone'] = 1\n",
            ),
        ],
        &[],
    ),
    (
        "one that has others do it may",
        &[
            (
                "a/__init__.py",
                "from .passing import passed\npassed(__name__)\nfrom .gone import x\n",
            ),
            (
                "a/passing.py",
                "from apipkg import initpkg\ndef passed(parent):\n    initpkg(parent)\n",
            ),
            (
                "apipkg/__init__.py",
                "import sys\ndef initpkg(parent):\n    sys.modules[parent + '.gone'] = 1\n",
            ),
        ],
        &[],
    ),
];

const OBJECTS: &[Tree] = &[
    (
        "attributes of another module, of a class and of what a call made are none of this one (junos-eznc, dpkt)",
        &[(
            "a/__init__.py",
            "import json\nsetattr(json, 'x', 1)\nclass C:\n    pass\nsetattr(C, 'x', 1)\n\
             class M(type):\n    def __new__(cls):\n        t = type.__new__(cls)\n        setattr(t, 'x', 1)\n        \
             return t\nfrom . import gone\n",
        )],
        &["a/__init__.py:11 a.gone"],
    ),
    (
        "the same name may mean this module somewhere",
        &[(
            "a/__init__.py",
            "import sys\nt = dict()\nt = sys.modules[__name__]\nsetattr(t, 'gone', 1)\nfrom . import gone\n",
        )],
        &[],
    ),
    (
        "a call may give the module where the table of modules is known",
        &[(
            "a/__init__.py",
            "import sys\ndef own():\n    return sys.modules[__name__]\nt = own()\nsetattr(t, 'gone', 1)\nfrom . \
             import gone\n",
        )],
        &[],
    ),
    (
        "the package imports itself",
        &[(
            "a/__init__.py",
            "import a\nsetattr(a, 'gone', 1)\nfrom . import gone\n",
        )],
        &[],
    ),
];

const MADE: &[Tree] = &[
    (
        "a module that is made without a place in the table hides none (datasette)",
        &[(
            "a/__init__.py",
            "import types\ndef made(name):\n    return types.ModuleType(name)\nfrom .gone import x\n",
        )],
        &["a/__init__.py:4 a.gone"],
    ),
    (
        "one that gets a place may be any",
        &[(
            "a/__init__.py",
            "import sys, types\ndef made(name):\n    sys.modules[name] = types.ModuleType(name)\nmade('a.gone')\n\
             from .gone import x\n",
        )],
        &[],
    ),
    (
        "a handler takes what needs another distribution (lmdb)",
        &[
            (
                "a/__init__.py",
                "try:\n    from .gone import x\nexcept ImportError:\n    from .slow import x\n",
            ),
            ("a/slow.py", "import other\nx = 1\n"),
        ],
        &["a/__init__.py:2 a.gone"],
    ),
    (
        "a handler takes what is there",
        &[
            (
                "a/__init__.py",
                "try:\n    from .gone import x\nexcept ImportError:\n    from .slow import x\n",
            ),
            (
                "a/slow.py",
                "try:\n    import other\nexcept ImportError:\n    other = None\nx = 1\n",
            ),
        ],
        &[],
    ),
];

const SWIG: &[Tree] = &[(
    "a wrapper asks whether it stands in a package (SWIG)",
    &[
        ("a/__init__.py", "from .b import *\n"),
        (
            "a/b.py",
            "if __package__ or '.' in __name__:\n    from . import _b\nelse:\n    import _b\n",
        ),
    ],
    &["a/b.py:2 a._b"],
)];

#[test]
fn a_finder_hides_what_it_may_make_and_nothing_else() {
    judge_trees(FINDERS);
    judge_trees(MADE);
}

#[test]
fn a_function_that_is_told_the_name_of_a_module_hides_what_it_may_make() {
    judge_trees(TOLD);
}

#[test]
fn whoever_changes_another_object_gives_the_module_no_names() {
    judge_trees(OBJECTS);
    judge_trees(SWIG);
}

#[test]
fn the_beginning_of_a_source_that_is_too_large_is_read() {
    let rest = "def f(x):\n    return x + 1\n\n\n".repeat(40_000);
    let judged = |head: &str, after: &str| {
        let source = [head, "\n\n", &rest, after].concat();
        lost_in(&[("a/__init__.py", &source)])
    };
    assert_eq!(
        judged("from .gone import x\n", ""),
        ["a/__init__.py:1 a.gone"]
    );
    assert_eq!(
        judged(
            "try:\n    from .gone import x\nexcept ImportError:\n    x = 1\n",
            ""
        ),
        [""; 0]
    );
    // What follows may do anything, so what stands there is not known.
    assert_eq!(judged("x = 1\n", "from .gone import x\n"), [""; 0]);
    assert_eq!(judged("'''an open text\n", "'''\n"), [""; 0]);
}
