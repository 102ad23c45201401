//! Labels that are written without their sign.

use crate::support::{Sandbox, venv};

/// Where a snapshot is named or could be, in whatever place of the command line that is.
#[test]
fn a_label_without_its_sign_is_asked_about_by_each_command_that_takes_a_snapshot() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--label", "before-deploy"]);
    let file = "before-deploy:pyvenv.cfg";
    for args in [
        &["diff", "before-deploy"][..],
        &["diff", "venv", "before-deploy"],
        &["check", "before-deploy"],
        &["restore", "before-deploy"],
        &["restore", "venv", "before-deploy"],
        &["log", "before-deploy"],
        &["list", "before-deploy"],
        &["cat", file],
        &["cat", file, "--venv", "venv"],
        &["cat", "before-deplo:pyvenv.cfg"],
        &["ls", "before-deploy"],
        &["show", "before-deploy"],
        &["pin", "before-deploy"],
        &["forget", "before-deploy"],
        &["export", "before-deploy", "x.tar"],
        &["copy", "before-deploy", "--to", "other"],
    ] {
        let run = sandbox.snap(args);
        assert!(run.code > 1, "{args:?}: {run}");
        let asked = run.stderr.contains("did you mean '@before-deploy'?");
        assert!(asked, "{args:?}: {run}");
    }
    // What shares nothing with a label is a path.
    let run = sandbox.snap(&["diff", "elsewhere"]);
    assert!(!run.stderr.contains("before-deploy"), "{run}");
    let run = sandbox.code(2, &["cat", "pyvenv.cfg"]);
    assert!(run.stderr.contains("'cat' wants SNAPSHOT:PATH"), "{run}");
}
