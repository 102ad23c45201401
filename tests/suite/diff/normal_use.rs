//! What changes in normal use and no distribution lists is told and is no damage: caches, what other package managers
//! keep, what programs write. A heal leaves all of it.

use std::fs;

use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::{Sandbox, Tree, venv};

/// The findings of `check`, as `check path`, without those of what the venv brought along.
pub(super) fn told(sandbox: &Sandbox, code: i32) -> Vec<String> {
    let check = sandbox.json(code, &["check", "venv"]);
    let findings = check["findings"].as_array().unwrap().iter();
    let told = findings.map(|one| {
        let path = one["path"].as_str().unwrap_or_default();
        format!("{} {path}", one["check"].as_str().unwrap())
    });
    told.collect()
}

/// What `diff` calls entries of some class, as `kind path use`.
pub(super) fn classed(sandbox: &Sandbox, code: i32, class: &str) -> Vec<String> {
    let diff = sandbox.json(code, &["diff", "venv"]);
    let entries = diff["entries"].as_array().unwrap().iter();
    let told = entries.filter(|one| one["class"] == class && one["kind"] != "mtime");
    let told = told.map(|one| {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let normal_use = word(&one["detail"]["normal_use"]);
        format!("{} {} {normal_use}", word(&one["kind"]), word(&one["path"]))
            .trim()
            .to_owned()
    });
    told.collect()
}

/// A heal changes nothing.
#[track_caller]
pub(super) fn is_left(sandbox: &Sandbox) {
    let before = Tree::of(&sandbox.venv());
    sandbox.ok(&["restore", "venv", "--heal"]);
    before.assert_same(&Tree::of(&sandbox.venv()), "what changed in normal use");
}

