//! What a server promises is tried before hosts share a store on it.

use serde_json::Value;

use super::Host;
use crate::support::bucket::{Bucket, Fault};
use crate::support::hosts::run_on;
use crate::support::{Run, venv};

/// A command on a host of another name.
fn on(host: &Host, name: &str, args: &[&str]) -> Option<Run> {
    run_on(&host.sandbox, name, &host.command(args))
}

fn answer(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn a_server_that_keeps_its_promises_is_shared_and_nothing_of_the_trial_stays() {
    let bucket = Bucket::serve();
    // Its clock is told for itself.
    bucket.set_clock_ahead(60);
    let host = Host::new(&bucket);
    let run = host.code(10, &["remote", "check"]);
    assert!(run.stderr.contains("there is no store"), "{run}");
    assert_eq!(bucket.keys(), Vec::<String>::new());
    let made = answer(&host.ok(&["remote", "init", "--json"]));
    assert_eq!((&made["new"], &made["kept"]), (&true.into(), &true.into()));
    assert_eq!(made["sole_writer"], Value::Null);
    assert_eq!(
        bucket.keys(),
        ["hosts/promises.json", "hosts/venv-snap.json"]
    );
    let again = answer(&host.ok(&["remote", "init", "--json"]));
    assert_eq!(again["new"], false);
    let text = host.ok(&["remote", "check"]).stdout;
    assert!(
        text.contains("any number of hosts may write there"),
        "{text}"
    );
    assert_eq!(text.matches("good  ").count(), 3, "{text}");
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    if let Some(run) = on(&host, "other", &["save", "venv"]) {
        assert_eq!(run.code, 0, "{run}");
    }
    // It was tried, so a save does not try it again.
    bucket.calm();
    host.ok(&["save", "venv", "--label", "again"]);
    assert!(!bucket.log().iter().any(|one| one.contains("probe")));
}

#[test]
fn where_a_server_looks_at_no_condition_one_host_alone_writes_and_all_restore() {
    let bucket = Bucket::serve();
    bucket.blind();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    for args in [
        &["save", "venv"][..],
        &["remote", "init"],
        &["remote", "check"],
    ] {
        let Some(run) = on(&host, "other", args) else {
            return;
        };
        assert_eq!(run.code, if args[0] == "save" { 3 } else { 1 }, "{run}");
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains("one host alone may write there"), "{run}");
    }
    host.ok(&["save", "venv", "--label", "again"]);
    std::fs::remove_file(host.sandbox.venv().join("bin/tool")).unwrap();
    let id = host.ids().remove(0);
    let run = on(&host, "other", &["restore", "venv", &id, "--from-other"]).unwrap();
    assert_eq!(run.code, 0, "{run}");
    assert!(host.sandbox.venv().join("bin/tool").exists());
}

#[test]
fn a_server_that_cannot_be_tried_is_not_called_a_liar_and_a_directory_needs_no_trial() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    host.ok(&["remote", "init"]);
    // With keys that may only read.
    bucket.plan(|_, method, _| (method == "PUT").then_some(Fault::Status(403)));
    let run = host.code(3, &["remote", "check"]);
    assert!(run.stderr.contains("not allowed"), "{run}");
    bucket.calm();
    let left: Vec<String> = bucket.keys();
    assert_eq!(left, ["hosts/promises.json", "hosts/venv-snap.json"]);
    let run = host.code(2, &["remote", "init", "--store", "dir"]);
    assert!(run.stderr.contains("s3://BUCKET/PREFIX"), "{run}");
    assert!(!host.sandbox.path("dir").exists());
}

#[test]
fn where_a_server_gives_no_parts_nothing_is_saved_that_could_not_be_read_back() {
    let bucket = Bucket::serve();
    bucket.give_no_parts();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    let run = host.code(3, &["save", "venv"]);
    assert!(run.stderr.contains("parts of objects"), "{run}");
    let told = answer(&host.code(1, &["remote", "init", "--json"]));
    let promises = &told["promises"];
    assert_eq!(
        (&promises["ranges"], &promises["creates_once"]),
        (&false.into(), &true.into())
    );
    let text = host.code(1, &["remote", "init"]).stdout;
    assert!(text.contains("nothing can be kept there"), "{text}");
    assert!(!bucket.keys().iter().any(|key| key.contains("/packs/")));
}
