//! `prune` of a store in a bucket: by its owner, in two phases, beside hosts that save.

use std::fs;

use super::Host;
use crate::support::bucket::{Bucket, Fault};
use crate::support::hosts::run_on;
use crate::support::{Tree, venv};

/// More than a day.
const DAY: i64 = 90_000;

fn packs(bucket: &Bucket) -> usize {
    bucket
        .keys()
        .iter()
        .filter(|key| key.contains("/packs/"))
        .count()
}

fn marks(bucket: &Bucket) -> usize {
    bucket
        .keys()
        .iter()
        .filter(|key| key.contains("/tombstones/"))
        .count()
}

/// A host that owns a store, with two snapshots of which the first is forgotten, and is the only one with some packs.
fn with_waste(bucket: &Bucket) -> (Host, String) {
    let host = Host::new(bucket);
    let told = host.json(0, &["remote", "init", "--owner"]);
    assert!(told["owner"].is_string(), "{told}");
    venv::tiny(&host.sandbox.venv());
    venv::write(&host.sandbox.venv(), "data", &venv::noise(50_000));
    host.ok(&["save", "venv", "--label", "first"]);
    let first = host.ids().remove(0);
    fs::remove_dir_all(host.sandbox.venv()).unwrap();
    venv::tiny(&host.sandbox.venv());
    venv::write(&host.sandbox.venv(), "data", &venv::noise(51_000)[900..]);
    host.ok(&["save", "venv"]);
    host.ok(&["forget", &first]);
    (host, first)
}

#[test]
fn what_nothing_needs_is_marked_first_and_goes_when_its_grace_is_over() {
    let bucket = Bucket::serve();
    let (host, first) = with_waste(&bucket);
    let tree = Tree::of(&host.sandbox.venv());
    let before = packs(&bucket);
    let prune = |deleted: u64, dropped: u64| {
        let told = host.json(0, &["prune"]);
        assert_eq!(
            (&told["deleted"], &told["snapshots"]),
            (&deleted.into(), &dropped.into()),
            "{told}"
        );
        host.ok(&["verify"]);
        told
    };
    // All is recent.
    prune(0, 0);
    assert_eq!((packs(&bucket), marks(&bucket)), (before, 0));
    bucket.age(DAY);
    // What a snapshot needs that goes now is needed until the next prune.
    prune(0, 1);
    assert!(
        !bucket.keys().iter().any(|key| key.ends_with(&first)),
        "{:?}",
        bucket.keys()
    );
    assert_eq!(marks(&bucket), 0);
    let told = host.json(0, &["prune", "-n"]);
    assert_eq!((&told["marked"], marks(&bucket)), (&1.into(), 0), "{told}");
    let told = prune(0, 0);
    assert_eq!((&told["marked"], marks(&bucket)), (&1.into(), 1), "{told}");
    prune(0, 0);
    bucket.age(DAY);
    let told = prune(1, 0);
    assert!(
        told["bytes_after"].as_u64() < told["bytes_before"].as_u64(),
        "{told}"
    );
    assert_eq!(marks(&bucket), 0);
    fs::remove_dir_all(host.sandbox.venv()).unwrap();
    host.ok(&["restore", "venv", "latest"]);
    tree.assert_same(&Tree::of(&host.sandbox.venv()), "after it");
}

#[test]
fn a_save_relies_on_nothing_that_is_marked_and_what_came_back_is_spared() {
    let bucket = Bucket::serve();
    let (host, _) = with_waste(&bucket);
    bucket.age(DAY);
    host.ok(&["prune"]);
    host.ok(&["prune"]);
    assert_eq!(marks(&bucket), 1);
    // The very content of what was dropped.
    let other = Host::new(&bucket);
    venv::tiny(&other.sandbox.venv());
    venv::write(&other.sandbox.venv(), "data", &venv::noise(50_000));
    let tree = Tree::of(&other.sandbox.venv());
    let before = packs(&bucket);
    other.ok(&["save", "venv", "--label", "again"]);
    assert!(packs(&bucket) > before, "it relied on what is marked");
    bucket.age(DAY);
    let told = host.json(0, &["prune"]);
    assert_eq!((&told["deleted"], marks(&bucket)), (&1.into(), 0), "{told}");
    other.ok(&["verify"]);
    fs::remove_dir_all(other.sandbox.venv()).unwrap();
    other.ok(&["restore", "venv", "@again"]);
    tree.assert_same(&Tree::of(&other.sandbox.venv()), "saved beside a mark");
    // A mark on what is needed goes.
    let pack = bucket
        .keys()
        .into_iter()
        .find(|key| key.contains("/packs/"))
        .unwrap();
    bucket.change(|objects| drop(objects.insert(pack.replace("packs", "tombstones"), Vec::new())));
    bucket.age(3 * DAY);
    host.ok(&["prune"]);
    assert!(bucket.keys().contains(&pack));
    host.ok(&["verify"]);
}

