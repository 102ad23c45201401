//! A venv on a file system from which no program may be run.

use std::fs;

use crate::support::faults::needs_root;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

#[test]
fn a_venv_whose_programs_may_not_be_run_is_saved_when_forced_and_restored_and_nobody_is_blamed() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=64m,noexec") else {
        return;
    };
    let root = sandbox.path("disk/venv");
    venv::tiny(&root);
    let run = sandbox.code(3, &["check", "disk/venv"]);
    assert!(run.stdout.contains("(noexec)"), "{run}");
    let run = sandbox.code(3, &["save", "disk/venv"]);
    assert!(run.stderr.contains("(noexec)"), "{run}");
    for word in ["network", "as root", "Permission denied", "leaves it out"] {
        assert!(!run.stderr.contains(word), "{word}: {run}");
    }
    let good = Tree::of(&root);
    let saved = sandbox.snap(&["save", "--force", "disk/venv"]);
    assert!([0, 3].contains(&saved.code), "{saved}");
    fs::remove_file(root.join("bin/tool")).unwrap();
    let id = sandbox.ids().remove(0);
    sandbox.ok(&["restore", "disk/venv", &id]);
    good.assert_same(&Tree::of(&root), "restored");
}
