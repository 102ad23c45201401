//! What `verify` found damaged is relied on no more: later saves and copies store it anew (promises 1, 7).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::packs::{change, damage, files, saved};
use crate::support::{Sandbox, Tree, venv};

const LEN: usize = 30_000;

/// A venv that was saved with some content, and the pack in which that lies.
fn with_data() -> (Sandbox, PathBuf) {
    let sandbox = saved();
    venv::write(&sandbox.venv(), "data.bin", &venv::noise(LEN));
    sandbox.ok(&["save", "venv"]);
    let pack = holding(&sandbox.path("store"));
    (sandbox, pack)
}

fn holding(store: &Path) -> PathBuf {
    let content = venv::noise(64);
    let holds = |pack: &PathBuf| {
        let bytes = fs::read(pack).unwrap();
        bytes.windows(64).any(|part| part == content)
    };
    files(&store.join("packs")).into_iter().find(holds).unwrap()
}

fn hurt(sandbox: &Sandbox, code: i32) -> usize {
    let seen = sandbox.json(code, &["verify"]);
    seen["hurt"].as_array().unwrap().len()
}

fn added(sandbox: &Sandbox) -> u64 {
    let saved = sandbox.json(0, &["save", "venv"]);
    saved["added"]["objects"].as_u64().unwrap()
}

fn restores(sandbox: &Sandbox, store: &str, id: &str, to: &str, good: &Tree) {
    let out = ["--to", to, "--exact", "--store", store];
    sandbox.ok(&[&["restore", "venv", id][..], &out].concat());
    good.assert_same(&Tree::of(&sandbox.path(to)), to);
}

#[test]
fn a_save_does_not_rely_on_what_verify_found_damaged() {
    // The venv had the good bytes, the store knew that its own were bad, and the save was acknowledged with a hole.
    let (sandbox, pack) = with_data();
    let before = (sandbox.ids().pop().unwrap(), Tree::of(&sandbox.venv()));
    damage(&pack, &venv::noise(LEN));
    assert_eq!(hurt(&sandbox, 1), 1);
    venv::write(
        &sandbox.venv(),
        "more.bin",
        b"so that the new pack is another one",
    );
    assert!(added(&sandbox) > 1);
    let after = (sandbox.ids().pop().unwrap(), Tree::of(&sandbox.venv()));
    // The pack is still damaged, and stays told; but nothing hangs on it any more.
    assert_eq!(hurt(&sandbox, 1), 0);
    for (to, (id, good)) in [("old", &before), ("new", &after)] {
        restores(&sandbox, "store", id, to, good);
    }
    assert_eq!(added(&sandbox), 0, "what was stored anew is good");
    let run = sandbox.code(1, &["verify"]);
    assert!(run.stdout.starts_with("damaged: "), "{run}");
    let run = sandbox.ok(&["verify", "--repair"]);
    assert!(run.stdout.starts_with("repaired: "), "{run}");
    sandbox.ok(&["verify"]);
    assert!(files(&sandbox.path("store/suspects")).is_empty());
    restores(&sandbox, "store", &after.0, "repaired", &after.1);
}

#[test]
fn a_large_file_is_relied_on_only_with_all_its_segments() {
    // The list of its segments was packed last, and so lay in another pack than most of them: that it was good was
    // enough.
    let sandbox = saved();
    venv::write(&sandbox.venv(), "large.bin", &venv::noise(52 << 20));
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    let packs = files(&sandbox.path("store/packs"));
    let first = packs
        .iter()
        .max_by_key(|pack| pack.metadata().unwrap().len());
    change(first.unwrap(), |bytes| bytes[1 << 20] ^= 1);
    assert_eq!(hurt(&sandbox, 1), 1);
    assert!(added(&sandbox) > 1);
    let id = sandbox.ids().pop().unwrap();
    // Where the threads packed in the same order again, the new pack has the damaged one's name and took its place.
    let seen = sandbox.snap(&["verify", "--json"]);
    assert!(matches!(seen.code, 0 | 1), "{seen}");
    assert!(seen.stdout.contains("\"hurt\":[]"), "{seen}");
    restores(&sandbox, "store", &id, "out", &good);
    assert_eq!(added(&sandbox), 0, "what was stored anew is good");
}

