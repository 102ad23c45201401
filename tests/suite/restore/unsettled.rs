//! What fails after the exchange takes nothing back: it is told that the venv is restored, and the next command settles
//! the rest (promises 2, 9).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::damage::Damage;
use crate::support::faults::{can_trace, needs_root, skipped};
use crate::support::killed::{STAGING, killed_after_the_exchange};
use crate::support::meanwhile::kept;
use crate::support::mounts::Mount;
use crate::support::{Run, Sandbox, Tree, venv};

/// A file that may not even be removed, until this is dropped.
struct Immutable(PathBuf);

impl Immutable {
    fn new(path: &Path) -> Option<Self> {
        let works = needs_root() && chattr("+i", path);
        if !works {
            skipped(1, "no file can be made immutable here");
        }
        works.then(|| Self(path.to_owned()))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        chattr("-i", &self.0);
    }
}

fn chattr(how: &str, path: &Path) -> bool {
    let mut command = Command::new("chattr");
    let done = command.arg(how).arg(path).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

/// The program as root of a container, who may not take such a flag off; what is lost by it is agreed to.
fn restore(sandbox: &Sandbox, code: i32, more: &[&str]) -> Run {
    let mut command = Command::new("setpriv");
    sandbox.dress(&mut command);
    command
        .args([
            "--inh-caps=-linux_immutable",
            "--bounding-set=-linux_immutable",
        ])
        .arg(env!("CARGO_BIN_EXE_snap"))
        .args(["restore", "venv", "--yes"])
        .args(more);
    let run = Run::of(command);
    assert_eq!(run.code, code, "{run}");
    run
}

/// A saved venv that is damaged since, with what it was, a file that cannot be removed, and where the tree around that
/// will be left.
fn stuck() -> Option<(Sandbox, Tree, Immutable, PathBuf)> {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = alone(&sandbox);
    Damage::Truncate.apply(&sandbox.venv().join("bin/tool"));
    let file = Path::new(venv::SITE).join("idna/core.py");
    let old = sandbox.path(".venv.snap-restore-staging");
    let mut immutable = Immutable::new(&sandbox.venv().join(&file))?;
    immutable.0 = old.join(&file);
    Some((sandbox, good, immutable, old))
}

/// The venv as it is, whoever shares files with it: the tree that could not be removed does.
fn alone(sandbox: &Sandbox) -> Tree {
    let mut tree = Tree::of(&sandbox.venv());
    tree.0.values_mut().for_each(|record| record.group = None);
    tree
}

#[test]
fn a_replaced_tree_that_cannot_be_removed_is_told_and_the_venv_is_restored() {
    // The error said that something could not be removed, and nothing of the venv.
    let Some((sandbox, good, immutable, old)) = stuck() else {
        return;
    };
    let run = restore(&sandbox, 3, &[]);
    good.assert_same(&alone(&sandbox), "restored");
    assert!(run.stdout.starts_with("restored "), "{run}");
    for part in [
        format!("'{}' is restored, but", sandbox.venv().display()),
        "caused by: cannot remove".to_owned(),
        format!("is left as '{}'", old.display()),
    ] {
        assert!(run.stderr.contains(&part), "{part}: {run}");
    }
    assert!(old.exists());
    // Who only looks goes on; and once it can be removed, the next command does.
    let run = sandbox.ok(&["diff", "venv"]);
    assert!(run.stderr.contains("left for the next command"), "{run}");
    let told = sandbox.json(0, &["log", "venv"]);
    assert_eq!(told["events"][1]["verb"], "restore", "{told}");
    drop(immutable);
    sandbox.ok(&["diff", "venv"]);
    assert!(sandbox.debris().is_empty(), "{:?}", sandbox.debris());
    sandbox.ok(&["undo", "venv"]);
}

#[test]
fn a_replaced_tree_that_cannot_be_removed_blocks_no_restore_and_no_undo() {
    let Some((sandbox, good, immutable, old)) = stuck() else {
        return;
    };
    let run = restore(&sandbox, 3, &["--json"]);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told["left_old"], old.to_str().unwrap(), "{told}");
    assert_eq!(run.told().pop().unwrap()["error"]["exit_code"], 3, "{run}");
    let incident = told["incident"].as_str().unwrap();
    let within = immutable.0.strip_prefix(&old).unwrap().to_owned();
    Damage::Delete.apply(&sandbox.venv().join("pyvenv.cfg"));
    let run = sandbox.ok(&["restore", "venv"]);
    let kept = kept(&sandbox).pop().unwrap();
    let moved = Immutable(kept.join(within));
    assert!(run.stderr.contains("cannot be removed"), "{run}");
    // They share no file any more: one that writes into the rest writes into nobody's venv.
    good.assert_same(&Tree::of(&sandbox.venv()), "restored again");
    assert!(sandbox.debris().is_empty(), "{run}");
    // It is no state of the venv, and in nobody's way, also when its snapshot is forgotten.
    sandbox.ok(&["undo", "venv"]);
    sandbox.ok(&["forget", incident]);
    sandbox.ok(&["undo", "venv"]);
    drop(moved);
}

