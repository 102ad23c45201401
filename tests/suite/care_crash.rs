//! The care of a store, killed or failing at every changing system call: no snapshot that stays is hurt, and a plain retry
//! brings it to its end (promises 1, 9).

use std::collections::BTreeMap;
use std::fs;

use crate::crash::{kill_everywhere, reset};
use crate::support::faults::{CHANGING, can_trace};
use crate::support::{Sandbox, Tree, venv};

/// Content that does not compress.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed + 88_172_645_463_325_252;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..len).map(|_| next()).collect()
}

/// A venv saved five times, with the tree of each snapshot.
fn five_saves() -> (Sandbox, BTreeMap<String, Tree>) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let mut trees = BTreeMap::new();
    for seed in 0..5 {
        // One file that the next save has no more and one that stays: packs of which a half is needed.
        let stays = format!("stays-{seed}.bin");
        fs::write(sandbox.venv().join("data.bin"), noise(seed, 20_000)).unwrap();
        fs::write(sandbox.venv().join(stays), noise(seed + 100, 20_000)).unwrap();
        sandbox.ok(&["save", "venv"]);
        trees.insert(sandbox.ids().pop().unwrap(), Tree::of(&sandbox.venv()));
    }
    (sandbox, trees)
}

/// All that is listed restores to what it was.
fn all_restore(sandbox: &Sandbox, trees: &BTreeMap<String, Tree>, what: &str) {
    for id in sandbox.ids() {
        sandbox.ok(&["restore", "venv", &id, "--to", "out", "--exact"]);
        trees[&id].assert_same(&Tree::of(&sandbox.path("out")), what);
        fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
}

fn nothing_is_left(sandbox: &Sandbox, what: &str) {
    let left = fs::read_dir(sandbox.path("store/tmp")).unwrap().count();
    assert_eq!(left, 0, "{what}");
}

#[test]
fn a_prune_killed_anywhere_hurts_no_snapshot_that_stays_and_can_be_done_again() {
    if !can_trace() {
        return;
    }
    let (sandbox, trees) = five_saves();
    sandbox.ok(&["forget", "--keep-last", "2"]);
    let args = ["prune", "--grace", "0"];
    kill_everywhere(&sandbox, &[], &args, &|what| {
        sandbox.ok(&["verify"]);
        all_restore(&sandbox, &trees, what);
        sandbox.ok(&args);
        sandbox.ok(&["verify"]);
        all_restore(&sandbox, &trees, what);
        nothing_is_left(&sandbox, what);
    });
}

#[test]
fn a_forget_killed_anywhere_loses_nothing_that_undelete_cannot_bring_back() {
    if !can_trace() {
        return;
    }
    let (sandbox, trees) = five_saves();
    let backup = tempfile::tempdir().unwrap();
    for name in ["venv", "store"] {
        venv::copy(&sandbox.path(name), &backup.path().join(name));
    }
    let mut killed = 0;
    for call in CHANGING {
        for n in 1.. {
            let kill = format!("{call}:signal=KILL:when={n}");
            let run = sandbox.snap_traced(&[&kill], &["forget", "--keep-last", "1"]);
            let alive = run.code != 137;
            let listed = sandbox.ids();
            let gone = sandbox.json(0, &["undelete"])["forgotten"].clone();
            let gone = gone.as_array().unwrap().len();
            assert_eq!(listed.len() + gone, trees.len(), "{kill}");
            all_restore(&sandbox, &trees, &kill);
            reset(&sandbox, backup.path());
            if alive {
                break;
            }
            killed += 1;
        }
    }
    assert!(killed >= 8, "{killed}");
}

#[test]
fn a_repair_killed_anywhere_can_be_done_again_and_loses_nothing_more() {
    if !can_trace() {
        return;
    }
    let (sandbox, trees) = five_saves();
    let newest = trees.len();
    for pack in fs::read_dir(sandbox.path("store/packs")).unwrap() {
        let path = pack.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.len() - 10;
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let args = ["verify", "--repair"];
    kill_everywhere(&sandbox, &[], &args, &|what| {
        sandbox.ok(&args);
        sandbox.ok(&["verify"]);
        assert_eq!(sandbox.ids().len(), newest, "{what}");
        all_restore(&sandbox, &trees, what);
        nothing_is_left(&sandbox, what);
    });
}

#[test]
fn a_prune_that_meets_an_error_anywhere_hurts_no_snapshot_that_stays() {
    if !can_trace() {
        return;
    }
    let (sandbox, trees) = five_saves();
    sandbox.ok(&["forget", "--keep-last", "2"]);
    let backup = tempfile::tempdir().unwrap();
    for name in ["venv", "store"] {
        venv::copy(&sandbox.path(name), &backup.path().join(name));
    }
    let mut met = 0;
    for (number, call) in CHANGING.iter().enumerate() {
        let error = ["EIO", "ENOSPC", "EDQUOT", "EROFS"][number % 4];
        for n in 1..40 {
            let fault = format!("{call}:error={error}:when={n}");
            let run = sandbox.snap_traced(&[&fault], &["prune", "--grace", "0"]);
            assert!(matches!(run.code, 0 | 3), "{fault}: {run}");
            sandbox.ok(&["verify"]);
            all_restore(&sandbox, &trees, &fault);
            sandbox.ok(&["prune", "--grace", "0"]);
            sandbox.ok(&["verify"]);
            nothing_is_left(&sandbox, &fault);
            reset(&sandbox, backup.path());
            met += usize::from(run.code == 3);
            if run.code == 0 && n > 12 {
                break;
            }
        }
    }
    println!("prune: {met} errors met, lost 0");
    assert!(met > 10, "{met}");
}
