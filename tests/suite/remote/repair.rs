//! `verify --repair --from` another store: a bucket, or a directory.

use std::fs;
use std::path::Path;

use super::{Host, STORE};
use crate::support::bucket::Bucket;
use crate::support::{Tree, venv};

/// What happens to the files of a store.
const HARMS: [fn(&Path); 2] = [
    |file| {
        let mut bytes = fs::read(file).unwrap();
        bytes[20..].fill(7);
        fs::write(file, bytes).unwrap();
    },
    |file| fs::remove_file(file).unwrap(),
];

#[test]
fn what_a_store_lost_comes_back_from_another_one_in_a_bucket_or_a_directory() {
    for (from, harm) in [
        (STORE, HARMS[0]),
        (STORE, HARMS[1]),
        ("copy", HARMS[0]),
        ("copy", HARMS[1]),
    ] {
        let bucket = Bucket::serve();
        let host = Host::new(&bucket);
        let dir = host.sandbox.venv();
        venv::tiny(&dir);
        venv::write(&dir, "data", &venv::noise(20_000));
        host.sandbox.ok(&["save", "venv"]);
        let (tree, id) = (Tree::of(&dir), host.sandbox.ids().remove(0));
        host.ok(&["copy", "--all", "--to", from, "--store", "store"]);
        fs::remove_dir_all(&dir).unwrap();
        for area in ["store/packs", "store/snapshots"] {
            for entry in fs::read_dir(host.sandbox.path(area)).unwrap() {
                harm(&entry.unwrap().path());
            }
        }
        let run = host.code(1, &["verify", "--repair", "--store", "store"]);
        assert!(run.stderr.contains("--from STORE"), "{run}");
        let repair = ["verify", "--repair", "--from", from, "--store", "store"];
        let run = host.ok(&repair);
        assert!(run.stdout.contains(from), "{run}");
        let brought = format!("brought the file of {} back", &id[..8]);
        assert!(run.stdout.contains(&brought), "{run}");
        host.ok(&["verify", "--store", "store"]);
        host.ok(&["restore", "venv", &id, "--store", "store"]);
        tree.assert_same(&Tree::of(&dir), from);
    }
}

#[test]
fn what_is_damaged_in_a_bucket_comes_back_by_a_copy_from_another_store() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    let dir = host.sandbox.venv();
    venv::tiny(&dir);
    venv::write(&dir, "data", &venv::noise(20_000));
    host.sandbox.ok(&["save", "venv"]);
    let tree = Tree::of(&dir);
    let copy = ["copy", "--all", "--store", "store", "--to", STORE];
    host.ok(&copy);
    bucket.change(|objects| {
        let is_content = |key: &str| key.contains("/packs/") || key.contains("/snapshots/");
        for (_, bytes) in objects.iter_mut().filter(|(key, _)| is_content(key)) {
            bytes[20..].fill(7);
        }
    });
    let run = host.code(1, &["verify"]);
    assert!(run.stderr.contains("copy --all --store"), "{run}");
    let run = host.code(2, &["verify", "--repair"]);
    assert!(run.stderr.contains("copy --all --store"), "{run}");
    host.ok(&copy);
    host.ok(&["verify"]);
    let other = Host::new(&bucket);
    other.ok(&[
        "restore",
        "venv",
        &host.sandbox.ids()[0],
        "--to",
        "new",
        "--exact",
    ]);
    tree.assert_same(&Tree::of(&other.sandbox.path("new")), "from the bucket");
}

/// What happens to packs in a bucket.
const HARMS_IN_BUCKET: [fn(&mut Vec<u8>); 5] = [
    |bytes| bytes[20..].fill(7),
    |bytes| bytes.truncate(bytes.len() / 2),
    |bytes| bytes.clear(),
    |bytes| *bytes.last_mut().unwrap() ^= 1,
    |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    },
];

