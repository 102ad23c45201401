//! How many requests commands need, and that what spares them is never more than that.

use std::collections::BTreeMap;
use std::fs;

use super::Host;
use crate::support::bucket::Bucket;
use crate::support::{Tree, venv};

/// The keys of an area.
fn keys(bucket: &Bucket, area: &str) -> Vec<String> {
    let mut keys = bucket.keys();
    keys.retain(|key| key.contains(area));
    keys
}

#[test]
fn diff_and_check_of_an_unchanged_venv_ask_for_one_list_and_nothing_else() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    for number in 0..3 {
        venv::write(&host.sandbox.venv(), "data", &venv::noise(2_000 + number));
        host.ok(&["save", "venv"]);
    }
    host.ok(&["diff", "venv"]);
    for args in [["diff", "venv"], ["check", "venv"]] {
        bucket.calm();
        host.ok(&args);
        let log = bucket.log();
        let is_list = |one: &String| one.starts_with("GET list-type");
        assert!(
            log.len() <= 1 && log.iter().all(is_list),
            "{args:?}: {log:?}"
        );
    }
}

/// A store of a thousand snapshots, of which all but two were put there by who knows of no summaries.
fn thousand(bucket: &Bucket) -> Host {
    bucket.page(1000);
    let host = Host::new(bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    let name = keys(bucket, "/snapshots/").remove(0);
    bucket.change(|objects| {
        let file = String::from_utf8(objects[&name].clone()).unwrap();
        for number in 0..998 {
            let file = file.replace("\"note\": null", &format!("\"note\": \"{number}\""));
            let id = blake3::hash(file.as_bytes()).to_hex();
            objects.insert(format!("hosts/snapshots/{id}"), file.into_bytes());
            objects.insert(format!("hosts/roll/{id}"), Vec::new());
        }
    });
    assert_eq!(keys(bucket, "/snapshots/").len(), 999);
    fs::write(host.sandbox.venv().join("new"), "new").unwrap();
    host.ok(&["save", "venv"]);
    host
}

#[test]
fn a_host_that_never_saw_a_store_of_a_thousand_snapshots_opens_it_with_five_requests() {
    let bucket = Bucket::serve();
    drop(thousand(&bucket));
    assert_eq!(keys(&bucket, "/snapshots/").len(), 1000);
    let other = Host::new(&bucket);
    bucket.calm();
    let told = other.ok(&["list", "--json"]).stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["snapshots"].as_array().unwrap().len(), 1000);
    assert!(bucket.asked() <= 5, "{:?}", bucket.log());
}

#[test]
fn without_summaries_and_with_false_ones_all_is_as_with_them() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    let dir = host.sandbox.venv();
    venv::tiny(&dir);
    host.ok(&["save", "venv"]);
    venv::write(&dir, "data", &venv::noise(30_000));
    host.ok(&["save", "venv"]);
    let (tree, ids) = (Tree::of(&dir), host.ids());
    let all: BTreeMap<String, Vec<u8>> = {
        let mut all = BTreeMap::new();
        bucket.change(|objects| all = objects.clone());
        all
    };
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 4] = [
        ("gone", Vec::clear),
        ("flipped", |bytes| bytes[20] ^= 1),
        ("cut", |bytes| bytes.truncate(30)),
        ("of something else", |bytes| *bytes = b"VSNPSUM1".to_vec()),
    ];
    for (what, change) in changes {
        bucket.change(|objects| {
            *objects = all.clone();
            let summaries = objects
                .iter_mut()
                .filter(|(key, _)| key.contains("/summaries/"));
            summaries.for_each(|(_, bytes)| change(bytes));
            objects.retain(|key, bytes| !(key.contains("/summaries/") && bytes.is_empty()));
        });
        let other = Host::new(&bucket);
        assert_eq!(other.ids(), ids, "{what}");
        other.ok(&["restore", "venv", &ids[1], "--from-other", "--exact"]);
        tree.assert_same(&Tree::of(&other.sandbox.venv()), what);
        // Whoever saves next tells of all.
        other.ok(&["save", "venv"]);
        let third = Host::new(&bucket);
        bucket.calm();
        // With the incident of a restore that replaced nothing.
        assert_eq!(third.ids().len(), 4, "{what}");
        let of_snapshots = |one: &&String| one.contains("/snapshots/");
        assert_eq!(bucket.log().iter().find(of_snapshots), None, "{what}");
    }
}

#[test]
fn a_summary_that_lies_is_told_by_verify_and_made_anew_by_rebuild_index() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    let before = keys(&bucket, "/summaries/");
    // One that tells that the pack is longer than it is.
    bucket.change(|objects| {
        let bytes = objects.remove(&before[0]).unwrap();
        let mut plain = zstd::bulk::decompress(&bytes[12..], 1 << 20).unwrap();
        // Behind the version, the count and the name comes the size.
        plain[34] ^= 1;
        let len = (plain.len() as u32).to_le_bytes();
        let squeezed = zstd::bulk::compress(&plain, 3).unwrap();
        let bytes = [&bytes[..8], &len, &squeezed].concat();
        let name = blake3::hash(&bytes).to_hex();
        objects.insert(format!("hosts/summaries/{name}"), bytes);
    });
    let run = host.code(1, &["verify"]);
    assert!(run.stdout.contains("summaries/"), "{run}");
    host.ok(&["rebuild-index"]);
    assert_eq!(keys(&bucket, "/summaries/"), before);
    host.ok(&["verify"]);
}

#[test]
fn summaries_stay_few_whoever_saves_and_also_where_nobody_may_delete() {
    let bucket = Bucket::serve();
    let hosts = [Host::new(&bucket), Host::new(&bucket)];
    for host in &hosts {
        venv::tiny(&host.sandbox.venv());
    }
    for number in 0..4 {
        for host in &hosts {
            venv::write(&host.sandbox.venv(), "data", &venv::noise(2_000 + number));
            host.ok(&["save", "venv"]);
        }
        assert_eq!(keys(&bucket, "/summaries/").len(), 1, "{number}");
    }
    bucket.plan(|_, method, _| {
        let deletes = method == "POST" || method == "DELETE";
        deletes.then_some(crate::support::bucket::Fault::Status(403))
    });
    let size = |bucket: &Bucket| {
        let mut size = 0;
        bucket.change(|objects| {
            let all = objects
                .iter()
                .filter(|(key, _)| key.contains("/summaries/"));
            size = all.map(|(_, bytes)| bytes.len()).sum();
        });
        size
    };
    let before = size(&bucket);
    for number in 4..10 {
        venv::write(
            &hosts[0].sandbox.venv(),
            "data",
            &venv::noise(2_000 + number),
        );
        hosts[0].ok(&["save", "venv"]);
    }
    // The first of these still takes over what it cannot remove; the others do not.
    assert!(size(&bucket) < 5 * before, "{before} {}", size(&bucket));
    bucket.calm();
    hosts[1].ok(&["save", "venv"]);
    assert_eq!(keys(&bucket, "/summaries/").len(), 1);
    assert_eq!(Host::new(&bucket).ids().len(), 15);
}
