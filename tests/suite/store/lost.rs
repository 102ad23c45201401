//! Snapshots and objects that a store has lost in part: what is lost stays told, and what could still come back is not
//! removed without a word (promises 1, 7).

use crate::support::packs::{change, damage, files, saved};
use std::fs;

use crate::support::session::Session;
use crate::support::{Sandbox, Tree, venv};

#[test]
fn a_snapshot_that_was_lost_is_told_until_its_file_is_removed_or_comes_back() {
    let sandbox = saved();
    let good = Tree::of(&sandbox.venv());
    let file = files(&sandbox.path("store/snapshots")).remove(0);
    let whole = fs::read(&file).unwrap();
    venv::write(&sandbox.venv(), "second", &venv::noise(5000));
    sandbox.ok(&["save", "venv"]);
    change(&file, |bytes| bytes.truncate(40));
    // The repair that loses it says so, and so does every look afterwards.
    let mut session = Session::new(&sandbox);
    session.run(1, &["verify", "--repair"]);
    assert_eq!(sandbox.ids().len(), 1);
    let seen = sandbox.json(1, &["verify"]);
    assert_eq!(seen["clean"], false, "{seen}");
    assert_eq!(seen["lost"].as_array().unwrap().len(), 1, "{seen}");
    session.run(1, &["verify"]);
    session.run(1, &["verify", "--repair"]);
    // Nobody knows what it needs, should its file come back.
    session.run(3, &["prune", "--grace", "0"]);
    insta::assert_snapshot!(session.told());
    fs::write(&file, &whole).unwrap();
    sandbox.ok(&["verify"]);
    sandbox.ok(&["prune", "--grace", "0"]);
    let first = file.file_name().unwrap().to_str().unwrap();
    sandbox.ok(&["restore", "venv", first, "--to", "out", "--exact"]);
    good.assert_same(&Tree::of(&sandbox.path("out")), "came back");
}

#[test]
fn a_snapshot_that_was_lost_is_given_up_by_removing_its_file_from_quarantine() {
    let sandbox = saved();
    let file = files(&sandbox.path("store/snapshots")).remove(0);
    change(&file, |bytes| bytes.truncate(40));
    sandbox.code(1, &["verify", "--repair"]);
    sandbox.code(1, &["verify"]);
    for kept in files(&sandbox.path("store/quarantine")) {
        fs::remove_file(kept).unwrap();
    }
    sandbox.ok(&["verify"]);
    sandbox.ok(&["prune", "--grace", "0"]);
}

/// Makes everything in the store look old.
fn age(sandbox: &Sandbox) {
    for dir in ["packs", "snapshots"] {
        for file in files(&sandbox.path("store").join(dir)) {
            venv::set_mtime(&file, 1_600_000_000, 0);
        }
    }
}

#[test]
fn what_a_forgotten_snapshot_needs_stays_while_its_file_cannot_be_read() {
    let sandbox = saved();
    venv::write(&sandbox.venv(), "second", &venv::noise(50_000));
    sandbox.ok(&["save", "venv"]);
    let second = Tree::of(&sandbox.venv());
    let id = sandbox.ids().pop().unwrap();
    sandbox.ok(&["forget", &id]);
    age(&sandbox);
    let file = files(&sandbox.path("store/forgotten")).remove(0);
    let forgotten = fs::metadata(&file).unwrap().modified().unwrap();
    let damage = |bytes: &mut Vec<u8>| {
        let half = bytes.len() / 2;
        bytes[half] ^= 1;
    };
    change(&file, damage);
    let set = |time| fs::File::open(&file).unwrap().set_modified(time).unwrap();
    set(forgotten);
    let run = sandbox.code(3, &["prune"]);
    assert!(
        run.stderr.contains("forgotten snapshot file") && run.stderr.contains("--repair"),
        "{run}"
    );
    sandbox.ok(&["verify", "--repair"]);
    sandbox.ok(&["prune"]);
    sandbox.ok(&["undelete", &id]);
    sandbox.ok(&["restore", "venv", &id, "--to", "out", "--exact"]);
    second.assert_same(&Tree::of(&sandbox.path("out")), "undeleted");
    // Once its grace is over it goes, whatever it says.
    sandbox.ok(&["forget", &id]);
    change(&file, damage);
    venv::set_mtime(&file, 1_600_000_000, 0);
    sandbox.ok(&["prune"]);
    assert!(!file.exists());
}