/// A saved tree with what programs and other package managers write into a venv.
fn lived_in() -> Sandbox {
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    venv::tiny(&root);
    for (path, text) in LIVED_IN {
        venv::write(&root, &path.replace("SITE", venv::SITE), text.as_bytes());
    }
    venv::age(&root, 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    sandbox
}

const LIVED_IN: [(&str, &str); 11] = [
    // numba keeps machine code beside the bytecode of those who ask for it, whoever they belong to.
    (
        "SITE/click/__pycache__/core.f-2.py311.1.nbc",
        "machine code of a function\n",
    ),
    (
        "SITE/click/__pycache__/core.f-2.py311.nbi",
        "an index of machine code\n",
    ),
    (
        "tests/.pytest_cache/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\n",
    ),
    (
        "tests/.pytest_cache/v/cache/lastfailed",
        "{\"test_one.py::test\": true}\n",
    ),
    (
        "var/named-by-nobody/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\n",
    ),
    (
        "var/named-by-nobody/deep/entry",
        "what a program can make anew\n",
    ),
    (
        "web/package-lock.json",
        "{\"lockfileVersion\": 3, \"packages\": {}}\n",
    ),
    (
        "web/node_modules/left-pad/index.js",
        "module.exports = leftPad;\n",
    ),
    (
        "lib/node_modules/npm/index.js",
        "module.exports = require('npm');\n",
    ),
    (
        "var/state.json",
        "{\"last\": \"2023-11-14\", \"runs\": 12}\n",
    ),
    ("SITE/own.py", "rate = 1\nlimit = 200000000\n"),
];

#[test]
fn run_time_caches_and_other_package_managers_are_drift_whatever_becomes_of_them() {
    let sandbox = lived_in();
    let backup = sandbox.path("backup");
    venv::copy(&sandbox.venv(), &backup);
    for (path, normal_use) in [
        (
            format!("{}/click/__pycache__/core.f-2.py311.1.nbc", venv::SITE),
            "cache",
        ),
        (
            format!("{}/click/__pycache__/core.f-2.py311.nbi", venv::SITE),
            "cache",
        ),
        ("tests/.pytest_cache/v/cache/lastfailed".to_owned(), "cache"),
        ("var/named-by-nobody/deep/entry".to_owned(), "cache"),
        ("web/node_modules/left-pad/index.js".to_owned(), "foreign"),
        ("lib/node_modules/npm/index.js".to_owned(), "foreign"),
    ] {
        for hurt in Damage::ALL
            .into_iter()
            .filter(|hurt| !matches!(hurt, Damage::Touch | Damage::Chown))
        {
            hurt.apply(&sandbox.venv().join(&path));
            assert_eq!(classed(&sandbox, 1, "damage"), [""; 0], "{hurt:?} {path}");
            let drift = classed(&sandbox, 1, "drift");
            assert_eq!(drift[0], format!("{} {path} {normal_use}", hurt.kind()));
            is_left(&sandbox);
            sandbox.ok(&["check", "venv"]);
            venv::put_back(&backup, &sandbox.venv());
        }
    }
    // Who has the list of what belongs there is named.
    fs::write(
        sandbox.venv().join("web/node_modules/left-pad/index.js"),
        "other\n",
    )
    .unwrap();
    let diff = sandbox.json(1, &["diff", "venv"]);
    let entries = diff["entries"].as_array().unwrap();
    let index = entries
        .iter()
        .find(|one| one["path"] == "web/node_modules/left-pad/index.js")
        .unwrap();
    assert_eq!(index["detail"]["lock"], "web/package-lock.json", "{diff}");
    let text = sandbox.code(1, &["diff", "venv"]).stdout;
    assert!(
        text.contains("'web/package-lock.json' tells what belongs there"),
        "{text}"
    );
}

/// A heal took a deployed module, and the state of a program, back to what the snapshot had.
#[test]
fn what_nobody_lists_is_drift_where_it_was_written_anew_and_is_whole_by_its_format() {
    let sandbox = lived_in();
    let own = format!("{}/own.py", venv::SITE);
    let write = |path: &str, text: &str| fs::write(sandbox.venv().join(path), text).unwrap();
    write(&own, "rate = 2\nlimit = 200000000\n");
    write(
        "var/state.json",
        "{\"last\": \"2024-01-01\", \"runs\": 13}\n",
    );
    let both = [
        format!("altered {own} rewritten"),
        "altered var/state.json rewritten".to_owned(),
    ];
    assert_eq!(classed(&sandbox, 1, "drift"), both);
    assert_eq!(classed(&sandbox, 1, "damage"), [""; 0]);
    is_left(&sandbox);
    // Neither is whole.
    write(&own, "rate = (\nlimit = 2\n");
    write("var/state.json", "{\"last\": \"2024-01-0");
    assert_eq!(classed(&sandbox, 1, "drift"), [""; 0]);
    sandbox.ok(&["restore", "venv", "--heal"]);
    assert_eq!(classed(&sandbox, 0, "damage"), [""; 0]);
}

#[test]
fn what_nobody_lists_is_damage_where_it_lost_content_or_changed_without_a_trace() {
    let sandbox = lived_in();
    let good = Tree::of(&sandbox.venv()).without_bytecode();
    let hurts = [
        Damage::Delete,
        Damage::Empty,
        Damage::Truncate,
        Damage::ZeroTail,
        Damage::AlterKeepingTime,
    ];
    for path in [
        format!("{}/own.py", venv::SITE),
        "var/state.json".to_owned(),
    ] {
        for hurt in hurts {
            hurt.apply(&sandbox.venv().join(&path));
            let damage = classed(&sandbox, 1, "damage");
            assert_eq!(damage, [format!("{} {path}", hurt.kind())]);
            sandbox.ok(&["restore", "venv", "--heal"]);
            good.assert_same(
                &Tree::of(&sandbox.venv()).without_bytecode(),
                &format!("{hurt:?} {path}"),
            );
        }
    }
}

/// An old journal beside a newer database would spoil it.
#[test]
fn what_comes_and_goes_beside_a_running_program_is_never_brought_back() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let passing = [
        "app.log",
        "app.log.1",
        "app.pid",
        "app.db-wal",
        "app.db-shm",
        "app.db-journal",
        "app.lock",
    ];
    for name in passing {
        venv::write(&sandbox.venv(), &format!("var/{name}"), b"4711, or more\n");
    }
    venv::write(&sandbox.venv(), "var/uv.lock", &[b'x'; 100]);
    sandbox.ok(&["save", "venv"]);
    for name in passing {
        fs::remove_file(sandbox.venv().join("var").join(name)).unwrap();
    }
    assert_eq!(classed(&sandbox, 1, "drift").len(), passing.len());
    is_left(&sandbox);
    // That is a list, and no lock.
    fs::remove_file(sandbox.venv().join("var/uv.lock")).unwrap();
    assert_eq!(classed(&sandbox, 1, "damage"), ["missing var/uv.lock"]);
}