#[test]
fn half_of_a_pack_is_written_anew_beside_the_old_one() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    host.ok(&["remote", "init", "--owner"]);
    venv::tiny(&host.sandbox.venv());
    venv::write(&host.sandbox.venv(), "data", &venv::noise(300_000));
    host.ok(&["save", "venv"]);
    let first = host.ids().remove(0);
    fs::remove_file(host.sandbox.venv().join("data")).unwrap();
    host.ok(&["save", "venv"]);
    let tree = Tree::of(&host.sandbox.venv());
    host.ok(&["forget", &first]);
    bucket.age(DAY);
    host.ok(&["prune"]);
    let told = host.json(0, &["prune"]);
    assert_eq!(
        (&told["rewritten"], marks(&bucket)),
        (&1.into(), 1),
        "{told}"
    );
    let again = host.json(0, &["prune"]);
    assert_eq!(again["rewritten"], 0, "{again}");
    bucket.age(DAY);
    let told = host.json(0, &["prune"]);
    let (before, after) = (
        told["bytes_before"].as_u64().unwrap(),
        told["bytes_after"].as_u64().unwrap(),
    );
    assert!(after + 250_000 < before, "{told}");
    host.ok(&["verify"]);
    fs::remove_dir_all(host.sandbox.venv()).unwrap();
    host.ok(&["restore", "venv", "latest"]);
    tree.assert_same(&Tree::of(&host.sandbox.venv()), "of a pack written anew");
}

#[test]
fn only_the_owner_prunes_and_only_where_clocks_agree() {
    let bucket = Bucket::serve();
    let (host, _) = with_waste(&bucket);
    bucket.age(DAY);
    let run = host.code(2, &["prune", "--grace", "23h"]);
    assert!(run.stderr.contains("day"), "{run}");
    for ahead in [301, -301] {
        bucket.set_clock_ahead(ahead);
        let run = host.code(3, &["prune"]);
        assert!(run.stderr.contains("clock"), "{run}");
    }
    // What it said in the last try is later than what it says now.
    bucket.set_clock_ahead(200);
    host.ok(&["prune", "-n"]);
    bucket.set_clock_ahead(0);
    let run = host.code(3, &["prune"]);
    assert!(run.stderr.contains("went back"), "{run}");
    bucket.age(200);
    let elsewhere = |args: &[&str]| run_on(&host.sandbox, "other", &host.command(args));
    let Some(run) = elsewhere(&["prune"]) else {
        return;
    };
    assert!(run.code == 3 && run.stderr.contains("--take-over"), "{run}");
    let run = elsewhere(&["remote", "init", "--owner"]).unwrap();
    assert_eq!(run.code, 3, "{run}");
    let run = elsewhere(&["remote", "init", "--owner", "--take-over"]).unwrap();
    assert!(run.code == 0 && run.stdout.contains("other"), "{run}");
    let run = elsewhere(&["prune"]).unwrap();
    assert_eq!(run.code, 0, "{run}");
    host.code(3, &["prune"]);
}

#[test]
fn a_prune_that_ends_at_any_request_loses_nothing_and_can_be_done_again() {
    let bucket = Bucket::serve();
    let (host, _) = with_waste(&bucket);
    let tree = Tree::of(&host.sandbox.venv());
    let mut failed = 0;
    for round in 0..3 {
        bucket.age(DAY);
        for last in (0..).step_by(2) {
            bucket.plan(move |number, _, _| (number >= last).then_some(Fault::Status(403)));
            if host.snap(&["prune"]).code == 0 {
                break;
            }
            failed += 1;
        }
        bucket.calm();
        host.ok(&["prune"]);
        if round == 1 {
            host.ok(&["verify"]);
        }
    }
    assert!(failed > 10, "{failed}");
    host.ok(&["verify"]);
    fs::remove_dir_all(host.sandbox.venv()).unwrap();
    host.ok(&["restore", "venv", "latest"]);
    tree.assert_same(&Tree::of(&host.sandbox.venv()), "after all");
}