#[test]
fn of_what_lies_in_two_packs_prune_keeps_the_copy_that_can_be_read() {
    // It kept the one of the first pack by name, and deleted the other.
    for hurt in 0..2 {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let content = venv::noise(30_000);
        venv::write(&sandbox.venv(), "data.bin", &content);
        sandbox.ok(&["save", "venv"]);
        let good = Tree::of(&sandbox.venv());
        // Another store packs the same and some more.
        venv::write(&sandbox.venv(), "more.bin", &venv::noise(40_000));
        sandbox.ok(&["save", "venv", "--store", "other"]);
        for pack in files(&sandbox.path("other/packs")) {
            let name = pack.file_name().unwrap();
            fs::copy(&pack, sandbox.path("store/packs").join(name)).unwrap();
        }
        let packs = files(&sandbox.path("store/packs"));
        assert_eq!(packs.len(), 2);
        damage(&packs[hurt], &content);
        sandbox.ok(&["prune", "--grace", "0"]);
        sandbox.ok(&["restore", "venv", "--to", "out", "--exact"]);
        good.assert_same(&Tree::of(&sandbox.path("out")), &format!("pack {hurt}"));
        sandbox.ok(&["verify"]);
    }
}

#[test]
fn a_pinned_snapshot_whose_file_is_gone_is_missed_until_it_is_back_or_given_up() {
    // A pin says that a snapshot is never forgotten, and nobody looked whether it was still there.
    let sandbox = saved();
    let good = Tree::of(&sandbox.venv());
    venv::write(&sandbox.venv(), "second", &venv::noise(50_000));
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids().remove(0);
    sandbox.ok(&["pin", &id]);
    let file = sandbox.path("store/snapshots").join(&id);
    let whole = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let seen = sandbox.json(1, &["verify"]);
    assert_eq!(seen["clean"], false, "{seen}");
    assert_eq!(seen["missing"][0], id.as_str(), "{seen}");
    let mut session = Session::new(&sandbox);
    let run = session.run(1, &["verify"]);
    assert!(run.stdout.contains(&format!("snapshots/{id}: ")), "{run}");
    session.run(1, &["verify", "--repair"]);
    session.run(3, &["prune", "--grace", "0"]);
    insta::assert_snapshot!(session.told());
    fs::write(&file, &whole).unwrap();
    sandbox.ok(&["verify"]);
    sandbox.ok(&["prune", "--grace", "0"]);
    sandbox.ok(&["restore", "venv", &id, "--to", "out", "--exact"]);
    good.assert_same(&Tree::of(&sandbox.path("out")), "came back");
    fs::remove_file(&file).unwrap();
    sandbox.code(10, &["unpin", "0123456789"]);
    let told = sandbox.json(0, &["unpin", &id[..10]]);
    assert_eq!(told["given_up"][0], id.as_str(), "{told}");
    sandbox.ok(&["verify"]);
    sandbox.ok(&["prune", "--grace", "0"]);
}

