//! What a package makes of itself while it is imported: modules, names, and what only looks so.

use super::{Row, Tree, judge, judge_trees};

/// What submodules find that a package imports while it has just begun, and what others give to a package.
const TREES: &[Tree] = &[
    (
        "a module asks before the package has its __getattr__ (backports.zstd)",
        &[
            (
                "a/__init__.py",
                "from a.b import x\ndef __getattr__(name):\n    return 1\n",
            ),
            ("a/b.py", "from a import gone\nx = 1\n"),
        ],
        &["a/b.py:1 a.gone"],
    ),
    (
        "a module asks once the package has it",
        &[
            (
                "a/__init__.py",
                "def __getattr__(name):\n    return 1\nfrom a.b import x\n",
            ),
            ("a/b.py", "from a import gone\nx = 1\n"),
        ],
        &[],
    ),
    (
        "a function is called when the package has it",
        &[
            (
                "a/__init__.py",
                "def load():\n    from a.b import x\ndef __getattr__(name):\n    return 1\nload()\n",
            ),
            ("a/b.py", "from a import gone\nx = 1\n"),
        ],
        &[],
    ),
    (
        "another package asks for what the __getattr__ may give",
        &[
            ("a/__init__.py", "def __getattr__(name):\n    return 1\n"),
            ("b/__init__.py", "from a import gone\n"),
        ],
        &[],
    ),
    (
        "a function of another module imports, and the package calls it (pydantic)",
        &[
            ("a/__init__.py", "from .m import make\nx = make(__name__)\n"),
            (
                "a/m.py",
                "def make(name):\n    from .e import error\n    return error\n",
            ),
            ("a/e.py", "from .gone import error\n"),
        ],
        &["a/e.py:1 a.gone"],
    ),
    (
        "a function of another module imports, and nobody calls it",
        &[
            ("a/__init__.py", "from .m import make\n"),
            (
                "a/m.py",
                "def make(name):\n    from .e import error\n    return error\n",
            ),
            ("a/e.py", "from .gone import error\n"),
        ],
        &["import-unreached a/e.py:1 a.gone"],
    ),
    (
        "a function of another module imports in case it is asked to",
        &[
            ("a/__init__.py", "from .m import make\nx = make(__name__)\n"),
            (
                "a/m.py",
                "def make(name):\n    if name:\n        return 1\n    from .e import error\n",
            ),
            ("a/e.py", "from .gone import error\n"),
        ],
        &[],
    ),
    (
        "a name that is taken and then made anew",
        &[
            (
                "a/__init__.py",
                "from .m import make\nmake = str\nmake(1)\n",
            ),
            ("a/m.py", "def make(name):\n    from .e import error\n"),
            ("a/e.py", "from .gone import error\n"),
        ],
        &["import-unreached a/e.py:1 a.gone"],
    ),
    (
        "a module looks among the modules, and knows the name as a word (flask)",
        &[
            ("a/__init__.py", "from .gone import x\n"),
            (
                "a/b.py",
                "import sys\nif sys.modules['x'] == 1:\n    print('gone', __package__)\n",
            ),
        ],
        &["a/__init__.py:1 a.gone"],
    ),
    (
        "a module takes its own place, and knows the name as a word (transformers)",
        &[(
            "a/__init__.py",
            "import sys\nfrom . import gone\nsys.modules[__name__] = sys\nnames = ['gone']\n",
        )],
        &["a/__init__.py:2 a.gone"],
    ),
    (
        "a module makes another one, and knows the name as a word (IPython)",
        &[
            ("a/__init__.py", "from .gone import x\n"),
            (
                "a/b.py",
                "import sys\ndef f(main):\n    sys.modules[main] = 1\n    print('gone')\n",
            ),
        ],
        &["a/__init__.py:1 a.gone"],
    ),
    (
        "a module makes others of its words",
        &[
            ("a/__init__.py", "from . import b\nfrom .gone import x\n"),
            (
                "a/b.py",
                "import sys\nfor name in ['gone']:\n    sys.modules['a' + '.' + name] = 1\n",
            ),
        ],
        &[],
    ),
    (
        "a package puts other modules under their names, and asks for its own (grpcio)",
        &[
            (
                "a/__init__.py",
                "import sys\nsys.modules.update({'a.tools': 1})\nprint('.'.join([]), 'gone')\n\
                 if sys.version_info >= (3, 6) and __name__ == 'a':\n    from .b import x\n",
            ),
            ("a/b.py", "from a import gone\nx = 1\n"),
        ],
        &["a/b.py:1 a.gone"],
    ),
    (
        "what runs as a program alone",
        &[(
            "a/__init__.py",
            "if __name__ == '__main__':\n    from .gone import x\n",
        )],
        &[],
    ),
    (
        "a package puts the very module",
        &[(
            "a/__init__.py",
            "import sys\nsys.modules.update({'a.gone': 1})\nfrom . import gone\n",
        )],
        &[],
    ),
    (
        "a star brings back what was taken of the package itself (debugpy)",
        &[
            ("a/__init__.py", "from a.b import *\n"),
            ("a/b.py", "from a import gone\n"),
        ],
        &["a/b.py:1 a.gone"],
    ),
    (
        "the package above gives a package its names (google-cloud-aiplatform)",
        &[
            ("a/__init__.py", "from .c.types import job\n"),
            (
                "a/c/__init__.py",
                "from . import types\ntypes.job = types.job_v1\n",
            ),
            ("a/c/types/__init__.py", "from b import job as job_v1\n"),
            ("b/__init__.py", "job = 1\n"),
        ],
        &[],
    ),
    (
        "a package hands itself to a function that gives it names",
        &[
            (
                "a/c/__init__.py",
                "import sys as _sys\nfrom . import m as _m\n_m.fill(1, to=_sys.modules[__name__])\n",
            ),
            (
                "a/c/m.py",
                "def fill(x, to):\n    for name in x:\n        setattr(to, name, 1)\n",
            ),
            ("a/__init__.py", "from a.c import x\n"),
        ],
        &[],
    ),
    (
        "the package is found by who called (astropy)",
        &[
            (
                "a/c/__init__.py",
                "from b import find_current_module\nfrom . import m as _m\n_m.fill(1, find_current_module())\n",
            ),
            (
                "a/c/m.py",
                "def fill(x, to):\n    for name in x:\n        setattr(to, name, 1)\n",
            ),
            ("a/__init__.py", "from a.c import x\n"),
            (
                "b/__init__.py",
                "def find_current_module():\n    return 1\n",
            ),
        ],
        &[],
    ),
    (
        "a function is given something else",
        &[
            (
                "a/c/__init__.py",
                "from . import m as _m\n_m.fill(1, str())\n",
            ),
            (
                "a/c/m.py",
                "def fill(x, to):\n    for name in x:\n        setattr(to, name, 1)\n",
            ),
            ("a/__init__.py", "from a.c import x\n"),
        ],
        &["a/__init__.py:1 a.c.x"],
    ),
    (
        "somebody gives a package names that nobody knows",
        &[
            (
                "a/__init__.py",
                "from .c import types\nfrom .c.types import job\n",
            ),
            (
                "a/c/__init__.py",
                "from . import types\nfor n in 'ab':\n    setattr(types, n, 1)\n",
            ),
            ("a/c/types/__init__.py", ""),
        ],
        &[],
    ),
    (
        "an object of the same name gets an attribute",
        &[
            ("a/__init__.py", "from .c.types import job\n"),
            (
                "a/c/__init__.py",
                "from . import types\nclass T:\n    def f(self):\n        self.job = 1\n",
            ),
            ("a/c/types/__init__.py", ""),
        ],
        &["a/__init__.py:1 a.c.types.job"],
    ),
    (
        "a module of a package fills that with names, and finds modules for it (toolz)",
        &[
            ("a/__init__.py", "from . import make\n"),
            (
                "a/make.py",
                "import sys\nclass Finder:\n    pass\nfinder = Finder()\nsys.meta_path.append(finder)\n\
                 finder.fill(sys.modules['a'])\n",
            ),
            ("b/__init__.py", "from a import merge\nimport a.parts\n"),
        ],
        &[],
    ),
];

