//! `copy`: snapshots go to another store, which gets what it lacks and nothing that is wrong.

use crate::support::transport::{at, tree_at};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Sandbox, Tree, venv};

#[track_caller]
fn json_at(sandbox: &Sandbox, store: &str, args: &[&str]) -> Value {
    sandbox.json(0, &[args, &["--store", store]].concat())
}

/// A venv saved twice, with a little that changed in between and a file of many segments.
pub(crate) fn two_saves() -> (Sandbox, Vec<(String, Tree)>) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::write(&sandbox.venv(), "large.bin", &venv::noise((9 << 20) + 7));
    let mut saved = Vec::new();
    for number in 0..2 {
        venv::write(
            &sandbox.venv(),
            &format!("new-{number}"),
            &venv::noise(20_000 + number),
        );
        sandbox.ok(&["save", "venv", "--label", &format!("l{number}")]);
        saved.push((sandbox.ids().pop().unwrap(), Tree::of(&sandbox.venv())));
    }
    (sandbox, saved)
}

#[test]
fn a_copy_is_the_same_snapshot_and_sends_only_what_lacks() {
    let (sandbox, saved) = two_saves();
    sandbox.ok(&["pin", &saved[1].0]);
    let first = sandbox.json(0, &["copy", &saved[0].0, "--to", "other"]);
    let mode = fs::metadata(sandbox.path("other"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o700);
    assert_eq!(first["had"], 0);
    assert!(first["sent"]["objects"].as_u64().unwrap() > 10, "{first}");
    let second = sandbox.json(0, &["copy", "latest", "--venv", "venv", "--to", "other"]);
    let (sent, had) = (&second["sent"], second["had"].as_u64().unwrap());
    assert!(
        had > 10 && sent["objects"].as_u64().unwrap() < 10,
        "{second}"
    );
    assert!(sent["bytes"].as_u64().unwrap() < 40_000, "{second}");
    let (here, there) = (
        sandbox.json(0, &["list"]),
        json_at(&sandbox, "other", &["list"]),
    );
    assert_eq!(here, there, "ids, labels, parents, pins");
    for (id, tree) in &saved {
        let name = |store: &str| sandbox.path(store).join("snapshots").join(id);
        assert_eq!(
            fs::read(name("store")).unwrap(),
            fs::read(name("other")).unwrap()
        );
        tree.assert_same(&tree_at(&sandbox, "other", id), id);
    }
    at(&sandbox, "other", 0, &["verify"]);
    // The audit came along.
    let audit = |store| json_at(&sandbox, store, &["show", &saved[0].0])["audit"].clone();
    assert_eq!(audit("store"), audit("other"));
    let again = sandbox.json(0, &["copy", "--all", "--to", "other"]);
    assert_eq!(again["sent"]["objects"], 0);
    assert!(
        again["snapshots"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["already"] == true)
    );
}

#[test]
fn all_snapshots_are_copied_incidents_among_them_and_can_be_undone_from_there() {
    let (sandbox, _) = two_saves();
    let good = Tree::of(&sandbox.venv());
    fs::remove_file(sandbox.venv().join("new-1")).unwrap();
    let hurt = Tree::of(&sandbox.venv());
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    sandbox.ok(&["copy", "--all", "--to", "other"]);
    assert_eq!(
        sandbox.json(0, &["list"]),
        json_at(&sandbox, "other", &["list"])
    );
    at(&sandbox, "other", 0, &["undo", "venv"]);
    hurt.assert_same(&Tree::of(&sandbox.venv()), "undone");
}

#[test]
fn a_store_is_not_copied_into_itself() {
    let (sandbox, saved) = two_saves();
    std::os::unix::fs::symlink("store", sandbox.path("link")).unwrap();
    for to in ["store", "link", "store/tmp/inner", "./store/../store", "."] {
        sandbox.code(2, &["copy", &saved[0].0, "--to", to]);
    }
    fs::create_dir(sandbox.path("full")).unwrap();
    fs::write(sandbox.path("full/precious"), b"x").unwrap();
    sandbox.code(3, &["copy", &saved[0].0, "--to", "full"]);
    sandbox.code(10, &["copy", "ffffffff", "--to", "new"]);
    assert!(!sandbox.path("new").exists(), "a mistake makes no store");
    sandbox.code(2, &["copy", "--to", "new"]);
    fs::set_permissions(sandbox.path("full"), fs::Permissions::from_mode(0o777)).unwrap();
}

/// Flips a bit of every frame with content in the packs of a store.
fn flip(sandbox: &Sandbox) {
    for pack in fs::read_dir(sandbox.path("store/packs")).unwrap() {
        let path = pack.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if bytes.len() > 1_000_000 {
            bytes[500_000] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
    }
}

#[test]
fn a_damaged_source_is_named_and_nothing_wrong_arrives() {
    let (sandbox, saved) = two_saves();
    flip(&sandbox);
    let run = sandbox.code(3, &["copy", "--all", "--to", "other"]);
    assert!(run.stderr.contains("large.bin"), "{run}");
    assert!(run.stderr.contains(&saved[0].0[..8]), "{run}");
    assert_eq!(
        json_at(&sandbox, "other", &["list"])["snapshots"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    at(&sandbox, "other", 0, &["verify"]);
    // Healed, it goes.
    sandbox.ok(&["verify", "--repair"]);
    sandbox.ok(&["copy", "--all", "--to", "other"]);
    at(&sandbox, "other", 0, &["verify"]);
    saved[0]
        .1
        .assert_same(&tree_at(&sandbox, "other", &saved[0].0), "healed");
}

#[test]
fn what_the_source_has_lost_is_named_before_anything_is_sent() {
    let (sandbox, saved) = two_saves();
    for pack in fs::read_dir(sandbox.path("store/packs")).unwrap() {
        let path = pack.unwrap().path();
        if fs::metadata(&path).unwrap().len() > 1_000_000 {
            fs::remove_file(path).unwrap();
        }
    }
    let run = sandbox.code(3, &["copy", &saved[1].0, "--to", "other"]);
    assert!(run.stderr.contains("cannot be copied"), "{run}");
    assert!(!sandbox.path("other").exists());
}

#[test]
fn a_copy_heals_a_target_that_has_lost_something() {
    let (sandbox, saved) = two_saves();
    sandbox.ok(&["copy", "--all", "--to", "other"]);
    for pack in fs::read_dir(sandbox.path("other/packs")).unwrap() {
        fs::remove_file(pack.unwrap().path()).unwrap();
    }
    let name = sandbox.path("other/snapshots").join(&saved[0].0);
    fs::write(name, b"{}").unwrap();
    sandbox.ok(&["copy", "--all", "--to", "other"]);
    at(&sandbox, "other", 0, &["verify"]);
    saved[0]
        .1
        .assert_same(&tree_at(&sandbox, "other", &saved[0].0), "healed");
}

#[test]
fn two_opposite_copies_at_once_both_end() {
    let (sandbox, saved) = two_saves();
    venv::tiny(&sandbox.path("second"));
    venv::write(&sandbox.path("second"), "data", &venv::noise(100_000));
    at(&sandbox, "other", 0, &["save", "second"]);
    let theirs = json_at(&sandbox, "other", &["list"])["snapshots"][0]["id"].clone();
    for round in 0..4 {
        // Something new on both sides, so that both read and write.
        for (name, store) in [("venv", "store"), ("second", "other")] {
            venv::write(&sandbox.path(name), "more", &venv::noise(300_000 + round));
            at(&sandbox, store, 0, &["save", name]);
        }
        let copy = |from: &str, to: &str| {
            let mut command = sandbox.command(&["copy", "--all", "--to", to, "--store", from]);
            command.stdout(Stdio::null()).spawn().unwrap()
        };
        for mut child in [copy("store", "other"), copy("other", "store")] {
            assert!(child.wait().unwrap().success());
        }
    }
    for store in ["store", "other"] {
        let ids = json_at(&sandbox, store, &["list"]).to_string();
        assert!(
            ids.contains(&saved[1].0) && ids.contains(theirs.as_str().unwrap()),
            "{store}"
        );
        at(&sandbox, store, 0, &["verify"]);
    }
}
