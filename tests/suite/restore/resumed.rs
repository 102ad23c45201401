//! What the next command makes of an interrupted restore where the venv, or what was to replace it, is not as that left
//! it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use crate::support::faults::{can_trace, needs_root};
use crate::support::killed::{JOURNAL, MINE, STAGING, killed, killed_after_the_exchange};
use crate::support::meanwhile::{in_incident, kept, mounted, restore_while};
use crate::support::users::{as_user, as_user_under, users_sandbox};
use crate::support::{Run, Sandbox, Tree, venv};

#[test]
fn what_was_unreadable_and_is_gone_leaves_a_completion_that_can_be_read() {
    // It was an entry more than the snapshot told of, and nothing of it could be had back.
    if !can_trace() || !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let (home, place) = (sandbox.path("home"), sandbox.path("home/venv"));
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
    let old = home.join(STAGING);
    let interrupted = (1..60).any(|n| {
        fs::remove_file(place.join("bin/tool")).ok();
        venv::write(&place, MINE, b"the last copy\n");
        venv::write(&place, "lib/secret", b"secret\n");
        let secret = place.join("lib/secret");
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        let kill = format!("inject=fsync:signal=KILL:when={n}");
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null"];
        let strace = [&strace[..], &["-E", "RAYON_NUM_THREADS=1", "-e", &kill]].concat();
        as_user_under(&sandbox, &strace, &["restore", "venv"]);
        place.join("bin/tool").exists() && old.join(MINE).exists()
    });
    assert!(interrupted, "no kill came after the exchange");
    fs::remove_file(old.join("lib/secret")).unwrap();
    venv::append(old.join(MINE), "and its end\n");
    let run = as_user(&sandbox, &["diff", "venv"]);
    assert!(run.stderr.contains("it is completed now"), "{run}");
    let list = as_user(&sandbox, &["list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let last = list["snapshots"].as_array().unwrap().last().unwrap();
    assert!(last["completes"].is_string(), "{list}");
    let mine = format!("{}:{MINE}", last["id"].as_str().unwrap());
    let run = as_user(&sandbox, &["cat", &mine]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.stdout, "the last copy\nand its end\n");
}

#[test]
fn a_tree_that_was_not_finished_is_not_put_where_the_venv_was_removed() {
    // It came with the mode and owner of the staging, and with what was written into its files since they were proved.
    if !can_trace() {
        return;
    }
    let (sandbox, good, _) = killed("fsync", &[], |sandbox| {
        let journal = fs::read_to_string(sandbox.path(JOURNAL)).unwrap_or_default();
        let staging = fs::metadata(sandbox.path(STAGING));
        let is_private = staging.is_ok_and(|staging| staging.mode() & 0o777 == 0o700);
        journal.contains(r#""phase":"swap""#) && is_private
    });
    let path = format!("{}/idna/core.py", venv::SITE);
    venv::append(sandbox.venv().join(&path), "# late\n");
    fs::remove_dir_all(sandbox.venv()).unwrap();
    let run = sandbox.snap(&["diff", "venv"]);
    assert!(!sandbox.venv().exists(), "{run}");
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
}

#[test]
fn a_new_venv_between_two_renames_leaves_no_staging_that_stands_in_the_way() {
    // It lay there without a journal, and each later restore was refused.
    if !can_trace() {
        return;
    }
    let (sandbox, good, hurt) = killed("renameat", &["renameat2:error=EINVAL"], |sandbox| {
        !sandbox.venv().exists()
    });
    venv::tiny(&sandbox.venv());
    let run = sandbox.snap(&["diff", "venv"]);
    assert!(run.code <= 1, "{run}");
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
    let kept = kept(&sandbox);
    assert_eq!(kept.len(), 1, "{run}");
    hurt.assert_same(&Tree::of(&kept[0]), "kept");
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
}

#[test]
fn what_is_put_into_the_new_venv_while_shared_files_are_written_afresh_stays() {
    // All of them were looked at before the first was written.
    if !can_trace() {
        return;
    }
    let (sandbox, good, _) = killed_after_the_exchange();
    let file = |package: &str| format!("{}/{package}/__init__.py", venv::SITE);
    let (first, second) = (file("click"), file("idna"));
    for path in [&first, &second] {
        venv::append(sandbox.path(STAGING).join(path), "# late\n");
    }
    let theirs = sandbox.path("theirs");
    fs::write(&theirs, b"theirs = 1\n").unwrap();
    let run = sandbox.held_up(
        "renameat@.snap-restore-fresh:delay_enter=2000000:when=1",
        &["diff", "venv"],
        || {
            let fresh = sandbox.path(STAGING).join(".snap-restore-fresh");
            assert!(fresh.exists(), "held up elsewhere");
            fs::rename(&theirs, sandbox.venv().join(&second)).unwrap();
        },
    );
    let read = |path: &str| fs::read(sandbox.venv().join(path)).unwrap();
    assert_eq!(read(&second), b"theirs = 1\n", "{run}");
    assert_eq!(
        read(&first),
        good.0[&PathBuf::from(&first)].content,
        "{run}"
    );
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
}

#[test]
fn a_large_file_is_written_afresh_as_well() {
    // In pieces: all of it at once would not fit into the memory of a small machine.
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let large: Vec<u8> = (0..9_000_001_u32)
        .flat_map(|n| [n as u8, (n >> 11) as u8])
        .collect();
    venv::write(&sandbox.venv(), "lib/large.so", &large);
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let path = sandbox.venv().join("lib/large.so");
    let mut open = fs::OpenOptions::new().append(true).open(path).unwrap();
    let run = restore_while(&sandbox, "renameat2@venv:delay_exit=1200000", || {
        open.write_all(b"late").unwrap();
    });
    assert!(run.stderr.contains("written afresh"), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "a write just after the swap");
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{run}");
}

#[test]
fn a_file_that_is_written_afresh_is_durable_before_it_replaces_another() {
    // After a power cut it could be empty, at a name that had a good file before.
    if !can_trace() {
        return;
    }
    let (sandbox, good, _) = killed_after_the_exchange();
    let path = format!("{}/idna/core.py", venv::SITE);
    venv::append(sandbox.path(STAGING).join(&path), "# late\n");
    let log = sandbox.path("calls");
    let calls = ["fdatasync:delay_enter=1", "renameat:delay_enter=1"];
    let run = Run::of(sandbox.traced_to(&log, &calls, &["diff", "venv"]));
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "completed");
    let log = fs::read_to_string(log).unwrap();
    let calls: Vec<&str> = log.lines().collect();
    let renamed = calls
        .iter()
        .position(|call| call.contains(".snap-restore-fresh"));
    let before = renamed.and_then(|at| calls.get(at.checked_sub(1)?));
    assert!(
        before.is_some_and(|call| call.contains("fdatasync(")),
        "{log}"
    );
}

#[test]
fn what_was_written_since_a_kill_in_place_waits_for_a_store_that_is_not_there() {
    // It was replaced, and no snapshot had it.
    let Some((sandbox, _mount, good)) = mounted() else {
        return;
    };
    let mine = sandbox.venv().join(MINE);
    let interrupted = (3..8).any(|n| {
        fs::remove_file(sandbox.venv().join("bin/tool")).ok();
        fs::write(&mine, b"mine\n").unwrap();
        let kill = format!("renameat:signal=KILL:when={n}");
        let run = sandbox.snap_traced(&[&kill], &["restore", "venv"]);
        run.code == 137 && !mine.exists()
    });
    assert!(interrupted, "no kill came between the steps");
    fs::write(&mine, b"written since\n").unwrap();
    let (store, elsewhere) = (sandbox.path("store"), sandbox.path("elsewhere"));
    fs::rename(&store, &elsewhere).unwrap();
    let looked = sandbox.snap(&["save", "venv", "--force", "--store", "other"]);
    let restored = sandbox.snap(&["restore", "venv", "--store", "other"]);
    assert_eq!(fs::read(&mine).unwrap(), b"written since\n", "{looked}");
    assert!(
        looked.stderr.contains("left for the next command"),
        "{looked}"
    );
    assert!(
        restored.code != 0 && restored.stderr.contains("hint: "),
        "{restored}"
    );
    fs::rename(&elsewhere, &store).unwrap();
    sandbox.ok(&["diff", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "completed");
    assert_eq!(in_incident(&sandbox, MINE), "written since\n");
}

#[test]
#[should_panic(expected = "it never stood at syncfs")]
fn a_window_that_never_opened_proves_nothing() {
    assert!(can_trace(), "it never stood at syncfs: it cannot be traced");
    let sandbox = Sandbox::new();
    sandbox.held_up("syncfs:delay_enter=1000:when=1", &["list"], || {});
}
