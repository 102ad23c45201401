//! What a snapshot does not have, since something was mounted over it or it could not be read when it was saved: where
//! nothing stands there by now, every verb says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::left_out::LeftOut;
use crate::support::faults::needs_root;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

/// A restore of such a snapshot said that what stands there stays, and ended with 0, while nothing stood there; `diff`
/// called it identical, and `check` damaged.
#[test]
fn what_a_snapshot_does_not_have_is_told_where_nothing_stands_there() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    venv::tiny(&root);
    let file = root.join(venv::SITE).join("click/utils.py");
    let content = fs::read(&file).unwrap();
    fs::write(sandbox.path("bundle"), b"of somebody else").unwrap();
    let Some(mount) = Mount::bind(&sandbox.path("bundle"), &file) else {
        return;
    };
    let saved = sandbox.json(0, &["save", "venv"]);
    assert_eq!(
        saved["snapshot"]["unreadable"][0],
        "lib/python3.11/site-packages/click/utils.py"
    );
    let run = sandbox.ok(&["save", "venv"]);
    assert!(
        run.stderr.contains("does not have what lies below"),
        "{run}"
    );
    drop(mount);
    let good = Tree::of(&root);
    // The file that lay below it is as good as any.
    sandbox.ok(&["diff", "venv"]);
    assert_eq!(sandbox.json(0, &["restore", "venv"])["mode"], "identical");
    fs::remove_file(&file).unwrap();
    let lacks = |args: &[&str]| {
        let text = sandbox.code(3, &[args, &["-n"]].concat());
        assert!(
            text.stdout.contains("nothing stands there"),
            "{args:?}: {text}"
        );
        let answer = sandbox.json(3, args);
        assert!(LeftOut::of(&answer).has("not-saved"), "{args:?}: {answer}");
    };
    let diff = sandbox.json(1, &["diff", "venv"]);
    let entries = diff["entries"].as_array().unwrap();
    let it = entries
        .iter()
        .find(|one| one["path"].as_str().unwrap().ends_with("utils.py"));
    assert_eq!(it.unwrap()["kind"], "missing", "{diff}");
    sandbox.code(1, &["check", "venv"]);
    lacks(&["restore", "venv"]);
    lacks(&["restore", "venv", "--heal"]);
    lacks(&["restore", "venv", "--only", "click"]);
    fs::write(root.join(venv::SITE).join("idna/core.py"), b"").unwrap();
    let part = sandbox.json(0, &["restore", "venv", "--only", "idna"]);
    assert!(!LeftOut::of(&part).has("not-saved"), "{part}");
    fs::remove_dir_all(&root).unwrap();
    lacks(&["restore", "venv"]);
    sandbox.code(1, &["diff", "venv"]);
    lacks(&["restore", "venv", "--to", "there"]);
    // By hand it comes back, and then all is as it was.
    fs::write(&file, content).unwrap();
    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(&file, mode).unwrap();
    sandbox.ok(&["diff", "venv"]);
    sandbox.ok(&["check", "venv"]);
    let paths = |tree: &Tree| tree.0.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(&good), paths(&Tree::of(&root)));
}
