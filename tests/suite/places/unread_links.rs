//! Links that a mount gives to nobody: sshfs of 2026 keeps absolute ones to itself, and each venv has some.

use std::fs;
use std::os::unix::fs::symlink;

use super::file_systems::sshfs;
use crate::support::faults::{needs_root, skipped};
use crate::support::{Sandbox, venv};

#[test]
fn a_link_that_a_mount_gives_to_nobody_is_no_damage_and_it_is_said_where_it_can_be_read() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path("below/venv"));
    symlink("/usr/bin/env", sandbox.path("below/venv/bin/absolute")).unwrap();
    let Some(_mount) = sshfs(&sandbox, &sandbox.path("place")) else {
        return;
    };
    if fs::read_link(sandbox.path("place/venv/bin/absolute")).is_ok() {
        skipped(1, "this sshfs gives all links");
        return;
    }
    let run = sandbox.code(3, &["save", "place/venv"]);
    let words = ["bin/absolute", "on the machine that has the files"];
    assert!(
        words.iter().all(|words| run.stderr.contains(words)),
        "{run}"
    );
    let run = sandbox.code(3, &["check", "place/venv"]);
    assert!(
        run.stdout.contains("'bin/absolute' could not be looked at"),
        "{run}"
    );
    // What could be read of it is kept when that is wanted, and the same venv is sound where it lies.
    sandbox.code(3, &["save", "place/venv", "--force"]);
    sandbox.ok(&["check", "below/venv"]);
    // What nobody could read is not made there.
    sandbox.ok(&["save", "below/venv"]);
    for args in [&["-n"][..], &[], &["--yes", "--force"]] {
        let to = ["restore", "below/venv", "--to", "place/new"];
        let run = sandbox.code(3, &[&to, args].concat());
        assert!(
            run.stderr.contains("no_contain_symlinks"),
            "{args:?}: {run}"
        );
        assert!(!sandbox.path("below/new").exists(), "{args:?}: {run}");
    }
}
