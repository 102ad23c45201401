//! Where the system starts no further process, nothing is known of what was to be run: that is no finding.

use std::fs;
use std::process::{Command, Stdio};

use super::limits::{Place, has_prlimit};
use crate::support::faults::{needs_root, skipped};
use crate::support::venv;

/// `check --import` told each module as broken, and `rebuild` the interpreter as gone.
#[test]
fn what_cannot_be_started_is_no_finding() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let place = Place::new("61193");
    let root = place.sandbox.path("home/venv");
    fs::remove_dir_all(&root).unwrap();
    // One that every user may run.
    let mut made = Command::new("/usr/bin/python3");
    made.args(["-m", "venv", "--without-pip"]).arg(&root);
    if !made
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
    {
        skipped(1, "/usr/bin/python3 makes no venv");
        return;
    }
    let site = venv::site_packages(&root);
    venv::package(&root, &site, "idna", &["core.py"]);
    place.own();
    let saved = place.limited("--nofile=1024", &["save", "venv"]);
    assert_eq!(saved.code, 0, "{saved}");
    let whole = place.limited("--nofile=1024", &["check", "venv", "--import"]);
    assert_eq!(whole.code, 0, "{whole}");
    for args in [
        &["check", "venv", "--import"][..],
        &["rebuild", "venv", "-n"],
        &["rebuild", "venv", "-n", "--python", "/usr/bin/python3"],
        &["drill", "venv"],
    ] {
        let run = place.limited("--nproc=1", args);
        assert_eq!(run.code, 3, "{args:?}: {run}");
        let all = format!("{}{}", run.stdout, run.stderr);
        for word in [
            "import-failed",
            "fails",
            "is gone",
            "does not run",
            "panicked",
        ] {
            assert!(!all.contains(word), "{args:?}, {word}: {run}");
        }
        assert!(
            all.contains("started") || all.contains("cannot start"),
            "{args:?}: {run}"
        );
    }
}
