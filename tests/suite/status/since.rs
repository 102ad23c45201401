//! Since when a venv stands as it does, and what is no venv at all.

use std::fs;

use jiff::Timestamp;

use super::row;
use crate::support::{Sandbox, venv};

fn since(sandbox: &Sandbox, code: i32) -> Timestamp {
    let answer = sandbox.json(code, &["status"]);
    row(&answer, "venv")["since"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_venv_that_was_restored_is_sound_since_then_whether_anybody_saw_it_damaged_or_not() {
    // Whether it is looked at while it is sound, and while it is damaged.
    for (before, during) in [(false, false), (false, true), (true, false), (true, true)] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        if before {
            since(&sandbox, 0);
        }
        fs::remove_file(sandbox.venv().join(venv::SITE).join("click/core.py")).unwrap();
        let damaged = during.then(|| since(&sandbox, 1));
        let from = Timestamp::now();
        sandbox.ok(&["restore", "venv"]);
        let healed = since(&sandbox, 0);
        assert!(healed >= from, "{before} {during}: {healed} {from}");
        assert!(damaged.is_none_or(|damaged| damaged < healed));
        assert_eq!(since(&sandbox, 0), healed, "{before} {during}");
    }
}

#[test]
fn what_is_no_venv_is_told_as_unknown_and_nothing_of_it_is_kept() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::write(sandbox.path("file"), "").unwrap();
    fs::create_dir_all(sandbox.path("dir/bin")).unwrap();
    fs::create_dir(sandbox.path("empty")).unwrap();
    for (name, says) in [
        ("file", "it is no venv"),
        ("dir", "it is no venv"),
        ("empty", "it is no venv"),
        ("nothing", "there is no venv here"),
    ] {
        let run = sandbox.code(3, &["status", name]);
        assert!(!run.stderr.contains("hint"), "{name}: {run}");
        let answer = sandbox.json(3, &["status", name]);
        let told = row(&answer, name);
        assert_eq!(told["state"], "unknown", "{name}: {told}");
        assert!(
            told["reason"].as_str().unwrap().contains(says),
            "{name}: {told}"
        );
        let all = sandbox.json(0, &["status"]);
        assert_eq!(all["venvs"].as_array().unwrap().len(), 1, "{name}: {all}");
    }
    let told = fs::read_dir(sandbox.path("store/hosts"))
        .into_iter()
        .flatten()
        .flatten();
    for one in told {
        let text = fs::read_to_string(one.path()).unwrap_or_default();
        assert!(
            !text.contains("/empty") && !text.contains("/file"),
            "{text}"
        );
    }
    // One that was saved and is a file now is gone.
    fs::rename(sandbox.venv(), sandbox.path("away")).unwrap();
    fs::write(sandbox.venv(), "").unwrap();
    assert_eq!(row(&sandbox.json(1, &["status"]), "venv")["state"], "gone");
}