#[test]
fn marks_that_cannot_be_read_stop_no_writer() {
    let (sandbox, pack) = with_data();
    damage(&pack, &venv::noise(LEN));
    sandbox.code(1, &["verify"]);
    let marks = sandbox.path("store/suspects");
    let set_mode =
        |dir: &Path, mode| fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
    set_mode(&marks, 0o777);
    venv::write(&sandbox.venv(), "more.bin", &venv::noise(900));
    for args in [&["save", "venv"][..], &["verify", "--repair"], &["prune"]] {
        let run = sandbox.ok(args);
        assert!(
            run.stderr.contains("saves may rely on damaged packs"),
            "{run}"
        );
    }
    set_mode(&marks, 0o700);
    sandbox.ok(&["verify"]);
    assert!(files(&marks).is_empty());
}

#[test]
fn a_restore_saves_anew_of_the_replaced_state_what_verify_found_damaged() {
    let (sandbox, pack) = with_data();
    let first = sandbox.ids().remove(0);
    let replaced = Tree::of(&sandbox.venv());
    damage(&pack, &venv::noise(LEN));
    sandbox.code(1, &["verify"]);
    let done = sandbox.json(0, &["restore", "venv", &first]);
    let incident = done["incident"].as_str().unwrap();
    restores(&sandbox, "store", incident, "incident", &replaced);
    sandbox.ok(&["undo", "venv"]);
    replaced.assert_same(&Tree::of(&sandbox.venv()), "undone");
}

#[test]
fn a_copy_sends_again_what_verify_found_damaged_in_the_other_store() {
    let (sandbox, _) = with_data();
    let (id, good) = (sandbox.ids().pop().unwrap(), Tree::of(&sandbox.venv()));
    let to = |args: &[&str], code| sandbox.code(code, &[args, &["--store", "other"]].concat());
    let copy = |what: &[&str]| sandbox.json(0, &[&["copy", "--to", "other"], what].concat());
    copy(&["--all"]);
    damage(&holding(&sandbox.path("other")), &venv::noise(LEN));
    to(&["verify"], 1);
    // A frame alone makes another pack than all of them did.
    let sent = copy(&[&id]);
    assert!(sent["sent"]["objects"].as_u64().unwrap() > 0, "{sent}");
    restores(&sandbox, "other", &id, "out", &good);
    assert_eq!(copy(&[&id])["sent"]["objects"], 0);
    to(&["verify", "--repair"], 0);
    to(&["verify"], 0);
}

#[test]
fn a_pack_that_is_good_again_is_relied_on_again() {
    let (sandbox, pack) = with_data();
    let good = fs::read(&pack).unwrap();
    damage(&pack, &venv::noise(LEN));
    sandbox.code(1, &["verify"]);
    sandbox.code(1, &["verify", "--sample", "100%"]);
    assert_eq!(files(&sandbox.path("store/suspects")).len(), 1);
    // From a copy of the store.
    change(&pack, |bytes| bytes.clone_from(&good));
    sandbox.ok(&["verify"]);
    assert!(files(&sandbox.path("store/suspects")).is_empty());
    assert_eq!(added(&sandbox), 0);
    // Or by a save that packs the very same.
    let sandbox = saved();
    let pack = files(&sandbox.path("store/packs")).remove(0);
    change(&pack, |bytes| bytes[40] ^= 1);
    sandbox.code(1, &["verify"]);
    fs::remove_file(&pack).unwrap();
    assert!(added(&sandbox) > 0);
    assert!(
        added(&sandbox) == 0,
        "no mark is left of a pack that is new"
    );
    sandbox.ok(&["verify"]);
}
