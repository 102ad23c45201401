//! Files of several owners in one venv, restored by one of them: others' files can neither be linked
//! (`protected_hardlinks`) nor made anew by this user.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown};
use std::path::Path;

use crate::support::faults::{needs_root, skipped};
use crate::support::sandbox::copy_program;
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
    copy_program(&sandbox.path("snap"));
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

/// The error named a file in staging and no way on, also where the whole venv was gone.
#[test]
fn what_others_own_comes_back_with_another_owner_when_that_is_said() {
    if !needs_root() {
        return;
    }
    let hurts: [fn(&Path); 2] = [
        |root| fs::write(root.join(venv::SITE).join("click/utils.py"), b"").unwrap(),
        |root| fs::remove_dir_all(root).unwrap(),
    ];
    for (number, hurt) in hurts.iter().enumerate() {
        let sandbox = mixed();
        let root = sandbox.path("home/venv");
        let snap = |code: i32, args: &[&str]| {
            let run = as_user(&sandbox, args)?;
            assert_eq!(run.code, code, "{number}: {args:?}: {run}");
            Some(run)
        };
        if snap(0, &["save", "home/venv", "--force"]).is_none() {
            return;
        }
        let good = Tree::of(&root);
        hurt(&root);
        let hurt = Tree::of(&sandbox.path("home"));
        let restore = ["restore", "home/venv", "latest"];
        let run = snap(3, &restore).unwrap();
        for words in ["click/utils.py", "of the owner 0:0", "run as root", "--yes"] {
            assert!(run.stderr.contains(words), "{number}: no '{words}': {run}");
        }
        hurt.assert_same(&Tree::of(&sandbox.path("home")), "nothing was changed");
        let run = snap(0, &[&restore[..], &["-n"]].concat()).unwrap();
        assert!(
            run.stdout.contains("left out: the owner 0:0"),
            "{number}: {run}"
        );
        let run = snap(0, &[&restore[..], &["--yes"]].concat()).unwrap();
        assert!(
            run.stdout.contains("left out: the owner 0:0"),
            "{number}: {run}"
        );
        let (mut good, mut now) = (good, Tree::of(&root));
        for tree in [&mut good, &mut now] {
            tree.0.values_mut().for_each(|record| record.owner = (0, 0));
        }
        good.assert_same(&now, &format!("{number}"));
        for command in [
            &["diff", "home/venv", "latest"][..],
            &["check", "home/venv"],
        ] {
            snap(0, command);
        }
        let run = snap(0, &restore).unwrap();
        assert!(run.stdout.starts_with("nothing to do"), "{number}: {run}");
    }
}

/// Nothing can be replaced there by anybody but its owner: that was found out with half of it done.
#[test]
fn what_lies_in_a_directory_of_others_is_named_before_anything_is_changed() {
    if !needs_root() {
        return;
    }
    let sandbox = mixed();
    let root = sandbox.path("home/venv");
    let Some(saved) = as_user(&sandbox, &["save", "home/venv", "--force"]) else {
        return;
    };
    assert_eq!(saved.code, 0, "{saved}");
    fs::write(root.join(venv::SITE).join("idna/core.py"), b"").unwrap();
    fs::write(root.join("bin/tool"), b"").unwrap();
    let hurt = Tree::of(&sandbox.path("home"));
    for more in [&[][..], &["--yes"]] {
        let run = as_user(
            &sandbox,
            &[&["restore", "home/venv", "latest"], more].concat(),
        )
        .unwrap();
        assert_eq!(run.code, 3, "{run}");
        let words = [
            "cannot replace",
            "idna/core.py",
            "run it as the owner or as root",
        ];
        assert!(
            words.iter().all(|words| run.stderr.contains(words)),
            "{run}"
        );
        hurt.assert_same(&Tree::of(&sandbox.path("home")), "nothing was changed");
    }
}
