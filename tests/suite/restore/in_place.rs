//! A restore file by file that was interrupted, and what happened to the venv before the next command came (promises 2,
//! 4 and 9).

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use crate::support::faults::{can_trace, needs_root};
use crate::support::killed::{hurt_venv, killed};
use crate::support::meanwhile::{in_incident, mounted, while_written};
use crate::support::mounts::Mount;
use crate::support::users::{as_user, give, users_sandbox};
use crate::support::{Sandbox, Tree, venv};

const INSIDE: &str = ".snap-restore-journal";
const BESIDE: &str = ".venv.snap-restore-journal";
const INFO: &str = "idna-1.0.dist-info";

/// A restore in place, killed after all removals and before the first file was placed. `hurt` does more to the venv
/// before.
fn killed_inside(hurt: impl FnOnce(&Sandbox)) -> Option<(Sandbox, Mount, Tree)> {
    let (sandbox, mount, good) = mounted()?;
    hurt(&sandbox);
    let run = sandbox.snap_traced(&["renameat@tool:signal=KILL"], &["restore", "venv"]);
    assert_eq!(run.code, 137, "{run}");
    let (mine, tool) = (sandbox.venv().join("lib/mine"), tool(&sandbox));
    assert!(!mine.exists() && !tool.exists(), "{run}");
    assert!(sandbox.venv().join(INSIDE).exists(), "{run}");
    Some((sandbox, mount, good))
}

/// The same where the journal lies beside the venv, whose directory could not be exchanged.
fn killed_beside() -> (Sandbox, Tree) {
    let twin = hurt_venv().0;
    let number = twin.number_of("renameat2", "RENAME_EXCHANGE", &["restore", "venv"]);
    let immovable = format!("renameat2:error=EXDEV:when={number}");
    let (sandbox, good, _) = killed("renameat", &[&immovable], |sandbox| {
        !sandbox.venv().join("lib/mine").exists() && sandbox.path(BESIDE).exists()
    });
    (sandbox, good)
}

fn tool(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.venv().join("bin/tool")
}

fn no_debris(sandbox: &Sandbox, what: &dyn std::fmt::Display) {
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{what}");
}

/// The incident of the restore that was killed, which is the second snapshot.
fn mine_in_first_incident(sandbox: &Sandbox) -> String {
    let id = &sandbox.ids()[1];
    sandbox.ok(&["cat", &format!("{id}:lib/mine")]).stdout
}

