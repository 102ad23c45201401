//! A copy, killed or failing at every changing system call: the target is sound, and a plain retry completes it
//! (promises 1, 9).

use std::fs;

use crate::support::faults::{CHANGING, can_trace, errors};
use crate::support::transport::{at, tree_at};
use crate::support::{Sandbox, Tree, venv};

/// A saved and pinned venv, and a target that has an older state of it.
fn half_copied() -> (Sandbox, Vec<(String, Tree)>) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let mut saved = Vec::new();
    for number in 0..2 {
        venv::write(&sandbox.venv(), "data", &venv::noise(20_000 + number));
        sandbox.ok(&["save", "venv", "--pin"]);
        saved.push((sandbox.ids().pop().unwrap(), Tree::of(&sandbox.venv())));
    }
    sandbox.ok(&["copy", &saved[0].0, "--to", "other"]);
    venv::copy(&sandbox.path("other"), &sandbox.path("backup"));
    (sandbox, saved)
}

/// The target holds no half snapshot, and a retry brings the whole one.
fn check(sandbox: &Sandbox, saved: &[(String, Tree)], args: &[&str], what: &str) {
    if sandbox.path("other/venv-snap.json").exists() {
        at(sandbox, "other", 0, &["verify"]);
    }
    sandbox.ok(args);
    at(sandbox, "other", 0, &["verify"]);
    assert_eq!(
        sandbox.json(0, &["list"]),
        sandbox.json(0, &["list", "--store", "other"]),
        "{what}"
    );
    let (id, tree) = &saved[1];
    tree.assert_same(&tree_at(sandbox, "other", id), what);
    assert_eq!(
        fs::read_dir(sandbox.path("other/tmp")).unwrap().count(),
        0,
        "{what}"
    );
}

fn reset(sandbox: &Sandbox) {
    let _ = fs::remove_dir_all(sandbox.path("other"));
    if sandbox.path("backup").exists() {
        venv::copy(&sandbox.path("backup"), &sandbox.path("other"));
    }
}

fn kill(sandbox: &Sandbox, saved: &[(String, Tree)]) -> usize {
    let args = ["copy", "--all", "--to", "other"];
    let mut killed = 0;
    for call in CHANGING {
        for n in 1.. {
            reset(sandbox);
            let kill = format!("{call}:signal=KILL:when={n}");
            let run = sandbox.snap_traced(&[&kill], &args);
            if run.code != 137 {
                assert_eq!(run.code, 0, "{kill}: {run}");
                break;
            }
            killed += 1;
            check(sandbox, saved, &args, &kill);
        }
    }
    println!("copy: killed at {killed} points, lost 0");
    killed
}

#[test]
fn a_copy_killed_anywhere_leaves_a_sound_target_and_can_be_done_again() {
    if !can_trace() {
        return;
    }
    let (sandbox, saved) = half_copied();
    assert!(kill(&sandbox, &saved) > 20);
}

#[test]
fn a_copy_to_a_new_store_killed_anywhere_can_be_done_again() {
    if !can_trace() {
        return;
    }
    let (sandbox, saved) = half_copied();
    fs::remove_dir_all(sandbox.path("backup")).unwrap();
    assert!(kill(&sandbox, &saved) > 20);
}

#[test]
fn a_copy_that_meets_an_error_anywhere_says_so_or_is_whole() {
    if !can_trace() {
        return;
    }
    let (sandbox, saved) = half_copied();
    let args = ["copy", "--all", "--to", "other"];
    let mut met = 0;
    for (call, errors) in errors() {
        for n in 1..40 {
            let error = errors[n % errors.len()];
            reset(&sandbox);
            let fault = format!("{call}:error={error}:when={n}");
            let run = sandbox.snap_traced(&[&fault], &args);
            // The program did not even begin, for want of a library.
            let unborn = run.code == 127 && call == "openat";
            assert!(unborn || matches!(run.code, 0 | 3), "{fault}: {run}");
            check(&sandbox, &saved, &args, &fault);
            met += usize::from(run.code == 3);
            if run.code == 0 && n > 12 {
                break;
            }
        }
    }
    println!("copy: {met} errors met, lost 0");
    assert!(met > 10, "{met}");
}
