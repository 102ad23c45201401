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

/// Ways in which a program leaves before what follows, here and on no other system.
const LEAVES: [&str; 14] = [
    "def a():\n    if sys.platform != 'win32':\n        return\n    import MODULE\n",
    "def a():\n    if os.name == 'posix':\n        return None\n    import MODULE\n",
    "def a():\n    if platform.system() != 'Windows':\n        raise OSError('a')\n    import MODULE\n",
    "if not sys.platform.startswith('win'):\n    sys.exit(1)\nimport MODULE\n",
    "if sys.platform not in ('win32', 'cygwin', 'darwin'):\n    raise ImportError('a')\nimport MODULE\n",
    "assert sys.platform == 'win32'\nimport MODULE\n",
    "def a():\n    assert platform.system().lower() == 'windows', 'a'\n    import MODULE\n",
    "if os.name == 'posix':\n    x = 1\nelse:\n    import MODULE\n",
    "WIN = sys.platform == 'win32'\ndef a():\n    if not WIN:\n        return\n    import MODULE\n",
    "def a():\n    for b in c:\n        if os.name != 'nt':\n            continue\n        import MODULE\n",
    "def a():\n    if sys.platform == 'linux':\n        if b:\n            return 1\n        else:\n            \
     raise OSError\n    import MODULE\n",
    "def a():\n    if sys.platform == 'win32':\n        b()\n    elif os.name == 'posix':\n        return\n    \
     import MODULE\n",
    "match sys.platform:\n    case 'win32' | 'darwin':\n        import MODULE\n    case _:\n        pass\n",
    "def a():\n    match platform.system():\n        case 'Windows' as b:\n            import MODULE\n",
];

/// Those that come to what follows.
const STAYS: [&str; 7] = [
    "def a():\n    if sys.platform == 'win32':\n        return\n    import MODULE\n",
    "def a():\n    if b:\n        return\n    import MODULE\n",
    "assert sys.platform == 'linux'\nimport MODULE\n",
    "def a():\n    for b in c:\n        if os.name == 'posix':\n            break\n    import MODULE\n",
    "def a():\n    def b():\n        return 1\n    import MODULE\n",
    "if sys.platform != 'win32':\n    if b:\n        sys.exit()\nimport MODULE\n",
    "match sys.platform:\n    case 'linux':\n        b = 1\nimport MODULE\n",
];

#[test]
fn what_follows_where_this_system_leaves_is_not_needed() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[]);
    let head = "import os, sys, platform\n";
    for text in LEAVES {
        for module in ["winreg", "AppKit", "win32api", "requests"] {
            write(
                &sandbox,
                "one/run.py",
                &(head.to_owned() + &text.replace("MODULE", module)),
            );
            let answer = sandbox.json(0, &["deps", "venv", "one/run.py"]);
            assert_eq!(answer["clean"], true, "{text}: {answer}");
        }
    }
    for text in STAYS {
        write(
            &sandbox,
            "one/run.py",
            &(head.to_owned() + &text.replace("MODULE", "requests")),
        );
        let answer = sandbox.json(1, &["deps", "venv", "one/run.py"]);
        assert_eq!(told(&answer, "needed").len(), 1, "{text}: {answer}");
    }
}

#[test]
fn a_module_of_another_system_is_told_as_that_and_never_to_be_installed() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[]);
    for (module, system) in [
        ("winreg", "Windows"),
        ("msvcrt", "Windows"),
        ("_winapi", "Windows"),
        ("win32api", "Windows"),
        ("win32com.client", "Windows"),
        ("AppKit", "macOS"),
        ("Foundation", "macOS"),
        ("urllib2", "Python 2"),
    ] {
        write(&sandbox, "one/run.py", &format!("import {module}\n"));
        let answer = sandbox.json(1, &["deps", "venv", "one/run.py"]);
        assert_eq!(answer["nameless"][0]["only_on"], system, "{answer}");
        assert_eq!(
            answer["nameless"][0]["perhaps"],
            serde_json::json!([]),
            "{answer}"
        );
        assert_eq!(answer["install"], serde_json::Value::Null, "{answer}");
        let run = sandbox.code(1, &["deps", "venv", "one/run.py"]);
        let said = format!("the module {module} is one of {system} alone");
        assert!(run.stdout.contains(&said), "{run}");
        // In a function it is asked for where the system is another one, be that told or not.
        write(
            &sandbox,
            "one/run.py",
            &format!("def a():\n    import {module}\n"),
        );
        sandbox.json(0, &["deps", "venv", "one/run.py"]);
    }
}