#[test]
fn a_snapshot_whose_file_is_gone_is_missed_pinned_or_not() {
    // Nothing but its own file named a snapshot, so nobody missed one that was deleted.
    let sandbox = saved();
    let first = sandbox.ids().remove(0);
    venv::write(&sandbox.venv(), "second", &venv::noise(50_000));
    sandbox.ok(&["save", "venv"]);
    venv::write(&sandbox.venv(), "second", &venv::noise(60_000));
    sandbox.ok(&["restore", "venv", &first]);
    sandbox.ok(&["copy", &first, "--to", "other"]);
    sandbox.ok(&["export", &first, "venv.tar"]);
    sandbox.ok(&["import", "venv.tar", "--store", "third"]);
    // Of each store, how many snapshots: the first has an incident as well.
    for (store, count) in [("store", 3), ("other", 1), ("third", 1)] {
        let of = |words: &[&'static str]| [words, &["--store", store]].concat();
        let all = files(&sandbox.path(&format!("{store}/snapshots")));
        assert_eq!(all.len(), count, "{store}");
        for file in all {
            let id = file.file_name().unwrap().to_str().unwrap();
            let aside = sandbox.path("aside");
            fs::rename(&file, &aside).unwrap();
            let seen = sandbox.json(1, &of(&["verify"]));
            assert_eq!(seen["missing"], serde_json::json!([id]), "{seen}");
            let run = sandbox.code(3, &of(&["prune", "--grace", "0"]));
            assert!(run.stderr.contains(&id[..8]), "{run}");
            fs::rename(&aside, &file).unwrap();
        }
        sandbox.ok(&of(&["verify"]));
    }
}

#[test]
fn what_was_forgotten_or_given_up_is_not_missed() {
    let sandbox = saved();
    venv::write(&sandbox.venv(), "second", &venv::noise(50_000));
    sandbox.ok(&["save", "venv"]);
    let ids = sandbox.ids();
    let missing = || sandbox.json(1, &["verify"])["missing"].clone();
    let roll = || files(&sandbox.path("store/roll")).len();
    sandbox.ok(&["forget", &ids[0]]);
    sandbox.ok(&["verify"]);
    // Until it is pruned it can come back, so it should be there.
    let forgotten = sandbox.path("store/forgotten").join(&ids[0]);
    fs::rename(&forgotten, sandbox.path("aside")).unwrap();
    assert_eq!(missing(), serde_json::json!([ids[0]]));
    fs::rename(sandbox.path("aside"), &forgotten).unwrap();
    sandbox.ok(&["undelete", &ids[0]]);
    sandbox.ok(&["verify"]);
    sandbox.ok(&["forget", &ids[0]]);
    assert_eq!(roll(), 2);
    sandbox.ok(&["prune", "--grace", "0"]);
    assert_eq!(roll(), 1);
    sandbox.ok(&["verify"]);
    fs::remove_file(sandbox.path("store/snapshots").join(&ids[1])).unwrap();
    assert_eq!(missing(), serde_json::json!([ids[1]]));
    let told = sandbox.json(0, &["unpin", &ids[1]]);
    assert_eq!(told["given_up"], serde_json::json!([ids[1]]));
    assert_eq!(roll(), 0);
    sandbox.ok(&["verify"]);
    sandbox.ok(&["prune", "--grace", "0"]);
}

#[test]
fn a_store_without_a_roll_gets_one_with_the_next_verify() {
    let sandbox = saved();
    let id = sandbox.ids().remove(0);
    let file = sandbox.path("store/snapshots").join(&id);
    fs::remove_dir_all(sandbox.path("store/roll")).unwrap();
    sandbox.ok(&["verify", "--sample", "1%"]);
    fs::remove_file(&file).unwrap();
    let seen = sandbox.json(1, &["verify"]);
    assert_eq!(seen["missing"], serde_json::json!([id]), "{seen}");
}

#[test]
fn a_snapshot_that_came_back_from_quarantine_is_given_up_by_unpin() {
    let sandbox = saved();
    let file = files(&sandbox.path("store/snapshots")).remove(0);
    let id = file.file_name().unwrap().to_str().unwrap();
    let whole = fs::read(&file).unwrap();
    change(&file, |bytes| bytes.truncate(40));
    sandbox.code(1, &["verify", "--repair"]);
    fs::write(&file, &whole).unwrap();
    sandbox.ok(&["verify"]);
    for kept in files(&sandbox.path("store/quarantine")) {
        fs::remove_file(kept).unwrap();
    }
    sandbox.ok(&["verify"]);
    fs::remove_file(&file).unwrap();
    sandbox.code(1, &["verify"]);
    sandbox.ok(&["unpin", id]);
    sandbox.ok(&["verify"]);
}

#[test]
fn digits_that_a_snapshot_shares_with_one_that_is_missing_unpin_neither() {
    let sandbox = saved();
    let id = sandbox.ids().remove(0);
    let (shared, last) = id.split_at(63);
    let gone = format!("{shared}{}", if last == "0" { '1' } else { '0' });
    sandbox.ok(&["pin", &id]);
    let pins = sandbox.path("store/pins");
    fs::write(pins.join(&gone), "").unwrap();
    for digits in [&id[..10], shared] {
        let run = sandbox.code(2, &["unpin", digits]);
        for could_be in [&id[..16], &gone] {
            assert!(run.stderr.contains(could_be), "{run}");
        }
        assert_eq!(files(&pins).len(), 2);
        // To pin there is only one.
        sandbox.ok(&["pin", digits]);
    }
    sandbox.ok(&["unpin", &id]);
    assert_eq!(files(&pins), [pins.join(&gone)]);
    let told = sandbox.json(0, &["unpin", &gone]);
    assert_eq!(told["given_up"][0], gone.as_str(), "{told}");
}

#[test]
fn a_pinned_snapshot_that_was_lost_is_given_up_by_removing_its_file_and_the_pin() {
    let sandbox = saved();
    let id = sandbox.ids().remove(0);
    sandbox.ok(&["pin", &id]);
    let file = sandbox.path("store/snapshots").join(&id);
    change(&file, |bytes| bytes.truncate(40));
    sandbox.code(1, &["verify", "--repair"]);
    let run = sandbox.code(3, &["prune"]);
    assert!(run.stderr.contains("unpin ID"), "{run}");
    for kept in files(&sandbox.path("store/quarantine")) {
        fs::remove_file(kept).unwrap();
    }
    sandbox.code(1, &["verify"]);
    sandbox.ok(&["unpin", &id]);
    sandbox.ok(&["verify"]);
    sandbox.ok(&["prune"]);
}
