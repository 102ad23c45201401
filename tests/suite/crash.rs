//! Killed at every changing system call: the venv is the old one or the new one and whole, every acknowledged snapshot
//! restores, and the next command cleans up (promises 1, 2, 9).

use std::fs;

use crate::support::faults::{CHANGING, can_trace};
use crate::support::{Sandbox, Tree, venv};

/// What a kill left must be one of these trees.
fn one_of(now: &Tree, trees: &[&Tree], what: &str) -> usize {
    trees
        .iter()
        .position(|tree| *tree == now)
        .unwrap_or_else(|| {
            trees[0].assert_same(now, what);
            unreachable!()
        })
}

/// A saved venv, then hurt: the sandbox, the good tree and the hurt one.
fn hurt_venv() -> (Sandbox, Tree, Tree) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    let site = sandbox.venv().join(venv::SITE);
    fs::remove_file(site.join("click/core.py")).unwrap();
    fs::write(site.join("idna/core.py"), b"").unwrap();
    fs::write(site.join("click/mine.py"), b"mine = 1\n").unwrap();
    fs::set_permissions(
        sandbox.venv().join("bin/tool"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    venv::age(&sandbox.venv(), 1_600_000_000);
    let hurt = Tree::of(&sandbox.venv());
    (sandbox, good, hurt)
}

/// Puts back what the last run changed, so that each kill meets the same state.
pub(crate) fn reset(sandbox: &Sandbox, backup: &std::path::Path) {
    for name in ["venv", "store"] {
        let _ = fs::remove_dir_all(sandbox.path(name));
        venv::copy(&backup.join(name), &sandbox.path(name));
    }
    for name in sandbox.debris() {
        let _ = fs::remove_dir_all(sandbox.path(&name))
            .or_else(|_| fs::remove_file(sandbox.path(&name)));
    }
}

/// Kills a command at its n-th call of each changing kind, for all n, and checks after each. Returns how often it died.
pub(crate) fn kill_everywhere(
    sandbox: &Sandbox,
    more: &[&str],
    args: &[&str],
    check: &dyn Fn(&str),
) -> usize {
    let backup = tempfile::tempdir().unwrap();
    for name in ["venv", "store"] {
        if sandbox.path(name).exists() {
            venv::copy(&sandbox.path(name), &backup.path().join(name));
        }
    }
    let mut killed = 0;
    for call in CHANGING {
        for n in 1.. {
            let kill = format!("{call}:signal=KILL:when={n}");
            let run = sandbox.snap_traced(&[&[kill.as_str()], more].concat(), args);
            if run.code != 137 {
                assert!(run.code <= 1, "{call} {n}: {run}");
                reset(sandbox, backup.path());
                break;
            }
            killed += 1;
            check(&format!("killed at {call} {n}"));
            reset(sandbox, backup.path());
        }
    }
    println!("{args:?}: killed at {killed} points, lost 0");
    assert!(killed > 20, "the kills did not reach {args:?}: {killed}");
    killed
}

#[test]
fn a_save_killed_anywhere_loses_no_snapshot_and_leaves_nothing() {
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = hurt_venv();
    let first = sandbox.ids()[0].clone();
    kill_everywhere(&sandbox, &[], &["save", "venv", "--force"], &|what| {
        hurt.assert_same(&Tree::of(&sandbox.venv()), what);
        sandbox.ok(&["save", "venv", "--force"]);
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{what}");
        sandbox.ok(&["restore", "venv", &first, "--to", "out", "--exact"]);
        good.assert_same(&Tree::of(&sandbox.path("out")), what);
        fs::remove_dir_all(sandbox.path("out")).unwrap();
    });
}

#[test]
fn the_first_save_killed_anywhere_can_be_done_again() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let good = Tree::of(&sandbox.venv());
    let mut killed = 0;
    for call in CHANGING {
        for n in 1.. {
            let _ = fs::remove_dir_all(sandbox.path("store"));
            let run = sandbox.snap_traced(
                &[&format!("{call}:signal=KILL:when={n}")],
                &["save", "venv"],
            );
            if run.code != 137 {
                break;
            }
            killed += 1;
            sandbox.ok(&["save", "venv"]);
            sandbox.ok(&["restore", "venv", "--to", "out", "--exact"]);
            good.assert_same(&Tree::of(&sandbox.path("out")), &format!("{call} {n}"));
            fs::remove_dir_all(sandbox.path("out")).unwrap();
        }
    }
    assert!(killed > 20, "{killed}");
}

/// After a kill in a restore: old or new, then cleaned, then done.
fn check_restore(sandbox: &Sandbox, good: &Tree, hurt: &Tree, what: &str) {
    one_of(&Tree::of(&sandbox.venv()), &[hurt, good], what);
    // The next command, whichever it is, settles what is left.
    let diff = sandbox.snap(&["diff", "venv"]);
    assert!(diff.code <= 1, "{what}: {diff}");
    assert_eq!(
        sandbox
            .debris()
            .iter()
            .filter(|name| name.contains("snap-restore"))
            .count(),
        0,
        "{what}: {diff}"
    );
    one_of(&Tree::of(&sandbox.venv()), &[hurt, good], what);
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), what);
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{what}");
    // What was replaced was saved, whichever of the two runs replaced it.
    sandbox.ok(&["undo", "venv"]);
    hurt.assert_same(&Tree::of(&sandbox.venv()), &format!("{what}, undone"));
}

