//! Files of several owners in one venv, restored by one of them: others' files can neither be linked
//! (`protected_hardlinks`) nor made anew by this user.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown};
use std::path::Path;

use crate::support::faults::{needs_root, skipped};
use crate::support::{Run, Sandbox, Tree, venv};

/// A user without rights.
const USER: u32 = 65_534;

/// The program as that user.
fn as_user(sandbox: &Sandbox, args: &[&str]) -> Option<Run> {
    let mut command = std::process::Command::new("setpriv");
    sandbox.dress(&mut command);
    let (user, group) = (USER.to_string(), USER.to_string());
    let ids = ["--reuid", &user, "--regid", &group, "--clear-groups"];
    command.args(ids).arg(sandbox.path("snap")).args(args);
    let run = Run::of(command);
    if run.stderr.contains("setpriv") {
        skipped(1, "setpriv does not work here");
        return None;
    }
    Some(run)
}

/// A venv of that user in which root has some files.
fn mixed() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_snap"), sandbox.path("snap")).unwrap();
    venv::tiny(&sandbox.path("home/venv"));
    fs::create_dir(sandbox.path("store")).unwrap();
    for path in ["store", "home"] {
        chown(sandbox.path(path), Some(USER), Some(USER)).unwrap();
    }
    let root = sandbox.path("home/venv");
    for path in Tree::of(&root).0.keys() {
        lchown(root.join(path), Some(USER), Some(USER)).unwrap();
    }
    let site = root.join(venv::SITE);
    fs::hard_link(site.join("idna/core.py"), site.join("idna/same.py")).unwrap();
    for theirs in [
        site.join("idna/core.py"),
        site.join("click/utils.py"),
        root.join("pyvenv.cfg"),
        root.join("lib64"),
        site.join("idna"),
    ] {
        lchown(&theirs, Some(0), Some(0)).unwrap();
    }
    sandbox
}

#[test]
fn a_user_restores_what_is_hurt_beside_files_of_others() {
    if !needs_root() {
        return;
    }
    let verbs: [&[&str]; 6] = [
        &[],
        &["--copy"],
        &["--force"],
        &["--heal"],
        &["--only", "click"],
        &["--only", "lib/python3.11/site-packages/click/core.py"],
    ];
    for verb in verbs {
        let sandbox = mixed();
        let root = sandbox.path("home/venv");
        let Some(saved) = as_user(&sandbox, &["save", "home/venv", "--force"]) else {
            return;
        };
        assert_eq!(saved.code, 0, "{saved}");
        let good = Tree::of(&root);
        let hurt = |file: &Path| fs::write(file, b"").unwrap();
        hurt(&root.join(venv::SITE).join("click/core.py"));
        let args = [&["restore", "home/venv", "latest"], verb].concat();
        let run = as_user(&sandbox, &args).unwrap();
        assert_eq!(run.code, 0, "{verb:?}: {run}");
        assert!(run.stderr.contains("files of others"), "{verb:?}: {run}");
        good.assert_same(&Tree::of(&root), &format!("{verb:?}"));
        for command in [
            &["diff", "home/venv", "latest"][..],
            &["check", "home/venv"],
        ] {
            let run = as_user(&sandbox, command).unwrap();
            assert_eq!(run.code, 0, "{verb:?}: {run}");
        }
        let run = as_user(&sandbox, &["restore", "home/venv", "latest"]).unwrap();
        assert!(run.stdout.starts_with("nothing to do"), "{verb:?}: {run}");
    }
}
