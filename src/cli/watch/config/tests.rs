//! Every mistake has its place, and what is right there.

use super::*;

const VENV: &str = "[[venv]]\npath = \"/srv/app/venv\"\n";

#[track_caller]
fn refused(text: &str, at: (usize, usize), says: &str) {
    let mistake = parse(text).expect_err(text);
    assert!(mistake.why.contains(says), "{text}\n{}", mistake.why);
    assert_eq!(position(text, mistake.at), at, "{text}\n{}", mistake.why);
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_is_allowed() {
    refused("", (1, 1), "no venv is guarded");
    refused(
        "[[venv]]\npath = 3\n",
        (2, 8),
        "`path` cannot be a number: write an absolute path",
    );
    refused("[[venv]]\npath = \"a\n", (2, 10), "");
    refused(
        "[[venv]]\npath = \"srv\"\n",
        (2, 8),
        "'srv' is no absolute path",
    );
    refused(
        "[[venv]]\nservice = { unit = \"a\" }\n",
        (1, 1),
        "needs its path",
    );
    refused(
        &format!("{VENV}healt = {{}}\n"),
        (3, 1),
        "did you mean `health`?",
    );
    refused(
        &format!("{VENV}policy = {{ mod = \"heal\" }}\n"),
        (3, 12),
        "did you mean `mode`?",
    );
    refused(
        &format!("{VENV}policy = {{ mode = \"hael\" }}\n"),
        (3, 19),
        "did you mean `heal`?",
    );
    refused(
        &format!("{VENV}policy = {{ heals = 0 }}\n"),
        (3, 20),
        "from 1 to 1000",
    );
    refused(
        &format!("{VENV}policy = {{ window = \"soon\" }}\n"),
        (3, 21),
        "no length of time",
    );
    refused(
        &format!("{VENV}policy = {{ window = \"0s\" }}\n"),
        (3, 21),
        "from 1s to 365d",
    );
}

#[test]
fn what_lacks_something_or_says_too_much_is_told_with_what_it_needs() {
    refused(&format!("{VENV}service = {{}}\n"), (3, 11), "one of unit");
    refused(
        &format!("{VENV}service = {{ command = [] }}\n"),
        (3, 23),
        "needs a program",
    );
    refused(
        &format!("{VENV}service = {{ command = [\"x\"] }}\n"),
        (3, 23),
        "no absolute path",
    );
    refused(
        &format!("{VENV}health = {{ url = \"ftp://x\" }}\n"),
        (3, 18),
        "no URL",
    );
    refused(
        &format!("{VENV}health = {{ every = \"60s\" }}\n"),
        (3, 10),
        "one of url",
    );
    refused(&format!("{VENV}{VENV}"), (3, 1), "guarded twice");
    refused(
        &format!("{VENV}[[alert]]\n"),
        (3, 1),
        "needs one of command",
    );
    refused(
        &format!("{VENV}[metrics]\nlisten = \"0.0.0.0:1\"\n"),
        (4, 10),
        "not loopback",
    );
    refused(
        &format!("{VENV}[ping]\nevery = \"60s\"\n"),
        (3, 1),
        "a ping needs",
    );
    refused("[defaults]\npath = \"/a\"\n", (2, 8), "of one venv");
    refused("[[vnv]]\n", (1, 3), "did you mean `venv`?");
    refused("ä = \"ä\" x\n", (1, 9), "");
}

#[test]
fn names_that_no_unit_has_are_told() {
    let long = "x".repeat(256);
    let units = [
        "../x",
        "",
        "-x.service",
        "a b.service",
        "a/b.service",
        ".service",
        "@x.service",
        "ä.service",
        &long,
    ];
    for unit in units {
        let line = format!("service = {{ unit = \"{unit}\" }}");
        refused(&format!("{VENV}{line}\n"), (3, 20), "is no name of a unit");
    }
}

/// Values that no machine could make right, each with its column and what is told of it.
const NEVER: &[(&str, usize, &str)] = &[
    ("service = { unit = \"app@.service\" }", 20, "is a template"),
    (
        "service = { unit = \"dev-sda.device\" }",
        20,
        "nobody starts",
    ),
    (
        "service = { command = [\"/usr/bin/\"] }",
        23,
        "is a directory",
    ),
    ("service = { command = [\"/a\", \"\\u0000\"] }", 23, "NUL"),
    ("health = { url = \"http://\" }", 18, "no URL"),
    ("health = { url = \"http://:80/\" }", 18, "no URL"),
    ("health = { url = \"http://a:99999/\" }", 18, "no URL"),
    ("health = { url = \"http://a:0/\" }", 18, "no URL"),
    ("health = { url = \"http://a:b/\" }", 18, "no URL"),
    ("health = { url = \"http://a..b/\" }", 18, "no URL"),
    ("health = { url = \"http://300.1.1.1/\" }", 18, "no URL"),
    ("health = { url = \"http://[::1/\" }", 18, "no URL"),
    ("health = { url = \"http://a b/\" }", 18, "no URL"),
    ("health = { url = \"http:/a/\" }", 18, "no URL"),
    ("[[alert]]\nwebhook_file = \"hook\"", 16, "no absolute path"),
    (
        "[[alert]]\nwebhook_file = \"/etc/hook/\"",
        16,
        "is a directory",
    ),
    (
        "[[alert]]\nwebhook_credential = \"../x\"",
        22,
        "no name of a credential",
    ),
    (
        "[[alert]]\nwebhook_credential = \"a:b\"",
        22,
        "no name of a credential",
    ),
    (
        "[[alert]]\nwebhook = \"http://a\"\nbearer_file = \"t\"",
        15,
        "no absolute path",
    ),
    (
        "[[alert]]\nwebhook = \"http://a\"\nbearer_credential = \"\"",
        21,
        "no name of a credential",
    ),
    ("[ping]\nurl_file = \"ping\"", 12, "no absolute path"),
    (
        "[ping]\nurl_credential = \"..\"",
        18,
        "no name of a credential",
    ),
    (
        "[metrics]\ntextfile = \"/var/lib/x/\"",
        12,
        "is a directory",
    ),
    ("[metrics]\nlisten = \"127.0.0.1:0\"", 10, "has no port"),
    (
        "[metrics]\nlisten = \"127.0.0.1:70000\"",
        10,
        "is no address",
    ),
    (
        "[defaults]\nservice = { unit = \"../x\" }",
        20,
        "is no name of a unit",
    ),
];

#[test]
fn what_cannot_be_is_told_where_it_stands() {
    for &(line, column, says) in NEVER {
        let at = 2 + line.lines().count();
        refused(&format!("{VENV}{line}\n"), (at, column), says);
    }
}

#[test]
fn paths_that_no_file_has_are_told() {
    let long = "x".repeat(256);
    for (path, says) in [
        ("/", "names no entry"),
        ("/srv/..", "names no entry"),
        ("/a\\u0000b", "NUL"),
        (&*format!("/{long}"), "more than 255"),
        ("~/venv", "no absolute path"),
    ] {
        refused(&format!("[[venv]]\npath = \"{path}\"\n"), (2, 8), says);
    }
}

#[test]
fn what_can_be_is_taken() {
    for good in [
        "service = { unit = \"app\" }",
        "service = { unit = \"app@one.service\" }",
        "service = { unit = \"dbus-org.x\\\\x2d1.socket\" }",
        "health = { url = \"http://[::1]:8000/health?x=1#y\" }",
        "health = { url = \"https://user:secret@web-1.example.org./\" }",
        "health = { url = \"http://127.0.0.1\" }",
    ] {
        let read = parse(&format!("{VENV}{good}\n"));
        assert!(read.is_ok(), "{good}: {}", read.unwrap_err().why);
    }
}

#[test]
fn what_has_the_wrong_brackets_is_told_with_the_right_ones() {
    refused("[venv]\npath = \"/a\"\n", (1, 1), "write [[venv]]");
    refused(
        &format!("{VENV}[alert]\ncommand = [\"/a\"]\n"),
        (3, 1),
        "write [[alert]]",
    );
    for name in ["ping", "defaults", "metrics"] {
        let text = format!("{VENV}[[{name}]]\n");
        refused(&text, (3, 1), &format!("write [{name}]"));
    }
    refused("venv = \"/srv/x\"\n", (1, 8), "write [[venv]] on a line");
}

/// Each key with a value of another type, and what is told of it.
#[test]
fn what_has_the_wrong_type_or_place_is_told_with_how_it_is_written() {
    for (line, column, says) in [
        (
            "service = \"app.service\"",
            11,
            "write service = { unit = \"app.service\" }",
        ),
        ("health = \"http://x/T0KEN\"", 10, "write health = { url ="),
        (
            "imports = true",
            11,
            "`imports` cannot be true or false: write imports = { every",
        ),
        (
            "imports = { every = 60 }",
            21,
            "with its unit, every = \"60s\"",
        ),
        ("imports = { every = \"60\" }", 21, "such as \"60s\""),
        (
            "integrity = \"1d\"",
            13,
            "write integrity = { every = \"1d\" }",
        ),
        ("integrity = {}", 13, "`every` is missing: write"),
        (
            "policy = \"heal\"",
            10,
            "write policy = { mode = \"heal\" }",
        ),
        (
            "policy = { heals = \"2\" }",
            20,
            "`heals` cannot be a text: write a whole number",
        ),
        ("policy = { heals = 2.5 }", 20, "write a whole number"),
        (
            "policy = { on_upgrade = true }",
            25,
            "write \"tell\" or \"save\"",
        ),
        ("policy = { settle = 60 }", 21, "settle = \"60s\""),
        ("mode = \"heal\"", 1, "it is a key of `policy`"),
        ("unit = \"a.service\"", 1, "it is a key of `service`"),
        ("webhook = \"http://x\"", 1, "it is a key of [[alert]]"),
        (
            "[[alert]]\ncommand = \"/x y\"",
            11,
            "write a list, command = [",
        ),
        (
            "[metrics]\nlisten = 9750",
            10,
            "write listen = \"127.0.0.1:9750\"",
        ),
        ("[metrics]\npath = \"/x\"", 1, "it is a key of [[venv]]"),
    ] {
        let text = format!("{VENV}{line}\n");
        let at = 2 + line.lines().count();
        refused(&text, (at, column), says);
        let mistake = parse(&text).unwrap_err();
        assert!(
            !mistake.why.contains("T0KEN") && !mistake.why.contains("struct"),
            "{}",
            mistake.why
        );
    }
}

#[test]
fn what_one_venv_does_not_say_its_defaults_do() {
    let text = format!(
        "[defaults]\npolicy = {{ mode = \"heal\", heals = 5 }}\nintegrity = {{ every = \"12h\" }}\n{VENV}policy = \
         {{ heals = 3 }}\n"
    );
    let rules = parse(&text).map_err(|mistake| mistake.why).unwrap();
    let venv = &rules.venvs[0];
    assert!(venv.policy.heals);
    assert_eq!(venv.policy.heals_max, 3);
    assert_eq!(venv.policy.failures, 3);
    assert_eq!(venv.integrity_every, Duration::from_hours(12));
    assert_eq!(venv.imports, None);
}

#[test]
fn the_example_that_is_shipped_is_understood() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/watch.toml");
    let rules = parse(&std::fs::read_to_string(path).unwrap())
        .map_err(|mistake| mistake.why)
        .unwrap();
    assert!(rules.venvs.len() == 2 && rules.receivers.len() == 2 && rules.ping.is_some());
}

#[test]
fn a_secret_is_never_shown() {
    let text = format!("{VENV}[[alert]]\nwebhook = \"https://host/T0KEN\"\n");
    let rules = parse(&text).map_err(|mistake| mistake.why).unwrap();
    assert!(!format!("{rules:?}").contains("T0KEN"));
}