#[test]
fn who_removes_what_is_left_by_hand_and_makes_the_venv_anew_loses_no_incident() {
    // It was taken for a restore that never happened, and the only copy of what it replaced went.
    let Some((sandbox, _, immutable, old)) = stuck() else {
        return;
    };
    let told: serde_json::Value =
        serde_json::from_str(&restore(&sandbox, 3, &["--json"]).stdout).unwrap();
    let incident = told["incident"].as_str().unwrap().to_owned();
    drop(immutable);
    fs::remove_dir_all(old).unwrap();
    fs::remove_dir_all(sandbox.venv()).unwrap();
    venv::tiny(&sandbox.venv());
    let run = sandbox.ok(&["save", "venv"]);
    assert!(sandbox.ids().contains(&incident), "{run}");
    assert!(sandbox.debris().is_empty(), "{run}");
}

#[test]
fn an_answer_that_cannot_be_written_does_not_hide_that_the_work_is_done() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let nowhere = |args: &[&str]| {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = sandbox.command(args);
        command.stdout(full.unwrap()).stderr(Stdio::piped());
        Run::from(command.spawn().unwrap().wait_with_output().unwrap())
    };
    let run = nowhere(&["save", "venv"]);
    let id = sandbox.ids().remove(0);
    let said = format!("saved as snapshot {}", &id[..8]);
    assert!(run.code == 3 && run.stderr.contains(&said), "{run}");
    let good = Tree::of(&sandbox.venv());
    for json in [&[][..], &["--json"]] {
        Damage::Empty.apply(&sandbox.venv().join("bin/tool"));
        let run = nowhere(&[&["restore", "venv"], json].concat());
        good.assert_same(&Tree::of(&sandbox.venv()), "restored");
        assert_eq!(run.code, 3, "{run}");
        let said = format!(
            "'{}' is restored, but cannot write",
            sandbox.venv().display()
        );
        assert!(run.stderr.contains(&said), "{run}");
    }
    let run = nowhere(&["restore", "venv"]);
    assert!(
        run.code == 3 && !run.stderr.contains("is restored"),
        "{run}"
    );
}

#[test]
fn a_mount_in_what_was_replaced_stops_no_look_after_a_crash() {
    // The sound venv could not be looked at, nor saved, since what the crash left could not be removed.
    if !can_trace() || !needs_root() {
        return;
    }
    let (sandbox, good, _) = killed_after_the_exchange();
    let Some(mount) = Mount::tmpfs(&sandbox.path(STAGING).join("bin"), "size=1m") else {
        return;
    };
    for look in ["diff", "check", "status", "save"] {
        let run = sandbox.ok(&[look, "venv"]);
        assert!(run.stderr.contains("left for the next command"), "{run}");
    }
    drop(mount);
    let run = sandbox.ok(&["diff", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "completed");
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
}
