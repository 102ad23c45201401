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

/// It was called a copy of the venv whose pip filled it, and could not be saved.
#[test]
fn scripts_run_the_python_of_the_pip_that_filled_a_directory() {
    let sandbox = Sandbox::new();
    let root = sandbox.path("target");
    venv::tiny(&sandbox.venv());
    let python = sandbox.venv().join("bin/python");
    venv::package(&root, ".", "click", &["core.py"]);
    let script = format!("#!{}\nprint('click')\n", python.display());
    venv::write(&root, "bin/click", script.as_bytes());
    let row = format!("../../bin/click,{}\n", venv::recorded(script.as_bytes()));
    venv::append(root.join("click-1.0.dist-info/RECORD"), &row);
    let answer = sandbox.json(0, &["check", "target"]);
    assert_eq!(found(&answer), [""; 0], "{answer}");
    sandbox.ok(&["save", "--any", "target"]);
    // What is damaged there comes again by the command that filled it: there is no interpreter.
    fs::write(root.join("click/core.py"), "").unwrap();
    let run = sandbox.code(1, &["check", "target"]);
    let again = format!(
        "python3 -m pip install --target {} --upgrade",
        root.display()
    );
    assert!(run.stdout.contains(&again), "{run}");
    fs::remove_dir_all(sandbox.path("store")).unwrap();
    let run = sandbox.code(1, &["check", "target"]);
    assert!(!run.stderr.contains("snap rebuild"), "{run}");
    assert!(run.stderr.contains("pip install --target"), "{run}");
}
