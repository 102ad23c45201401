//! Somebody writes in the venv at the worst moment. Each window is forced by a system call that is made to wait.

use crate::support::meanwhile::{hurt_venv, in_incident, restore_while};
use std::fs;
use std::io::Write;

use crate::support::faults::can_trace;
use crate::support::killed::STAGING;
use crate::support::{Run, Sandbox, Tree, venv};

#[test]
fn a_write_to_a_good_file_between_its_proof_and_the_swap_does_not_get_into_the_new_venv() {
    if !can_trace() {
        return;
    }
    let (sandbox, good) = hurt_venv();
    let path = format!("{}/click/utils.py", venv::SITE);
    let file = sandbox.venv().join(&path);
    restore_while(&sandbox, "syncfs:delay_enter=1200000:when=1", || {
        venv::append(&file, "# late\n");
    });
    good.assert_same(&Tree::of(&sandbox.venv()), "a write before the swap");
    assert!(in_incident(&sandbox, &path).ends_with("# late\n"));
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn what_changed_after_its_proof_is_not_exposed_for_a_moment() {
    if !can_trace() {
        return;
    }
    use std::os::unix::fs::MetadataExt;
    let (sandbox, good) = hurt_venv();
    let path = format!("{}/click/utils.py", venv::SITE);
    let file = sandbox.venv().join(&path);
    let inode = || fs::metadata(sandbox.venv()).map_or(0, |meta| meta.ino());
    let before = inode();
    let mut exposed = (before, Vec::new());
    let mut write = || {
        venv::append(&file, "# late\n");
    };
    let mut look = || exposed = (inode(), fs::read(&file).unwrap());
    // Held up before the sync, for the write, and after the exchange, for a look.
    let sync = format!("syncfs@{STAGING}:delay_enter=1200000:when=1");
    let mut calls: [(&str, &mut dyn FnMut()); 2] = [
        (&sync, &mut write),
        ("renameat2@venv:delay_exit=1500000", &mut look),
    ];
    let run = sandbox.held_up_at(&mut calls, &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    let (now, exposed) = exposed;
    assert_ne!(now, before, "looked at before the exchange");
    assert_eq!(
        exposed,
        good.0[std::path::Path::new(&path)].content,
        "right after the exchange"
    );
}

#[test]
fn a_file_changed_or_added_just_before_the_swap_is_in_the_incident_snapshot() {
    if !can_trace() {
        return;
    }
    let (sandbox, good) = hurt_venv();
    let changed = format!("{}/idna/core.py", venv::SITE);
    let added = format!("{}/idna/added.py", venv::SITE);
    restore_while(&sandbox, "renameat2@venv:delay_enter=1200000", || {
        fs::write(sandbox.venv().join(&added), b"added = 1\n").unwrap();
        venv::append(sandbox.venv().join(&changed), "# late\n");
    });
    good.assert_same(&Tree::of(&sandbox.venv()), "a write just before the swap");
    assert!(in_incident(&sandbox, &changed).ends_with("# late\n"));
    assert_eq!(in_incident(&sandbox, &added), "added = 1\n");
    // The snapshot that completes the incident knows what was found, too.
    let list = sandbox.json(0, &["list"]);
    let last = list["snapshots"].as_array().unwrap().last().unwrap();
    assert!(last["completes"].is_string(), "{list}");
    assert_eq!(last["damage"], 1, "{list}");
    let shown = sandbox.json(0, &["show", last["id"].as_str().unwrap()]);
    assert_eq!(
        shown["incident"]["entries"][0]["path"], "bin/tool",
        "{shown}"
    );
}

#[test]
fn a_write_through_the_old_tree_just_after_the_swap_does_not_reach_the_new_venv() {
    if !can_trace() {
        return;
    }
    let (sandbox, good) = hurt_venv();
    let changed = format!("{}/idna/core.py", venv::SITE);
    let added = format!("{}/late.py", venv::SITE);
    // Opened before, as a service has its files open.
    let mut open = fs::OpenOptions::new()
        .append(true)
        .open(sandbox.venv().join(&changed))
        .unwrap();
    let dir = fs::File::open(sandbox.venv().join(venv::SITE)).unwrap();
    restore_while(&sandbox, "renameat2@venv:delay_exit=1200000", || {
        open.write_all(b"# late\n").unwrap();
        let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
        let fd = rustix::fs::openat(
            &dir,
            "late.py",
            flags,
            rustix::fs::Mode::from_raw_mode(0o644),
        )
        .unwrap();
        fs::File::from(fd).write_all(b"late = 1\n").unwrap();
    });
    good.assert_same(&Tree::of(&sandbox.venv()), "a write just after the swap");
    assert!(in_incident(&sandbox, &changed).ends_with("# late\n"));
    assert_eq!(in_incident(&sandbox, &added), "late = 1\n");
}

/// Runs a command held up before the n-th file it opens, while `meddle` runs.
fn look_while(sandbox: &Sandbox, opened: usize, args: &[&str], meddle: impl FnOnce()) -> Run {
    let slow = format!("openat2:delay_enter=1500000:when={opened}");
    sandbox.held_up(&slow, args, meddle)
}

#[test]
fn a_look_at_a_venv_that_is_restored_meanwhile_tells_of_the_tree_that_stands_there_in_the_end() {
    // It went on in the old tree, whose files were being removed: 9,000 of them were missing, or it ended with 3.
    if !can_trace() {
        return;
    }
    let (sandbox, _) = hurt_venv();
    let damaged = sandbox.venv().join(venv::SITE).join("click/core.py");
    let mut again = 0;
    for (command, opened) in [
        ("diff", 9),
        ("diff", 15),
        ("diff", 21),
        ("check", 9),
        ("check", 20),
        ("save", 15),
    ] {
        fs::write(&damaged, b"").unwrap();
        let run = look_while(&sandbox, opened, &[command, "venv"], || {
            sandbox.ok(&["restore", "venv"]);
        });
        assert_eq!(run.code, 0, "{command} held up at {opened}: {run}");
        again += usize::from(run.stderr.contains("was exchanged for another tree"));
    }
    // Whatever is opened first, most of these were held up within the tree.
    assert!(again >= 4, "only {again} looks met the exchange");
}

#[test]
fn a_venv_that_is_exchanged_all_the_time_is_no_answer() {
    if !can_trace() {
        return;
    }
    let (sandbox, _) = hurt_venv();
    venv::copy(&sandbox.venv(), &sandbox.path("other"));
    let stop = std::sync::atomic::AtomicBool::new(false);
    for command in ["diff", "check", "save"] {
        stop.store(false, std::sync::atomic::Ordering::Relaxed);
        let run = std::thread::scope(|scope| {
            scope.spawn(|| {
                // Never twice the same inode, as after restores. On a busy machine a copy takes its time: the look is
                // held up for longer.
                let (venv, other) = (sandbox.venv(), sandbox.path("other"));
                let mut n = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    n += 1;
                    let fresh = sandbox.path(&format!("fresh{n}"));
                    venv::copy(&other, &fresh);
                    let flags = rustix::fs::RenameFlags::EXCHANGE;
                    let cwd = rustix::fs::CWD;
                    rustix::fs::renameat_with(cwd, &fresh, cwd, &venv, flags).unwrap();
                }
            });
            let run = sandbox.snap_traced(&["openat2:delay_enter=15000"], &[command, "venv"]);
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            run
        });
        assert_eq!(run.code, 3, "{command}: {run}");
        assert!(run.stderr.contains("changes while it is read"), "{run}");
    }
}

#[test]
fn a_venv_that_never_holds_still_is_refused_by_save() {
    let sandbox = Sandbox::new();
    if !can_trace() {
        return;
    }
    // In memory, where no sync of another test can hold the writer up.
    let memory = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap();
    let busy = memory.path().join("venv");
    venv::tiny(&busy);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let run = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                n += 1;
                fs::write(busy.join("busy"), format!("{n}")).unwrap();
            }
        });
        // Reading takes long enough for a change in each round.
        let run = sandbox.snap_traced(
            &["openat2:delay_enter=3000"],
            &["save", busy.to_str().unwrap()],
        );
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        run
    });
    assert_eq!(run.code, 3, "{run}");
    assert!(
        run.stderr.contains("kept changing") && run.stderr.contains("hint: "),
        "{run}"
    );
    let list = sandbox.snap(&["list"]);
    assert!(list.stdout.contains("no snapshots"), "{list}");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn a_staged_tree_that_is_wrong_is_never_exposed() {
    if !can_trace() {
        return;
    }
    let hurt = || {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        let site = sandbox.venv().join(venv::SITE);
        fs::remove_file(site.join("click/core.py")).unwrap();
        fs::write(site.join("idna/core.py"), b"").unwrap();
        sandbox
    };
    // The call does nothing and says that it did, once all was tried that the place may not hold.
    let faults = ["utimensat +", "fchmod +", "symlinkat"].map(|call| {
        let (call, on) = call.split_once(' ').unwrap_or((call, ""));
        let nth = hurt().first_after(call, "snap-restore-trial", &["restore", "venv"]);
        format!("{call}:retval=0:when={nth}{on}")
    });
    let sandbox = hurt();
    let hurt = Tree::of(&sandbox.venv());
    let ids = sandbox.ids();
    for fault in faults
        .iter()
        .map(String::as_str)
        .chain(["mkdirat@lib:retval=0:when=1"])
    {
        let run = sandbox.snap_traced(&[fault], &["restore", "venv"]);
        assert_eq!(run.code, 3, "{fault}: {run}");
        hurt.assert_same(&Tree::of(&sandbox.venv()), fault);
        assert_eq!(sandbox.ids(), ids, "{fault}");
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{fault}");
    }
}
