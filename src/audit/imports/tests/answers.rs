//! What the `__getattr__` of a module gives, as far as its text tells.

use super::{Row, judge};

/// It refuses what it does not know.
const REFUSE: &[Row] = &[
    (
        "a table of modules",
        "T = {'x': '.here'}\ndef __getattr__(name):\n    if name in T:\n        return 1\n    \
         raise AttributeError(name)\nfrom . import gone\n",
        true,
    ),
    (
        "it refuses first, and does then as it likes (the way of many)",
        "T = ['x', 'y']\ndef __getattr__(name):\n    if name not in T:\n        raise AttributeError(f'no \
         {name}')\n    \
         import importlib\n    found = importlib.import_module('a.' + name)\n    globals()[name] = found\n    \
         return getattr(found, name)\nfrom . import gone\n",
        true,
    ),
    (
        "words, one after the other",
        "def __getattr__(name):\n    if name == 'x':\n        return 1\n    elif name == 'y' or name in ('z', \
         'w'):\n        \
         return 2\n    else:\n        raise AttributeError(name)\nfrom . import gone\n",
        true,
    ),
    (
        "a table that fails by itself",
        "T: dict = {'x': 1}\ndef __getattr__(name):\n    try:\n        return T[name]\n    except KeyError:\n        \
         raise AttributeError(name) from None\nfrom . import gone\n",
        true,
    ),
    (
        "what a table has, or nothing",
        "T = {'x': 1}\ndef __getattr__(name):\n    found = T.get(name)\n    if found is None:\n        \
         raise AttributeError(name)\n    return found\nfrom . import gone\n",
        true,
    ),
    (
        "the same by a truth",
        "T = {'x': 1}\ndef __getattr__(name):\n    if found := T.get(name):\n        return found\n    \
         raise AttributeError(name)\nfrom . import gone\n",
        true,
    ),
    (
        "one condition of two is enough, if both have to hold",
        "T = {'x': 1}\ndef __getattr__(name):\n    if len(T) and name in T.keys():\n        return 1\n    \
         raise AttributeError(name)\nfrom . import gone\n",
        true,
    ),
    (
        "it imports the very module",
        "import importlib\ndef __getattr__(name):\n    return importlib.import_module('.' + name, __name__)\n\
         from . import gone\n",
        true,
    ),
    (
        "it imports the very module by a text (ray)",
        "import importlib\nif True:\n    def __getattr__(name):\n        return \
         importlib.import_module(f'{__name__}.{name}')\n\
         from . import gone\n",
        true,
    ),
    (
        "an object of a class answers (matplotlib)",
        "from .here import x\n@x\nclass __getattr__:\n    known = 1\n    def other(self):\n        return 1\n\
         from . import gone\n",
        true,
    ),
];

/// It gives the name, or may.
const GIVE: &[Row] = &[
    (
        "the table has it",
        "T = {'gone': '.here'}\ndef __getattr__(name):\n    if name in T:\n        return 1\n    \
         raise AttributeError(name)\nfrom . import gone\n",
        false,
    ),
    (
        "one of the words is it",
        "def __getattr__(name):\n    if name == 'gone':\n        return 1\n    raise AttributeError(name)\n\
         from . import gone\n",
        false,
    ),
    (
        "it gives nothing for all others, and that is something",
        "def __getattr__(name):\n    if name == 'x':\n        return 1\nfrom . import gone\n",
        false,
    ),
    (
        "it gives something for what is no word",
        "def __getattr__(name):\n    if name == 'x':\n        raise AttributeError(name)\n    return 1\nfrom . import \
         gone\n",
        false,
    ),
    (
        "the table is changed",
        "T = {'x': 1}\nT['g' + 'one'] = 1\ndef __getattr__(name):\n    return T[name]\nfrom . import gone\n",
        false,
    ),
    (
        "a function changes the table",
        "T = {'x': 1}\ndef add(name):\n    T[name] = 1\nadd('g' + 'one')\ndef __getattr__(name):\n    return T[name]\n\
         from . import gone\n",
        false,
    ),
    (
        "the table gets more by a method",
        "T = {'x': 1}\nT.update(vars())\ndef __getattr__(name):\n    return T[name]\nfrom . import gone\n",
        false,
    ),
    (
        "the table comes from elsewhere",
        "from .here import x as T\ndef __getattr__(name):\n    return T[name]\nfrom . import gone\n",
        false,
    ),
    (
        "another object is asked",
        "from . import here\ndef __getattr__(name):\n    return getattr(here, name)\nfrom . import gone\n",
        false,
    ),
    (
        "a table lacks it, and then it is made",
        "T = {'x': 1}\ndef __getattr__(name):\n    try:\n        return T[name]\n    except KeyError:\n        \
         pass\n    return object()\nfrom . import gone\n",
        false,
    ),
    (
        "what fails is swallowed",
        "import contextlib\nT = {'x': 1}\ndef __getattr__(name):\n    with contextlib.suppress(KeyError):\n        \
         return T[name]\n    return object()\nfrom . import gone\n",
        false,
    ),
    (
        "a table has something for all",
        "T = {'x': 1}\ndef __getattr__(name):\n    found = T.get(name, 2)\n    if found is None:\n        \
         raise AttributeError(name)\n    return found\nfrom . import gone\n",
        false,
    ),
    (
        "one condition of two is not enough, if one has to hold",
        "T = {'x': 1}\ndef __getattr__(name):\n    if len(T) or name in T:\n        return 1\n    \
         raise AttributeError(name)\nfrom . import gone\n",
        false,
    ),
    (
        "it imports a module of another package",
        "import importlib\ndef __getattr__(name):\n    return importlib.import_module('other.' + name)\n\
         from . import gone\n",
        false,
    ),
    (
        "the name is made another one first",
        "T = {'x': 1}\ndef __getattr__(name):\n    name = 'x'\n    return T[name]\nfrom . import gone\n",
        false,
    ),
    (
        "somebody else wrapped it",
        "from .here import x\nT = {'x': 1}\n@x\ndef __getattr__(name):\n    return T[name]\nfrom . import gone\n",
        false,
    ),
    (
        "there are two of it",
        "import os\nT = {'x': 1}\nif os.sep:\n    def __getattr__(name):\n        return T[name]\nelse:\n    \
         def __getattr__(name):\n        return 1\nfrom . import gone\n",
        false,
    ),
];

#[test]
fn a_getattr_that_refuses_a_name_does_not_hide_a_module_that_is_gone() {
    judge("3.11.7", REFUSE);
}

#[test]
fn a_getattr_that_may_give_a_name_is_believed() {
    judge("3.11.7", GIVE);
}
