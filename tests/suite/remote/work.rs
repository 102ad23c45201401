//! Every command on a store in a bucket does what it does on one in a directory, or says that it cannot.

use std::fs;

use super::{Host, STORE};
use crate::support::bucket::Bucket;
use crate::support::{Run, Sandbox, Tree, venv};

#[test]
fn what_was_saved_to_a_bucket_is_listed_compared_and_restored() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    let dir = host.sandbox.venv();
    venv::tiny(&dir);
    venv::write(&dir, "large", &venv::noise(9_000_001));
    let saved = Tree::of(&dir);
    host.ok(&["save", "venv", "--label", "good"]);
    let [id] = &host.ids()[..] else { panic!() };

    let told = host.ok(&["show", "latest", "--venv", "venv"]).stdout;
    assert!(told.contains(&id[..8]), "{told}");
    host.ok(&["ls", "latest", "--venv", "venv"]);
    host.ok(&["cat", "latest:pyvenv.cfg", "--venv", "venv"]);
    host.ok(&["diff", "venv"]);
    let core = dir.join(venv::SITE).join("click/core.py");
    fs::write(&core, b"").unwrap();
    fs::write(dir.join("large"), b"short").unwrap();
    let told = host.code(1, &["diff", "venv"]).stdout;
    assert!(told.contains("core.py") && told.contains("large"), "{told}");
    host.ok(&["restore", "venv", "@good"]);
    saved.assert_same(&Tree::of(&dir), "restored");
    host.ok(&["undo", "venv"]);
    assert_eq!(fs::read(&core).unwrap(), b"");
    host.ok(&["restore", "venv", "@good"]);
    saved.assert_same(&Tree::of(&dir), "restored again");
    assert_eq!(host.sandbox.debris(), Vec::<String>::new());

    host.ok(&["verify"]);
    let told = host.ok(&["stats"]).stdout;
    assert!(
        !told.contains("packs 0 B") && !told.contains("index 0 B"),
        "{told}"
    );
    assert_eq!(host.ok(&["log"]).stdout.matches("restore").count(), 2);
    host.ok(&["pin", id]);
    host.code(3, &["forget", id]);
    host.ok(&["unpin", id]);
    host.ok(&["forget", id]);
    assert!(!host.ids().contains(id));
    host.ok(&["undelete", id]);
    assert!(host.ids().contains(id));
    host.ok(&["rebuild-index"]);
    host.ok(&["export", id, "tree.tar"]);
    host.ok(&["import", "tree.tar"]);
    host.ok(&["verify", "--sample", "50%"]);
    let told = host.ok(&["verify"]).stderr;
    assert!(told.contains("are fetched from the bucket"), "{told}");
    assert!(!host.ok(&["verify", "-q"]).stderr.contains("fetched"));
}

#[test]
fn snapshots_go_from_a_directory_to_a_bucket_and_back_to_the_byte() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.sandbox.ok(&["save", "venv"]);
    venv::write(&host.sandbox.venv(), "data", &venv::noise(20_000));
    host.sandbox.ok(&["save", "venv"]);
    let ids = host.sandbox.ids();
    host.ok(&["copy", "--all", "--to", STORE, "--store", "store"]);
    assert_eq!(host.ids(), ids);
    host.ok(&["copy", "--all", "--to", "back"]);
    let back = host
        .sandbox
        .ok(&["verify", "--store", "back", "--json"])
        .stdout;
    assert!(back.contains("\"snapshots\":2"), "{back}");
    // From one bucket to another, and not into itself.
    host.ok(&["copy", "--all", "--to", "s3://bucket/other"]);
    let run = host.code(2, &["copy", "--all", "--to", "s3://bucket/hosts/"]);
    assert!(run.stderr.contains("s3://bucket/hosts"), "{run}");
    // A second time there is nothing to send.
    bucket.calm();
    host.ok(&["copy", "--all", "--to", "s3://bucket/other"]);
    let puts = bucket
        .log()
        .iter()
        .filter(|one| one.starts_with("PUT"))
        .count();
    assert_eq!(puts, 0, "{:?}", bucket.log());
}

#[test]
fn a_host_that_never_had_it_restores_what_another_one_saved() {
    let bucket = Bucket::serve();
    let (one, other) = (Host::new(&bucket), Host::new(&bucket));
    venv::tiny(&one.sandbox.venv());
    one.ok(&["save", "venv"]);
    let id = &one.ids()[0];
    let tree = Tree::of(&one.sandbox.venv());
    other.ok(&["restore", "venv", id, "--from-other", "--exact"]);
    tree.assert_same(&Tree::of(&other.sandbox.venv()), "another host");
    // What one forgets is gone for the other, whatever that keeps.
    one.ok(&["forget", id]);
    assert!(!other.ids().contains(id));
}