const MAY_MAKE_IT: &[Row] = &[
    (
        "a module of the package is put among the modules",
        "import sys, types\nsys.modules['a.gone'] = sys\nfrom . import gone\n",
        false,
    ),
    (
        "names are made one after the other",
        "import sys\nfor name in ['gone']:\n    sys.modules['a.' + name] = sys\nfrom .gone import x\n",
        false,
    ),
    (
        "the package gets another place",
        "__path__.append('/elsewhere')\nfrom .gone import x\n",
        false,
    ),
    (
        "the package gets a directory inside of its own",
        "import os\n__path__.append(os.path.join(os.path.dirname(__file__), 'x'))\nfrom .gone import x\n",
        false,
    ),
    (
        "the package gets the directory above",
        "import os\n__path__.append(os.path.dirname(os.path.dirname(__file__)))\nfrom .gone import x\n",
        false,
    ),
    (
        "what stood for its own directory is another one by then",
        "import os\nhere = os.path.dirname(__file__)\nhere = '/elsewhere'\n__path__.append(here)\n\
         from .gone import x\n",
        false,
    ),
    (
        "the place is changed under another name",
        "places = __path__\nplaces.append('/elsewhere')\nfrom .gone import x\n",
        false,
    ),
    (
        "a function is told the place",
        "from .here import widen\nwiden(__path__)\nfrom .gone import x\n",
        false,
    ),
    (
        "a finder is added",
        "import sys\nfrom .here import Finder\nsys.meta_path.insert(0, Finder())\nfrom .gone import x\n",
        false,
    ),
    (
        "somebody is told which module this is, and may do anything to it",
        "from .here import initpkg\ninitpkg(__name__, {'gone': 'x'})\nfrom .gone import x\n",
        false,
    ),
    (
        "the package asks itself once its __getattr__ may answer",
        "def __getattr__(name):\n    return 1\nfrom . import gone\n",
        false,
    ),
    (
        "names are made before",
        "globals().update({'gone': 1})\nfrom . import gone\n",
        false,
    ),
    (
        "a function may be given this module",
        "import sys\ndef put(module, name):\n    setattr(module, name, 1)\nput(sys.modules['a'], 'gone')\n\
         from . import gone\n",
        false,
    ),
    (
        "a handler asks for a module for its own use that Python may have",
        "try:\n    from . import gone\nexcept ImportError:\n    import _zstd\n",
        false,
    ),
];

#[test]
fn what_others_do_to_a_package_counts_from_when_they_did_it() {
    judge_trees(TREES);
}

/// A pool of one thread waited for the evaluation, which waited for the pool.
#[test]
fn one_thread_is_enough() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    pool.build().unwrap().install(|| judge_trees(TREES));
}

#[test]
fn what_a_package_may_make_at_run_time_is_not_missed() {
    judge("3.11.7", MAY_MAKE_IT);
}
