//! Where directories cannot be exchanged: by two renames, or file by file, aloud (promise 2).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::support::damage::Damage;
use crate::support::faults::{can_trace, needs_root};
use crate::support::meanwhile::{in_incident, kept};
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

/// Hurts a venv in many ways at once.
fn hurt(sandbox: &Sandbox) {
    let site = sandbox.venv().join(venv::SITE);
    Damage::Delete.apply(&site.join("click/core.py"));
    Damage::Truncate.apply(&site.join("click/utils.py"));
    Damage::BecomeDirectory.apply(&site.join("idna/core.py"));
    Damage::Chmod.apply(&sandbox.venv().join("bin/tool"));
    fs::remove_dir_all(site.join("idna-1.0.dist-info")).unwrap();
    fs::write(
        site.join("idna-1.0.dist-info"),
        b"a file in place of a directory",
    )
    .unwrap();
    fs::create_dir_all(site.join("extra/deep")).unwrap();
    fs::write(site.join("extra/deep/file"), b"x").unwrap();
}

#[test]
fn a_file_system_without_exchange_gets_two_renames() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    for error in ["EINVAL", "ENOSYS", "EPERM"] {
        Damage::Delete.apply(&sandbox.venv().join("bin/tool"));
        let run = sandbox.snap_traced(
            &[&format!("renameat2@venv:error={error}")],
            &["restore", "venv"],
        );
        assert_eq!(run.code, 0, "{error}: {run}");
        assert!(run.stdout.contains("two renames"), "{error}: {run}");
        good.assert_same(&Tree::of(&sandbox.venv()), error);
        assert_eq!(sandbox.debris(), Vec::<String>::new());
    }
}

#[test]
fn a_venv_in_an_image_layer_is_restored_file_by_file() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_memory) = Mount::tmpfs(&sandbox.path("mem"), "size=64m") else {
        return;
    };
    venv::tiny(&sandbox.path("mem/lower/venv"));
    let Some(_overlay) = Mount::overlay(
        &sandbox.path("mem/lower"),
        &sandbox.path("layer"),
        &sandbox.path("mem"),
    ) else {
        return;
    };
    let good = Tree::of(&sandbox.path("layer/venv"));
    sandbox.ok(&["save", "layer/venv"]);
    std::os::unix::fs::symlink("layer/venv", sandbox.venv()).unwrap();
    hurt(&sandbox);
    let run = sandbox.ok(&["restore", "layer/venv"]);
    assert!(run.stderr.contains("one by one"), "{run}");
    assert!(run.stdout.contains("replaced one by one"), "{run}");
    good.assert_same(&Tree::of(&sandbox.path("layer/venv")), "in an overlay");
    assert_eq!(fs::read_dir(sandbox.path("layer")).unwrap().count(), 1);
}

#[test]
fn a_venv_that_is_a_mount_point_is_restored_file_by_file() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(mount) = Mount::tmpfs(&sandbox.venv(), "size=16m") else {
        return;
    };
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    hurt(&sandbox);
    let bad = Tree::of(&sandbox.venv());
    sandbox.code(3, &["restore", "venv", "--keep-old"]);
    bad.assert_same(&Tree::of(&sandbox.venv()), "refused");
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(run.stderr.contains("the venv is a mount point"), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "on a mount point");
    sandbox.ok(&["undo", "venv"]);
    bad.assert_same(&Tree::of(&sandbox.venv()), "undone on a mount point");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
    // A file system that may not be written is left alone.
    mount.read_only(true);
    let run = sandbox.code(3, &["restore", "venv"]);
    assert!(run.stderr.contains("hint: "), "{run}");
    // It can still be read, so it can be saved.
    sandbox.ok(&["save", "venv", "--force"]);
}

#[test]
fn a_venv_that_is_made_anew_after_a_cut_costs_nothing_of_what_was_replaced() {
    if !can_trace() {
        return;
    }
    let mut reached = false;
    for n in 1..20 {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        Damage::Delete.apply(&sandbox.venv().join("bin/tool"));
        venv::write(&sandbox.venv(), "lib/mine", b"the last copy");
        let kill = format!("unlinkat:signal=KILL:when={n}");
        let run = sandbox.snap_traced(&[&kill], &["restore", "venv"]);
        let staging = sandbox.path(".venv.snap-restore-staging");
        // Exchanged, and what was replaced not touched yet.
        if run.code != 137 || !staging.join("lib/mine").exists() {
            continue;
        }
        reached = true;
        remake_with_its_number(&sandbox.venv());
        venv::tiny(&sandbox.venv());
        let made = Tree::of(&sandbox.venv());
        let run = sandbox.snap(&["diff", "venv"]);
        assert!(run.stderr.contains("another venv was made since"), "{run}");
        made.assert_same(&Tree::of(&sandbox.venv()), "what was made anew");
        let kept = kept(&sandbox);
        assert_eq!(kept.len(), 1, "{run}");
        assert_eq!(
            fs::read(kept[0].join("lib/mine")).unwrap(),
            b"the last copy"
        );
        break;
    }
    assert!(reached, "no cut came between exchange and removal");
}

/// Removes a directory and makes it anew, with the number of the old one if the file system gives that out again.
fn remake_with_its_number(dir: &Path) {
    let number = fs::metadata(dir).unwrap().ino();
    fs::remove_dir_all(dir).unwrap();
    let others = dir.with_file_name("others");
    fs::create_dir(&others).unwrap();
    for n in 0..100 {
        let other = others.join(n.to_string());
        fs::create_dir(&other).unwrap();
        if fs::metadata(&other).unwrap().ino() == number {
            fs::rename(&other, dir).unwrap();
            break;
        }
    }
    fs::remove_dir_all(others).unwrap();
}

#[test]
fn a_file_that_was_linked_into_staging_and_is_written_to_before_the_fall_back_is_restored() {
    // What was staged was another name of the very file that was to be replaced: it was put over itself, and stayed as
    // it was.
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    Damage::Delete.apply(&sandbox.venv().join("bin/tool"));
    let path = format!("{}/idna/core.py", venv::SITE);
    let file = sandbox.venv().join(&path);
    // The exchange is held up, and then refused.
    let slow = "renameat2@venv:error=EXDEV:delay_enter=1500000";
    let run = sandbox.held_up(slow, &["restore", "venv"], || {
        assert_eq!(fs::metadata(&file).unwrap().nlink(), 2, "it is not shared");
        venv::append(&file, "# late\n");
    });
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("replaced one by one"), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "restored in place");
    assert!(in_incident(&sandbox, &path).ends_with("# late\n"), "{run}");
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
}
