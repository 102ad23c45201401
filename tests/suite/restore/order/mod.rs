//! In which order a restore changes the disk, by each way and in each window of a crash (promises 1, 2, 4 and 9).
//!
//! Every change is a line: what is done, to which name. Names that are drawn by lot are written as letters; what
//! happens many times in one directory, in whatever order, is one line. A line that moves here is a promise that has to
//! be thought through once more.

mod changes;

use std::fs;

use crate::support::faults::{can_trace, held_up_in};
use crate::support::killed::{
    JOURNAL, MINE, STAGING, killed, killed_after_the_exchange, killed_in, killed_while_it_removed,
};
use crate::support::meanwhile::{kept, mounted};
use crate::support::{Sandbox, venv};

use changes::{changes, changes_by};

/// A saved venv with one file missing and one that no snapshot has.
fn hurt() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    venv::write(&sandbox.venv(), MINE, b"the last copy\n");
    sandbox
}

/// A fault of the call that exchanges the trees.
fn exchange(fault: &str) -> String {
    let number = hurt().number_of("renameat2", "RENAME_EXCHANGE", &["restore", "venv"]);
    format!("renameat2:{fault}:when={number}")
}

/// Compares with the list of that name in `order/expected.txt`.
fn assert_order(name: &str, found: &[String]) {
    let expected = include_str!("expected.txt");
    let mut sections = expected.split("== ").skip(1);
    let section = sections.find_map(|one| one.strip_prefix(&format!("{name}\n")));
    let wanted: Vec<&str> = section.unwrap_or_default().trim_end().lines().collect();
    assert!(wanted == found, "== {name}\n{}\n", found.join("\n"));
}

#[test]
fn a_restore_by_exchange_makes_these_changes_in_this_order() {
    if can_trace() {
        let sandbox = hurt();
        assert_order("exchange", &changes(&sandbox, &[], &["restore", "venv"]));
    }
}

#[test]
fn a_restore_by_two_renames_makes_these_changes_in_this_order() {
    if can_trace() {
        let found = changes(&hurt(), &["renameat2:error=EINVAL"], &["restore", "venv"]);
        assert_order("two renames", &found);
    }
}

#[test]
fn a_restore_where_nothing_stands_makes_these_changes_in_this_order() {
    if can_trace() {
        let sandbox = hurt();
        fs::remove_dir_all(sandbox.venv()).unwrap();
        assert_order("place", &changes(&sandbox, &[], &["restore", "venv"]));
    }
}

#[test]
fn a_restore_into_an_empty_directory_makes_these_changes_in_this_order() {
    if can_trace() {
        let sandbox = hurt();
        fs::create_dir(sandbox.path("new")).unwrap();
        let found = changes(&sandbox, &[], &["restore", "venv", "--to", "new"]);
        assert_order("into an empty directory", &found);
    }
}

#[test]
fn a_restore_that_keeps_the_old_tree_makes_these_changes_in_this_order() {
    if can_trace() {
        let found = changes(&hurt(), &[], &["restore", "venv", "--keep-old"]);
        assert_order("keep", &found);
    }
}

#[test]
fn a_restore_in_place_makes_these_changes_in_this_order() {
    if let Some((sandbox, _mount, _)) = mounted() {
        assert_order("in place", &changes(&sandbox, &[], &["restore", "venv"]));
    }
}

#[test]
fn a_restore_that_falls_back_to_go_in_place_makes_these_changes_in_this_order() {
    if can_trace() {
        let immovable = exchange("error=EXDEV");
        assert_order(
            "fall back",
            &changes(&hurt(), &[&immovable], &["restore", "venv"]),
        );
    }
}

#[test]
fn a_restore_during_which_a_shared_file_changes_makes_these_changes_in_this_order() {
    if can_trace() {
        let sandbox = hurt();
        let mut write = || {
            let path = format!("{}/idna/core.py", venv::SITE);
            venv::append(sandbox.venv().join(path), "# late\n");
        };
        let slow = exchange("delay_enter=4000000");
        let args = ["restore", "venv"];
        let found = changes_by(&sandbox, &[&slow], &args, |log, command| {
            held_up_in(log, command, &mut [("RENAME_EXCHANGE", &mut write)])
        });
        assert_order("late change", &found);
    }
}