/// A host with a snapshot in a bucket and in a store of its own, of which the bucket's packs were harmed and found out.
fn harmed(bucket: &Bucket, harm: fn(&mut Vec<u8>)) -> Host {
    let host = Host::new(bucket);
    host.ok(&["remote", "init", "--owner"]);
    venv::tiny(&host.sandbox.venv());
    venv::write(&host.sandbox.venv(), "data", &venv::noise(300_000));
    host.sandbox.ok(&["save", "venv"]);
    host.ok(&["copy", "--all", "--store", "store", "--to", STORE]);
    bucket.change(|objects| {
        let packs = objects.iter_mut();
        for (_, bytes) in packs.filter(|(key, _)| key.contains("/packs/")) {
            harm(bytes);
        }
    });
    let told = host.json(1, &["verify"]);
    assert_eq!(told["needless"], serde_json::json!([]), "{told}");
    host
}

#[test]
fn a_damaged_pack_in_a_bucket_is_told_and_harmless_once_all_was_sent_anew_and_goes_by_prune() {
    for harm in HARMS_IN_BUCKET {
        let bucket = Bucket::serve();
        let host = harmed(&bucket, harm);
        // With more to send, the new pack is another one.
        venv::write(&host.sandbox.venv(), "more", &venv::noise(10_000));
        host.sandbox.ok(&["save", "venv"]);
        let tree = Tree::of(&host.sandbox.venv());
        host.ok(&["copy", "--all", "--store", "store", "--to", STORE]);
        let told = host.json(0, &["verify"]);
        assert_eq!(told["clean"], true, "{told}");
        assert_eq!(told["needless"].as_array().unwrap().len(), 1, "{told}");
        let run = host.ok(&["verify"]);
        assert!(run.stdout.contains("of which nothing is needed"), "{run}");
        assert!(run.stderr.contains("prune"), "{run}");
        for (marked, deleted) in [(1, 0), (0, 1)] {
            bucket.age(90_000);
            let told = host.json(0, &["prune"]);
            assert_eq!(
                (&told["marked"], &told["deleted"]),
                (&marked.into(), &deleted.into()),
                "{told}"
            );
        }
        let told = host.json(0, &["verify"]);
        assert_eq!(told["findings"], serde_json::json!([]), "{told}");
        let other = Host::new(&bucket);
        let newest = host.sandbox.ids().pop().unwrap();
        other.ok(&["restore", "venv", &newest, "--to", "new", "--exact"]);
        tree.assert_same(&Tree::of(&other.sandbox.path("new")), "from the bucket");
    }
}

#[test]
fn a_damaged_pack_in_a_bucket_stays_damage_while_a_forgotten_snapshot_needs_it() {
    let bucket = Bucket::serve();
    let host = harmed(&bucket, HARMS_IN_BUCKET[0]);
    host.ok(&["forget", &host.ids()[0]]);
    let told = host.json(1, &["verify"]);
    assert_eq!(told["needless"], serde_json::json!([]), "{told}");
}

#[test]
fn a_header_that_a_bucket_lost_is_made_anew() {
    for harm in ["gone", "damaged"] {
        let bucket = Bucket::serve();
        let host = Host::new(&bucket);
        venv::tiny(&host.sandbox.venv());
        host.ok(&["save", "venv"]);
        let header = format!(
            "{}/venv-snap.json",
            STORE.strip_prefix("s3://bucket/").unwrap()
        );
        bucket.change(|objects| {
            let mut bytes = objects.remove(&header).unwrap();
            bytes.fill(b'x');
            if harm == "damaged" {
                objects.insert(header, bytes);
            }
        });
        let run = host.code(3, &["list"]);
        assert!(run.stderr.contains("verify --repair"), "{run}");
        let told = host.json(0, &["verify", "--repair"]);
        assert_eq!(told["repaired"]["header"], true, "{told}");
        host.ok(&["restore", "venv"]);
        host.ok(&["verify"]);
    }
}

#[test]
fn a_store_that_is_not_there_or_the_same_one_is_refused_before_anything_is_mended() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.sandbox.ok(&["save", "venv"]);
    for (code, from) in [
        (10, STORE),
        (10, "no-such-directory"),
        (2, "store"),
        (2, "s3://x"),
        (2, "gs://bucket/x"),
    ] {
        host.code(
            code,
            &["verify", "--repair", "--from", from, "--store", "store"],
        );
    }
}
