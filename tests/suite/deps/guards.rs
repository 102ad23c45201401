//! Which imports an application needs, and without which it may do.

use super::{app, told, write};
use crate::support::Sandbox;

/// Sources, and whether `requests` is needed there, or optional.
const CASES: &[(&str, bool, bool)] = &[
    ("import requests\n", true, false),
    ("class A:\n    import requests\n", true, false),
    ("def a():\n    import requests\n", true, false),
    (
        "def a(b):\n    if b:\n        import requests\n",
        true,
        false,
    ),
    (
        "if __name__ == '__main__':\n    import requests\n",
        true,
        false,
    ),
    (
        "import sys\nif sys.platform == 'linux':\n    import requests\n",
        true,
        false,
    ),
    (
        "import sys\nif sys.version_info >= (3, 8):\n    import requests\nelse:\n    import nobody\n",
        true,
        false,
    ),
    ("for a in b:\n    import requests\n", true, false),
    ("with open('a'):\n    import requests\n", true, false),
    (
        "try:\n    import requests\nexcept ValueError:\n    pass\n",
        true,
        false,
    ),
    (
        "try:\n    import requests\nexcept ImportError:\n    raise SystemExit('a')\n",
        true,
        false,
    ),
    (
        "try:\n    import requests\nexcept ImportError as e:\n    print('a')\n    sys.exit(1)\n",
        true,
        false,
    ),
    (
        "try:\n    import requests\nexcept ImportError:\n    raise RuntimeError('a') from None\n",
        true,
        false,
    ),
    (
        "try:\n    import requests\nfinally:\n    pass\n",
        true,
        false,
    ),
    (
        "try:\n    import click\nexcept ImportError:\n    pass\nelse:\n    import requests\n",
        true,
        false,
    ),
    (
        "try:\n    import requests\nexcept ImportError:\n    requests = None\n",
        false,
        true,
    ),
    (
        "try:\n    import requests\nexcept:\n    pass\n",
        false,
        true,
    ),
    (
        "try:\n    import requests\nexcept (ImportError, OSError):\n    pass\n",
        false,
        true,
    ),
    (
        "try:\n    import requests\nexcept ModuleNotFoundError:\n    pass\n",
        false,
        true,
    ),
    (
        "try:\n    import requests\nexcept Exception:\n    pass\n",
        false,
        true,
    ),
    (
        "try:\n    import requests\nexcept ImportError:\n    import click\n",
        false,
        true,
    ),
    (
        "try:\n    import click\nexcept ImportError:\n    import requests\n",
        false,
        true,
    ),
    (
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import requests\n",
        false,
        true,
    ),
    (
        "import os\nif os.environ.get('A'):\n    import requests\n",
        false,
        true,
    ),
    (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests\n",
        false,
        false,
    ),
    (
        "import sys\nif sys.platform == 'win32':\n    import requests\n",
        false,
        false,
    ),
    (
        "import sys\nif sys.version_info < (3, 8):\n    import requests\n",
        false,
        false,
    ),
    ("if False:\n    import requests\n", false, false),
    (
        "'''\nimport requests\n'''\n# import requests\n",
        false,
        false,
    ),
];

#[test]
fn needed_is_what_no_guard_bears() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[]);
    for &(text, needed, optional) in CASES {
        write(&sandbox, "one/run.py", text);
        let code = i32::from(needed);
        let answer = sandbox.json(code, &["deps", "venv", "one/run.py"]);
        let has = |group: &str| {
            told(&answer, group)
                .iter()
                .any(|one| one.starts_with("requests "))
        };
        assert_eq!(
            (has("needed"), has("optional")),
            (needed, optional),
            "{text}"
        );
    }
}

#[test]
fn of_two_that_would_do_and_are_both_missing_the_first_is_needed() {
    let sandbox = Sandbox::new();
    let text =
        "try:\n    import simplejson as json\nexcept ImportError:\n    import ujson as json\n";
    app(&sandbox, &[("one/run.py", text)]);
    let answer = sandbox.json(1, &["deps", "venv", "one/run.py"]);
    assert_eq!(told(&answer, "needed"), ["simplejson run.py:2"]);
    assert_eq!(told(&answer, "optional"), ["ujson run.py:4"]);
}

#[test]
fn what_a_guarded_module_needs_is_optional_and_what_both_ways_lead_to_is_needed() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            ("web/__init__.py", ""),
            (
                "web/main.py",
                "from web import store\ntry:\n    from web import plug\nexcept ImportError:\n    plug = None\n",
            ),
            ("web/plug.py", "import redis\nfrom web import both\n"),
            (
                "web/store.py",
                "from web import both\ndef late():\n    from web import later\n",
            ),
            ("web/both.py", "import yaml\n"),
            ("web/later.py", "import requests\n"),
            ("web/never.py", "import boto3\n"),
        ],
    );
    let answer = sandbox.json(1, &["deps", "venv", "web.main:app"]);
    assert_eq!(
        told(&answer, "needed"),
        ["pyyaml both.py:1", "requests later.py:1"]
    );
    assert_eq!(answer["needed"][1]["when"], "call");
    assert_eq!(
        told(&answer, "optional"),
        ["boto3 never.py:1", "redis plug.py:1"]
    );
}