#[test]
fn what_a_crash_left_is_settled_by_these_changes_in_this_order() {
    if !can_trace() {
        return;
    }
    let settle = |name: &str, sandbox: &Sandbox| {
        assert_order(name, &changes(sandbox, &[], &["diff", "venv"]));
    };
    let staging = |sandbox: &Sandbox| sandbox.path(STAGING).exists();
    settle("killed while it staged", &killed("linkat", &[], staging).0);
    let before = |sandbox: &Sandbox| {
        let journal = fs::read_to_string(sandbox.path(JOURNAL)).unwrap_or_default();
        journal.contains(r#""phase":"swap""#) && sandbox.venv().join(MINE).exists()
    };
    settle(
        "killed before the exchange",
        &killed("renameat2", &[], before).0,
    );
    settle("killed after the exchange", &killed_after_the_exchange().0);
    let (sandbox, _, _) = killed_after_the_exchange();
    let path = format!("{}/idna/core.py", venv::SITE);
    venv::append(sandbox.path(STAGING).join(path), "# late\n");
    settle(
        "killed after the exchange, and a shared file changed",
        &sandbox,
    );
    let between = |sandbox: &Sandbox| !sandbox.venv().exists();
    let two = ["renameat2:error=EINVAL"];
    settle(
        "killed between two renames",
        &killed("renameat", &two, between).0,
    );
    settle(
        "killed while it removed the old tree",
        &killed_while_it_removed().0,
    );
    let last = |sandbox: &Sandbox| {
        let done = sandbox.venv().join("bin/tool").exists() && !sandbox.path(STAGING).exists();
        done && sandbox.path(JOURNAL).exists()
    };
    settle(
        "killed before the journal went",
        &killed("fsync", &[], last).0,
    );
    let inside =
        |sandbox: &Sandbox| !sandbox.venv().join(MINE).exists() && sandbox.path(JOURNAL).exists();
    let immovable = exchange("error=EXDEV");
    settle(
        "killed while it went in place",
        &killed("renameat", &[&immovable], inside).0,
    );
}

/// Whether the journal says that both trees are named.
fn is_named(sandbox: &Sandbox, journal: &str) -> bool {
    let journal = fs::read_to_string(sandbox.path(journal)).unwrap_or_default();
    journal.contains(r#""phase":"swap""#)
}

#[test]
fn what_a_crash_left_where_nothing_stood_is_settled_by_these_changes_in_this_order() {
    if !can_trace() {
        return;
    }
    let gone = |sandbox: &Sandbox| fs::remove_dir_all(sandbox.venv()).unwrap();
    let restore = ["restore", "venv"];
    for (name, call, is_placed) in [
        ("killed before it placed", "renameat2", false),
        ("killed after it placed", "fsync", true),
    ] {
        let (sandbox, _, _) = killed_in(call, &[], gone, &restore, |sandbox| {
            is_named(sandbox, JOURNAL) && sandbox.venv().exists() == is_placed
        });
        assert_order(name, &changes(&sandbox, &[], &["diff", "venv"]));
    }
}

#[test]
fn what_a_crash_left_of_an_empty_directory_is_settled_by_these_changes_in_this_order() {
    if !can_trace() {
        return;
    }
    let empty = |sandbox: &Sandbox| fs::create_dir(sandbox.path("new")).unwrap();
    let restore = ["restore", "venv", "--to", "new"];
    for (name, call, is_empty) in [
        ("killed before the empty directory went", "unlinkat", true),
        (
            "killed when the empty directory was gone",
            "renameat2",
            false,
        ),
    ] {
        let (sandbox, _, _) = killed_in(call, &[], empty, &restore, |sandbox| {
            let stands = sandbox.path("new").exists();
            is_named(sandbox, ".new.snap-restore-journal") && stands == is_empty
        });
        assert_order(name, &changes(&sandbox, &[], &["diff", "new"]));
    }
}

#[test]
fn what_a_crash_left_while_the_old_tree_was_kept_is_settled_by_these_changes_in_this_order() {
    if !can_trace() {
        return;
    }
    let restore = ["restore", "venv", "--keep-old"];
    for (name, is_kept) in [
        ("killed before the old tree had its name", false),
        ("killed when the old tree had its name", true),
    ] {
        let (sandbox, _, _) = killed_in(
            "fsync",
            &[],
            |_| {},
            &restore,
            |sandbox| {
                let is_new = sandbox.venv().join("bin/tool").exists();
                is_new && is_named(sandbox, JOURNAL) && kept(sandbox).is_empty() != is_kept
            },
        );
        assert_order(name, &changes(&sandbox, &[], &["diff", "venv"]));
    }
}

#[test]
fn what_a_crash_left_in_a_tree_with_its_journal_inside_is_settled_by_these_changes_in_this_order() {
    let Some((sandbox, _mount, _)) = mounted() else {
        return;
    };
    let run = sandbox.snap_traced(&["renameat@tool:signal=KILL"], &["restore", "venv"]);
    assert_eq!(run.code, 137, "{run}");
    let journal = sandbox.venv().join(".snap-restore-journal");
    assert!(journal.exists(), "{run}");
    let found = changes(&sandbox, &[], &["diff", "venv"]);
    assert_order("killed while it went in place, the journal inside", &found);
}