#[test]
fn a_restore_killed_anywhere_leaves_the_old_venv_or_the_new_one() {
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = hurt_venv();
    kill_everywhere(&sandbox, &[], &["restore", "venv"], &|what| {
        check_restore(&sandbox, &good, &hurt, what);
    });
}

#[test]
fn an_undo_killed_anywhere_leaves_one_of_the_two_states() {
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = hurt_venv();
    sandbox.ok(&["restore", "venv"]);
    kill_everywhere(&sandbox, &[], &["undo", "venv"], &|what| {
        let now = one_of(&Tree::of(&sandbox.venv()), &[&good, &hurt], what);
        sandbox.snap(&["diff", "venv"]);
        assert_eq!(
            sandbox
                .debris()
                .iter()
                .filter(|name| name.contains("snap-restore"))
                .count(),
            0,
            "{what}"
        );
        // Undone or not, an undo leads to the other state.
        sandbox.ok(&["undo", "venv"]);
        [&hurt, &good][now].assert_same(&Tree::of(&sandbox.venv()), what);
    });
}

#[test]
fn a_restore_by_two_renames_killed_anywhere_is_rolled_back_or_forward() {
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = hurt_venv();
    // A file system that knows no exchange.
    let more = ["renameat2:error=EINVAL"];
    let backup = tempfile::tempdir().unwrap();
    for name in ["venv", "store"] {
        venv::copy(&sandbox.path(name), &backup.path().join(name));
    }
    let mut killed = 0;
    for call in ["renameat", "fsync", "unlinkat"] {
        for n in 1.. {
            let kill = format!("{call}:signal=KILL:when={n}");
            let run = sandbox.snap_traced(&[kill.as_str(), more[0]], &["restore", "venv"]);
            if run.code != 137 {
                assert_eq!(run.code, 0, "{call} {n}: {run}");
                assert!(run.stdout.contains("two renames"), "{run}");
                reset(&sandbox, backup.path());
                break;
            }
            killed += 1;
            let what = format!("two renames, killed at {call} {n}");
            // Between the renames there is no venv; the next command brings it.
            if sandbox.venv().exists() {
                check_restore(&sandbox, &good, &hurt, &what);
            } else {
                sandbox.snap(&["diff", "venv"]);
                sandbox.ok(&["restore", "venv"]);
                good.assert_same(&Tree::of(&sandbox.venv()), &what);
                assert_eq!(sandbox.debris(), Vec::<String>::new(), "{what}");
                sandbox.ok(&["undo", "venv"]);
                hurt.assert_same(&Tree::of(&sandbox.venv()), &what);
            }
            reset(&sandbox, backup.path());
        }
    }
    assert!(killed > 10, "{killed}");
}

#[test]
fn a_restore_whose_calls_fail_changes_nothing_and_says_so() {
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = hurt_venv();
    let backup = tempfile::tempdir().unwrap();
    for name in ["venv", "store"] {
        venv::copy(&sandbox.path(name), &backup.path().join(name));
    }
    // A link that cannot be made only costs a copy; anything else ends the restore.
    for (fault, code) in [
        ("syncfs:error=EIO:when=1", 3),
        ("linkat:error=EIO:when=2", 0),
        ("symlinkat:error=ENOSPC", 3),
        ("utimensat:error=EPERM:when=3", 3),
        ("fdatasync:error=EIO:when=1", 3),
        ("renameat2:error=EACCES:when=3", 3),
    ] {
        let run = sandbox.snap_traced(&[fault], &["restore", "venv"]);
        assert_eq!(run.code, code, "{fault}: {run}");
        [&good, &hurt][usize::from(code == 3)].assert_same(&Tree::of(&sandbox.venv()), fault);
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{fault}: {run}");
        reset(&sandbox, backup.path());
    }
}

#[test]
fn a_staged_tree_that_is_wrong_is_never_exposed() {
    if !can_trace() {
        return;
    }
    let (sandbox, _, hurt) = hurt_venv();
    let ids = sandbox.ids();
    // The call does nothing and says that it did.
    for fault in [
        "utimensat:retval=0:when=3",
        "fchmod:retval=0:when=4",
        "symlinkat:retval=0:when=1",
        "mkdirat:retval=0:when=3",
    ] {
        let run = sandbox.snap_traced(&[fault], &["restore", "venv"]);
        assert_eq!(run.code, 3, "{fault}: {run}");
        hurt.assert_same(&Tree::of(&sandbox.venv()), fault);
        assert_eq!(sandbox.ids(), ids, "{fault}");
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{fault}");
    }
}