#[test]
fn what_never_holds_still_since_a_kill_in_place_is_not_replaced() {
    let Some((sandbox, _mount, good)) = killed_inside(|_| {}) else {
        return;
    };
    let busy = sandbox.venv().join("lib/mine");
    fs::write(&busy, b"written since\n").unwrap();
    let run = while_written(&busy, || {
        sandbox.snap_traced(&["openat2:delay_enter=3000"], &["diff", "venv"])
    });
    assert!(busy.exists(), "{run}");
    assert!(run.stderr.contains("'lib/mine'"), "{run}");
    assert!(run.stderr.contains("left for the next command"), "{run}");
    let written = fs::read_to_string(&busy).unwrap();
    let run = sandbox.ok(&["diff", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "completed");
    assert!(in_incident(&sandbox, "lib/mine") == written, "{run}");
    no_debris(&sandbox, &run);
}

#[test]
fn what_came_since_a_kill_in_place_is_not_replaced_where_the_incident_was_forgotten() {
    let Some((sandbox, _mount, good)) = killed_inside(|_| {}) else {
        return;
    };
    sandbox.ok(&["forget", &sandbox.ids()[1]]);
    let mine = sandbox.venv().join("lib/mine");
    fs::write(&mine, b"written since\n").unwrap();
    let run = sandbox.code(1, &["diff", "venv"]);
    assert!(run.stderr.contains("'lib/mine'"), "{run}");
    assert_eq!(fs::read(&mine).unwrap(), b"written since\n", "{run}");
    // A restore saves all that stands there itself.
    let run = sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    assert_eq!(in_incident(&sandbox, "lib/mine"), "written since\n");
    no_debris(&sandbox, &run);
}

#[test]
fn a_venv_that_is_gone_since_a_kill_in_place_is_restored() {
    if !can_trace() {
        return;
    }
    for moved in [false, true] {
        let (sandbox, good) = killed_beside();
        let elsewhere = sandbox.path("elsewhere");
        if moved {
            fs::rename(sandbox.venv(), &elsewhere).unwrap();
        } else {
            fs::remove_dir_all(sandbox.venv()).unwrap();
        }
        let there = moved.then(|| Tree::of(&elsewhere).by_itself());
        let run = sandbox.ok(&["restore", "venv"]);
        good.assert_same(&Tree::of(&sandbox.venv()), "restored");
        if let Some(there) = there {
            let now = Tree::of(&elsewhere).by_itself();
            there.assert_same(&now, "what was moved away");
        }
        no_debris(&sandbox, &run);
        assert_eq!(mine_in_first_incident(&sandbox), "the last copy\n");
    }
}

#[test]
fn a_venv_that_was_made_since_a_kill_in_place_is_not_touched() {
    if !can_trace() {
        return;
    }
    let (sandbox, _) = killed_beside();
    // What is held open keeps its number.
    let _held = fs::File::open(sandbox.venv()).unwrap();
    fs::remove_dir_all(sandbox.venv()).unwrap();
    venv::tiny(&sandbox.venv());
    fs::remove_file(tool(&sandbox)).unwrap();
    venv::write(&sandbox.venv(), "lib/mine", b"of the new one\n");
    let made = Tree::of(&sandbox.venv());
    let run = sandbox.snap(&["diff", "venv"]);
    made.assert_same(&Tree::of(&sandbox.venv()), "what was made anew");
    assert!(run.stderr.contains("another venv"), "{run}");
    no_debris(&sandbox, &run);
    assert_eq!(mine_in_first_incident(&sandbox), "the last copy\n");
}

#[test]
fn a_restore_in_an_image_layer_that_was_killed_is_completed() {
    // The first change in it makes a copy of its directory, which is still the same venv.
    if !can_trace() || !needs_root() {
        return;
    }
    let mut seen = 0;
    for n in 3..8 {
        let sandbox = Sandbox::new();
        let Some(_memory) = Mount::tmpfs(&sandbox.path("mem"), "size=64m") else {
            return;
        };
        venv::tiny(&sandbox.path("mem/lower/venv"));
        venv::write(&sandbox.path("mem/lower/venv"), "lib/mine", b"mine\n");
        fs::remove_file(sandbox.path("mem/lower/venv/bin/tool")).unwrap();
        venv::tiny(&sandbox.path("layer/venv"));
        sandbox.ok(&["save", "layer/venv"]);
        let good = Tree::of(&sandbox.path("layer/venv"));
        let at = |name: &str| sandbox.path(name);
        let Some(_overlay) = Mount::overlay(&at("mem/lower"), &at("layer"), &at("mem")) else {
            return;
        };
        let kill = format!("renameat:signal=KILL:when={n}");
        // Who takes files over makes that copy with the first of them.
        let run = sandbox.snap_traced(&[&kill], &["restore", "layer/venv", "--copy"]);
        if run.code != 137 || sandbox.path("layer/venv/lib/mine").exists() {
            continue;
        }
        seen += 1;
        let run = sandbox.ok(&["diff", "layer/venv"]);
        assert!(run.stderr.contains("it is completed now"), "{run}");
        good.assert_same(&Tree::of(&sandbox.path("layer/venv")), "completed");
        assert_eq!(fs::read_dir(sandbox.path("layer")).unwrap().count(), 1);
    }
    assert!(seen > 0, "no kill came between the steps");
}

#[test]
fn a_restore_in_place_is_completed_whatever_was_put_in_its_way_or_taken_from_it() {
    let site = |sandbox: &Sandbox| sandbox.venv().join(venv::SITE);
    let meddle = |sandbox: &Sandbox, n: usize| match n {
        // A directory that needs nothing but its attributes.
        0 => fs::remove_dir_all(site(sandbox).join("click-1.0.dist-info")).unwrap(),
        1 => venv::write(&sandbox.venv(), "bin/tool/inside", b"since\n"),
        2 => fs::remove_dir_all(sandbox.venv().join("bin")).unwrap(),
        3 => {
            fs::remove_dir_all(site(sandbox).join(INFO)).unwrap();
            venv::write(&site(sandbox), INFO, b"since\n");
        }
        _ => {
            fs::remove_dir_all(site(sandbox).join(INFO)).unwrap();
            std::os::unix::fs::symlink("..", site(sandbox).join(INFO)).unwrap();
        }
    };
    for n in 0..5 {
        let hurt = |sandbox: &Sandbox| fs::remove_dir_all(site(sandbox).join(INFO)).unwrap();
        let Some((sandbox, _mount, good)) = killed_inside(hurt) else {
            return;
        };
        meddle(&sandbox, n);
        let run = sandbox.snap(&["diff", "venv"]);
        assert!(run.stderr.contains("it is completed now"), "{n}: {run}");
        no_debris(&sandbox, &run);
        if n == 0 {
            assert!(!site(&sandbox).join("click-1.0.dist-info").exists());
            assert!(tool(&sandbox).exists(), "{run}");
        } else if n == 2 {
            // What was removed since and was good before is for the next restore.
            assert!(tool(&sandbox).exists(), "{run}");
        } else {
            good.assert_same(&Tree::of(&sandbox.venv()), &format!("{n}: {run}"));
        }
        let kept = match n {
            1 => "bin/tool/inside".to_owned(),
            3 => format!("{}/{INFO}", venv::SITE),
            _ => continue,
        };
        assert_eq!(in_incident(&sandbox, &kept), "since\n", "{n}: {run}");
    }
}

/// A user's venv in a directory that the user may not write, with a file missing.
fn bound_to_its_place(change: impl FnOnce(&Path)) -> (Sandbox, Tree) {
    let sandbox = users_sandbox();
    let venv = sandbox.path("home/venv");
    change(&venv);
    let good = Tree::of(&venv);
    let run = as_user(&sandbox, &["save", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    let bin = fs::metadata(venv.join("bin")).unwrap();
    fs::remove_file(venv.join("bin/tool")).unwrap();
    fs::set_permissions(venv.join("bin"), bin.permissions()).unwrap();
    chown(sandbox.path("home"), Some(0), Some(0)).unwrap();
    (sandbox, good)
}

#[test]
fn a_directory_of_another_user_that_does_not_differ_stops_no_restore_in_place() {
    if !needs_root() {
        return;
    }
    let (sandbox, good) = bound_to_its_place(|venv| {
        let cache = venv.join("lib/__pycache__");
        fs::create_dir(&cache).unwrap();
        venv::age(venv, 1_700_000_000);
        give(venv);
        chown(&cache, Some(0), Some(0)).unwrap();
    });
    let run = as_user(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("replaced one by one"), "{run}");
    good.assert_same(&Tree::of(&sandbox.path("home/venv")), "in place");
}

#[test]
fn a_directory_in_which_its_owner_may_not_write_stops_no_restore_in_place() {
    if !needs_root() {
        return;
    }
    let (sandbox, good) = bound_to_its_place(|venv| {
        fs::set_permissions(venv.join("bin"), fs::Permissions::from_mode(0o555)).unwrap();
    });
    let extra = sandbox.path("home/venv/bin/extra");
    fs::write(&extra, b"extra").unwrap();
    give(&extra);
    let run = as_user(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("replaced one by one"), "{run}");
    good.assert_same(&Tree::of(&sandbox.path("home/venv")), "in place");
}

#[test]
fn a_step_in_place_that_cannot_be_done_stops_no_look_and_no_restore() {
    let Some((sandbox, _mount, good)) = killed_inside(|_| {}) else {
        return;
    };
    let looks: [(&[&str], i32); 3] = [
        (&["diff", "venv"], 1),
        (&["check", "venv"], 0),
        (&["save", "venv", "--force"], 0),
    ];
    for (look, code) in looks {
        let run = sandbox.snap_traced(&["renameat@tool:error=EIO:when=1"], look);
        assert!(run.stderr.contains("left for the next command"), "{run}");
        assert_eq!(run.code, code, "{run}");
        assert!(sandbox.venv().join(INSIDE).exists(), "{run}");
    }
    let id = sandbox.ids()[0].clone();
    let args = ["restore", "venv", &id];
    let run = sandbox.snap_traced(&["renameat@tool:error=EIO:when=1"], &args);
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    no_debris(&sandbox, &run);
}

#[test]
fn steps_of_which_the_staged_files_are_gone_are_not_called_completed() {
    let Some((sandbox, _mount, _)) = killed_inside(|_| {}) else {
        return;
    };
    fs::remove_dir_all(sandbox.venv().join(".snap-restore-staging")).unwrap();
    fs::write(sandbox.venv().join("lib/mine"), b"written since\n").unwrap();
    let run = sandbox.code(1, &["diff", "venv"]);
    assert!(!run.stderr.contains("it is completed now"), "{run}");
    assert!(run.stderr.contains("is gone"), "{run}");
    assert!(sandbox.venv().join("lib/mine").exists(), "{run}");
    no_debris(&sandbox, &run);
}

#[test]
fn what_another_user_began_in_place_stops_root_neither_to_look_nor_to_restore() {
    let Some((sandbox, _mount, good)) = killed_inside(|_| {}) else {
        return;
    };
    give(&sandbox.venv());
    let run = sandbox.code(1, &["diff", "venv"]);
    assert!(run.stderr.contains("only the user who began it"), "{run}");
    assert!(sandbox.venv().join(INSIDE).exists(), "{run}");
    let run = sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    no_debris(&sandbox, &run);
}

#[test]
fn damage_that_others_mend_during_a_restore_in_place_does_not_stop_it() {
    let Some((sandbox, _mount, good)) = mounted() else {
        return;
    };
    let aside = sandbox.path("tool");
    sandbox.ok(&["restore", "venv"]);
    assert!(
        Command::new("cp")
            .args([
                "-a",
                tool(&sandbox).to_str().unwrap(),
                aside.to_str().unwrap()
            ])
            .status()
            .unwrap()
            .success()
    );
    fs::remove_file(tool(&sandbox)).unwrap();
    let other = sandbox.venv().join(venv::SITE).join("idna/core.py");
    let run = sandbox.held_up(
        "syncfs:delay_enter=2000000:when=1",
        &["restore", "venv"],
        || {
            let (from, to) = (aside.to_str().unwrap(), tool(&sandbox));
            let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
            assert!(copied.unwrap().success());
            fs::write(&other, b"broken\n").unwrap();
        },
    );
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    no_debris(&sandbox, &run);
}

#[test]
fn what_comes_during_a_restore_of_a_part_in_place_stays() {
    let Some((sandbox, _mount, _)) = mounted() else {
        return;
    };
    let site = sandbox.venv().join(venv::SITE);
    let args = ["restore", "venv", "--only", "bin/tool"];
    let run = sandbox.held_up("syncfs:delay_enter=2000000:when=1", &args, || {
        fs::write(site.join("new.py"), b"new\n").unwrap();
        fs::remove_file(site.join("idna/core.py")).unwrap();
        fs::create_dir(site.join("idna/core.py")).unwrap();
    });
    assert_eq!(run.code, 0, "{run}");
    assert!(tool(&sandbox).exists(), "{run}");
    assert_eq!(fs::read(site.join("new.py")).unwrap(), b"new\n", "{run}");
    assert!(site.join("idna/core.py").is_dir(), "{run}");
    assert!(sandbox.venv().join("lib/mine").exists(), "{run}");
    no_debris(&sandbox, &run);
}