#[test]
fn what_a_store_in_a_bucket_cannot_do_is_said_and_not_begun() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    let before = bucket.keys();
    for (args, way) in [
        (&["prune"][..], "copy --to DIR"),
        (&["prune", "--dry-run"], "copy --to DIR"),
        (
            &["verify", "--repair"],
            "copy --all --store GOOD --to BUCKET",
        ),
    ] {
        let run = host.code(2, args);
        assert!(run.stderr.contains("a store in a bucket"), "{run}");
        assert!(run.stderr.contains(way), "{run}");
    }
    assert_eq!(bucket.keys(), before);
}

#[test]
fn damage_in_the_bucket_is_found_by_verify_whatever_this_host_keeps() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    host.ok(&["restore", "venv", "latest", "--to", "new"]);
    host.ok(&["verify"]);
    for area in ["/packs/", "/snapshots/"] {
        bucket.change(|objects| {
            let (_, content) = objects
                .iter_mut()
                .find(|(key, _)| key.contains(area))
                .unwrap();
            content[40] ^= 1;
        });
        let run = host.code(1, &["verify"]);
        assert!(run.stdout.contains(&area[1..area.len() - 2]), "{run}");
        // What this host has copies of is still good, and another host is told the truth.
        host.ok(&[
            "restore",
            "venv",
            "latest",
            "--to",
            &format!("new{}", area.len()),
        ]);
        let other = Host::new(&bucket);
        let run = other.snap(&["restore", "venv", "latest"]);
        assert_ne!(run.code, 0, "{run}");
        bucket.change(|objects| {
            let (_, content) = objects
                .iter_mut()
                .find(|(key, _)| key.contains(area))
                .unwrap();
            content[40] ^= 1;
        });
    }
    host.ok(&["verify"]);
}

#[test]
fn a_store_that_is_opened_again_costs_few_requests_however_many_snapshots_it_has() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    let mut asked = Vec::new();
    for number in 0..12 {
        venv::write(&host.sandbox.venv(), "data", &venv::noise(2_000 + number));
        host.ok(&["save", "venv"]);
        if number % 6 == 5 {
            host.ok(&["diff", "venv"]);
            bucket.calm();
            host.ok(&["diff", "venv"]);
            asked.push(bucket.log());
        }
    }
    assert_eq!(asked[0].len(), asked[1].len(), "{asked:?}");
    // The header, the snapshots with all marks, and the packs.
    assert!(asked[1].len() <= 3, "{asked:?}");
    // What no distribution lists may be of one that the newest baseline has.
    for (args, requests) in [(&["list"][..], 2), (&["check", "venv"], 1)] {
        bucket.calm();
        host.ok(args);
        assert!(bucket.asked() <= requests, "{args:?}: {:?}", bucket.log());
    }
}

#[test]
fn a_cache_of_no_size_is_slow_and_nothing_worse() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv", "--cache-size", "0"]);
    fs::remove_file(host.sandbox.venv().join("bin/tool")).unwrap();
    host.ok(&["restore", "venv", "--cache-size", "0"]);
    host.code(2, &["list", "--cache-size", "much"]);
    let mut command = host.command(&["list"]);
    command.env("VENV_SNAP_CACHE_SIZE", "much");
    assert_eq!(crate::support::Run::of(command).code, 2);
}

/// The store was written as if it were a directory, below the working directory.
#[test]
fn a_store_in_a_bucket_makes_no_directory_of_its_name() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    let sandbox: &Sandbox = &host.sandbox;
    venv::tiny(&sandbox.venv());
    let config = sandbox.path(".config/venv-snap");
    fs::create_dir_all(&config).unwrap();
    fs::write(
        config.join("config.toml"),
        "store = \"S3://bucket/by-config/\"",
    )
    .unwrap();
    let mut command = host.command(&["save", "venv"]);
    command.env_remove("VENV_SNAP_STORE");
    let run = crate::support::Run::of(command);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        bucket
            .keys()
            .iter()
            .any(|key| key == "by-config/venv-snap.json")
    );
    for name in ["s3:", "S3:"] {
        assert!(!sandbox.path(name).exists(), "{name}");
    }
}

#[test]
fn a_place_on_this_host_that_cannot_be_made_is_told_with_how_another_is_named() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    fs::write(host.sandbox.path("file"), "").unwrap();
    for args in [
        &["list"][..],
        &["diff", "venv"],
        &["restore", "venv"],
        &["save", "venv"],
    ] {
        let mut command = host.command(args);
        command.env("XDG_CACHE_HOME", host.sandbox.path("file/cache"));
        let run = Run::of(command);
        assert_eq!(run.code, 3, "{args:?}: {run}");
        assert!(
            run.stderr.contains("hint: set XDG_CACHE_HOME"),
            "{args:?}: {run}"
        );
    }
}
