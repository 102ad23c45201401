//! Directories that `pip install --target` filled.

use std::fs;

use crate::support::answers::found;
use crate::support::{Sandbox, venv};

/// A directory with a package and its script, which pip moved there from where RECORD has it.
fn target() -> Sandbox {
    let sandbox = Sandbox::new();
    let root = sandbox.path("target");
    venv::package(&root, ".", "click", &["core.py"]);
    let script = b"#!/usr/bin/python3\nprint('click')\n";
    venv::write(&root, "bin/click", script);
    let row = format!("../../bin/click,{}\n", venv::recorded(script));
    venv::append(root.join("click-1.0.dist-info/RECORD"), &row);
    sandbox
}

#[test]
fn a_script_that_pip_moved_beside_the_packages_is_proved_by_its_row() {
    let sandbox = target();
    let script = sandbox.path("target/bin/click");
    let answer = sandbox.json(0, &["check", "target"]);
    assert_eq!(answer["unowned"].as_array().unwrap().len(), 0, "{answer}");
    fs::write(&script, "").unwrap();
    let answer = sandbox.json(1, &["check", "target"]);
    assert_eq!(found(&answer), ["file-emptied bin/click"], "{answer}");
    fs::write(&script, "#!/usr/bin/python3\nprint('c1ick')\n").unwrap();
    let answer = sandbox.json(1, &["check", "target"]);
    assert_eq!(found(&answer), ["file-altered bin/click"], "{answer}");
    // Another install there leaves its own scripts aside, or puts its `bin` in the place of this one.
    fs::remove_file(&script).unwrap();
    let answer = sandbox.json(0, &["check", "target"]);
    assert_eq!(found(&answer), [""; 0], "{answer}");
}

#[test]
fn what_is_emptied_beside_the_packages_comes_back_by_a_heal() {
    let sandbox = target();
    sandbox.ok(&["save", "--any", "target"]);
    let script = sandbox.path("target/bin/click");
    let before = fs::read(&script).unwrap();
    fs::write(&script, "").unwrap();
    let diff = sandbox.json(1, &["diff", "target"]);
    assert_eq!(diff["entries"][0]["class"], "damage", "{diff}");
    assert_eq!(diff["entries"][0]["package"], "click", "{diff}");
    sandbox.ok(&["restore", "target", "--heal"]);
    assert_eq!(fs::read(&script).unwrap(), before);
}
