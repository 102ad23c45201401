//! What an interrupted restore left, where more happened to it before the next command came (promises 4 and 9).

use crate::support::meanwhile::kept;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};

use crate::support::killed::{
    JOURNAL, MINE, STAGING, hurt_venv, killed, killed_after_the_exchange, killed_while_it_removed,
};
use crate::support::{Run, Sandbox, Tree, faults::can_trace, venv};

/// Runs a command while somebody else has the store for themselves.
fn while_locked(sandbox: &Sandbox, args: &[&str]) -> Run {
    let lock = fs::File::open(sandbox.path("store/lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    sandbox.snap(&[args, &["--store", "other", "--lock-wait", "0"]].concat())
}

#[test]
fn what_a_removal_left_and_somebody_changed_is_no_whole_tree() {
    // The rest became the newest incident, and undo made a venv of three files.
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = killed_while_it_removed();
    venv::append(sandbox.path(STAGING).join(MINE), "and its end\n");
    let run = sandbox.ok(&["diff", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    sandbox.ok(&["undo", "venv"]);
    let mine = fs::read(sandbox.venv().join(MINE)).unwrap();
    assert_eq!(mine, b"the last copy\nand its end\n");
    let (mut now, mut hurt) = (Tree::of(&sandbox.venv()), hurt);
    now.0.remove(std::path::Path::new(MINE));
    hurt.0.remove(std::path::Path::new(MINE));
    hurt.assert_same(&now, "undone");
}

#[test]
fn a_restore_that_was_interrupted_while_it_staged_waits_for_its_store() {
    // Its journal went, and the incident that it names stayed for ever.
    if !can_trace() {
        return;
    }
    let (sandbox, _, hurt) = killed("linkat", &[], |sandbox| sandbox.path(STAGING).exists());
    let saves = |sandbox: &Sandbox| {
        let list = sandbox.json(0, &["list"]);
        list["snapshots"].as_array().unwrap().len()
    };
    assert_eq!(saves(&sandbox), 2, "the save, and the incident");
    let run = while_locked(&sandbox, &["save", "venv", "--force"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.contains("left for the next command"), "{run}");
    assert!(sandbox.path(JOURNAL).exists(), "{run}");
    // Who wants to restore has to wait.
    let run = while_locked(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 11, "{run}");
    assert!(run.stderr.contains("hint: "), "{run}");
    assert!(sandbox.path(JOURNAL).exists(), "{run}");
    let run = sandbox.code(1, &["diff", "venv"]);
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    assert_eq!(saves(&sandbox), 1, "the incident is taken back");
    hurt.assert_same(&Tree::of(&sandbox.venv()), "not restored");
}

#[test]
fn a_restore_that_was_interrupted_after_its_exchange_waits_for_its_store() {
    // The replaced tree was kept by a name, though all of it was in the store already.
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = killed_after_the_exchange();
    let run = while_locked(&sandbox, &["save", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.contains("left for the next command"), "{run}");
    assert_eq!(kept(&sandbox), Vec::<PathBuf>::new(), "{run}");
    assert!(sandbox.path(STAGING).exists() && sandbox.path(JOURNAL).exists());
    let run = sandbox.ok(&["diff", "venv"]);
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    assert_eq!(kept(&sandbox), Vec::<PathBuf>::new(), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    sandbox.ok(&["undo", "venv"]);
    hurt.assert_same(&Tree::of(&sandbox.venv()), "undone");
}

#[test]
fn a_restore_that_was_interrupted_after_its_exchange_waits_for_who_opens_the_index() {
    // A look did not wait for who held it: the replaced tree was kept by a name, and undo refused.
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = killed_after_the_exchange();
    let index = fs::File::open(sandbox.path("store")).unwrap();
    flock(&index, FlockOperation::LockExclusive).unwrap();
    let run = sandbox.snap(&["diff", "venv", "--lock-wait", "0"]);
    assert!(run.stderr.contains("left for the next command"), "{run}");
    assert_eq!(kept(&sandbox), Vec::<PathBuf>::new(), "{run}");
    assert!(sandbox.path(STAGING).exists() && sandbox.path(JOURNAL).exists());
    let run = std::thread::scope(|scope| {
        let look = scope.spawn(|| sandbox.ok(&["diff", "venv", "--lock-wait", "0"]));
        std::thread::sleep(std::time::Duration::from_secs(1));
        drop(index);
        look.join().unwrap()
    });
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    assert_eq!(kept(&sandbox), Vec::<PathBuf>::new(), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    sandbox.ok(&["undo", "venv"]);
    hurt.assert_same(&Tree::of(&sandbox.venv()), "undone");
}

#[test]
fn a_store_that_is_not_there_holds_up_no_look_and_no_restore() {
    // Its disk may only not be mounted. A look took it for gone, and the incident of no restore stayed for ever.
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = killed("linkat", &[], |sandbox| sandbox.path(STAGING).exists());
    let (store, elsewhere) = (sandbox.path("store"), sandbox.path("elsewhere"));
    fs::rename(&store, &elsewhere).unwrap();
    let run = sandbox.ok(&["save", "venv", "--force", "--store", "other"]);
    assert!(run.stderr.contains("left for the next command"), "{run}");
    assert!(sandbox.path(JOURNAL).exists(), "{run}");
    hurt.assert_same(&Tree::of(&sandbox.venv()), "not restored");
    fs::rename(&elsewhere, &store).unwrap();
    sandbox.code(1, &["diff", "venv"]);
    assert_eq!(sandbox.ids().len(), 1, "the incident is taken back");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
    // Who restores from another store has no need of it.
    let run = sandbox.snap_traced(&["linkat:signal=KILL:when=1"], &["restore", "venv"]);
    assert!(run.code == 137 && sandbox.path(JOURNAL).exists(), "{run}");
    fs::rename(&store, &elsewhere).unwrap();
    venv::write(
        &sandbox.venv(),
        "bin/tool",
        &good.0[std::path::Path::new("bin/tool")].content,
    );
    fs::remove_file(sandbox.venv().join("pyvenv.cfg")).unwrap();
    let run = sandbox.ok(&["restore", "venv", "--store", "other", "--force"]);
    assert!(run.stderr.contains("did not happen"), "{run}");
    assert!(sandbox.venv().join("pyvenv.cfg").exists());
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn a_look_does_not_wait_for_a_store_that_somebody_holds() {
    // It had a venv to look at, and waited for the whole time that --lock-wait gives to its own store.
    if !can_trace() {
        return;
    }
    let (sandbox, _, _) = killed("linkat", &[], |sandbox| sandbox.path(STAGING).exists());
    let lock = fs::File::open(sandbox.path("store/lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let start = std::time::Instant::now();
    let args = [
        "save",
        "venv",
        "--force",
        "--store",
        "other",
        "--lock-wait",
        "100",
    ];
    let run = sandbox.ok(&args);
    assert!(run.stderr.contains("left for the next command"), "{run}");
    assert!(start.elapsed().as_secs() < 90, "{run}");
}

#[test]
fn a_write_through_the_old_tree_before_a_kill_does_not_stay_in_the_new_venv() {
    // Both trees share the good files until the old one goes.
    if !can_trace() {
        return;
    }
    let (sandbox, good, _) = killed_after_the_exchange();
    let path = format!("{}/idna/core.py", venv::SITE);
    venv::append(sandbox.path(STAGING).join(&path), "# late\n");
    let shared = fs::read_to_string(sandbox.venv().join(&path)).unwrap();
    assert!(shared.ends_with("# late\n"), "it is not shared");
    let run = sandbox.ok(&["diff", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "completed");
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    sandbox.ok(&["undo", "venv"]);
    let late = fs::read_to_string(sandbox.venv().join(&path)).unwrap();
    assert!(late.ends_with("# late\n"), "it is in no incident");
}

#[test]
fn check_settles_what_a_restore_left_as_well() {
    if !can_trace() {
        return;
    }
    let (sandbox, good, _) = killed_after_the_exchange();
    let run = sandbox.ok(&["check", "venv"]);
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "completed");
}

#[test]
fn a_look_at_a_venv_between_two_renames_brings_it_back() {
    // There is no venv in that moment, and the look ended before it found out why.
    if !can_trace() {
        return;
    }
    for look in ["diff", "check", "save"] {
        let (sandbox, good, _) = killed("renameat", &["renameat2:error=EINVAL"], |sandbox| {
            !sandbox.venv().exists()
        });
        let run = sandbox.ok(&[look, "venv"]);
        good.assert_same(&Tree::of(&sandbox.venv()), look);
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    }
}

#[test]
fn two_renames_are_announced_before_the_first() {
    if !can_trace() {
        return;
    }
    let mut told = false;
    for n in 1..30 {
        let (sandbox, _) = hurt_venv();
        let kill = format!("renameat:signal=KILL:when={n}");
        let run = sandbox.snap_traced(&["renameat2:error=EINVAL", &kill], &["restore", "venv"]);
        if run.code == 137 && !sandbox.venv().exists() {
            assert!(run.stderr.contains("two renames"), "{run}");
            told = true;
        }
    }
    assert!(told, "no kill came between the renames");
}

/// A venv whose name only just fits, or is no text, is kept under a name that fits, and put back under its own.
#[test]
fn long_names_and_names_that_are_no_text_are_kept_and_put_back() {
    if !can_trace() {
        return;
    }
    let long = "環".repeat(80);
    let names: [&[u8]; 3] = [long.as_bytes(), b"ve\xffnv", &[0xff; 200]];
    for name in names {
        let name = OsStr::from_bytes(name);
        let sandbox = Sandbox::new();
        let path = sandbox.root().join(name);
        let run = |args: &[&str]| {
            let mut command = sandbox.command(args);
            command.arg(name);
            Run::of(command)
        };
        venv::tiny(&path);
        let saved = run(&["save"]);
        assert_eq!(saved.code, 0, "{saved}");
        fs::remove_file(path.join("bin/tool")).unwrap();
        let hurt = Tree::of(&path);
        let restored = run(&["restore", "--keep-old"]);
        assert_eq!(restored.code, 0, "{restored}");
        let kept = kept(&sandbox);
        assert_eq!(kept.len(), 1, "{restored}");
        hurt.assert_same(&Tree::of(&kept[0]), "kept");
        // One that no snapshot has is found by undo.
        let other = kept[0].with_file_name(
            kept[0]
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .rsplit_once('-')
                .unwrap()
                .0
                .to_owned()
                + "-1234abcd",
        );
        fs::rename(&kept[0], &other).unwrap();
        let undone = run(&["undo"]);
        assert_eq!(undone.code, 3, "{undone}");
        assert!(undone.stderr.contains("is kept as"), "{undone}");
        fs::remove_dir_all(other).unwrap();
        put_back(&sandbox, name);
    }
}

/// Kills a restore between its two renames, and lets what it staged get lost.
fn put_back(sandbox: &Sandbox, name: &OsStr) {
    let path = sandbox.root().join(name);
    for n in 1..30 {
        fs::remove_file(path.join("bin/tool")).ok();
        let hurt = Tree::of(&path);
        let kill = format!("renameat:signal=KILL:when={n}");
        let mut command = sandbox.traced(&["renameat2:error=EINVAL", &kill], &["restore"]);
        let run = Run::of({
            command.arg(name);
            command
        });
        if path.exists() || run.code != 137 {
            continue;
        }
        for entry in fs::read_dir(sandbox.root()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().ends_with("-staging") {
                fs::remove_dir_all(entry.path()).unwrap();
            }
        }
        let mut command = sandbox.command(&["diff"]);
        let run = Run::of({
            command.arg(name);
            command
        });
        assert_eq!(run.code, 1, "{run}");
        hurt.by_itself()
            .assert_same(&Tree::of(&path).by_itself(), "put back");
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
        return;
    }
    panic!("no kill came between the renames");
}

#[test]
fn a_store_that_may_not_be_written_is_waited_for_as_well() {
    if !can_trace() || !crate::support::faults::needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(mount) =
        crate::support::mounts::Mount::tmpfs(&sandbox.path("store"), "size=8m,mode=700")
    else {
        return;
    };
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let run = sandbox.snap_traced(&["linkat:signal=KILL:when=1"], &["restore", "venv"]);
    assert_eq!(run.code, 137, "{run}");
    assert_eq!(sandbox.ids().len(), 2, "the save, and the incident");
    mount.read_only(true);
    let run = sandbox.code(1, &["diff", "venv"]);
    assert!(run.stderr.contains("left for the next command"), "{run}");
    assert!(sandbox.path(JOURNAL).exists(), "{run}");
    mount.read_only(false);
    sandbox.code(1, &["diff", "venv"]);
    assert_eq!(sandbox.ids().len(), 1);
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn what_was_interrupted_beside_a_venv_that_is_being_restored_is_told_by_looks_and_waited_for_by_a_save()
 {
    // The lock is that of the directory around. The look said nothing, and a half replaced venv became a baseline.
    if !can_trace() {
        return;
    }
    let (sandbox, good, _) = killed_after_the_exchange();
    let ids = sandbox.ids();
    let around = fs::File::open(sandbox.root()).unwrap();
    flock(&around, FlockOperation::LockExclusive).unwrap();
    for look in ["diff", "check", "status"] {
        let run = sandbox.snap(&[look, "venv", "--lock-wait", "0"]);
        assert!(run.stderr.contains("another process is working"), "{run}");
        assert!(run.stderr.contains("left for the next command"), "{run}");
    }
    for args in [["save", "venv"], ["save", "--force"]] {
        let run = sandbox.snap(&[&args[..], &["--lock-wait", "0"]].concat());
        assert_eq!(run.code, 11, "{run}");
        assert!(run.stderr.contains("another process is working"), "{run}");
    }
    assert_eq!(sandbox.ids(), ids);
    assert!(sandbox.path(JOURNAL).exists() && sandbox.path(STAGING).exists());
    let run = std::thread::scope(|scope| {
        let save = scope.spawn(|| sandbox.ok(&["save", "venv", "--lock-wait", "60"]));
        drop(around);
        save.join().unwrap()
    });
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "completed");
}
