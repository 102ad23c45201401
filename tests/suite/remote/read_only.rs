//! Keys that may only read: what needs no more works, and what would add says so.

use std::fs;

use super::Host;
use crate::support::bucket::{Bucket, Fault};
use crate::support::{Tree, venv};

/// Lets the keys read and no more, as a policy of the bucket would.
fn only_read(bucket: &Bucket) {
    bucket.plan(|_, method, _| {
        matches!(method, "PUT" | "POST" | "DELETE").then_some(Fault::Status(403))
    });
}

#[test]
fn keys_that_may_only_read_list_compare_and_restore() {
    let bucket = Bucket::serve();
    let saver = Host::new(&bucket);
    venv::tiny(&saver.sandbox.venv());
    venv::write(&saver.sandbox.venv(), "large", &venv::noise(5_000_000));
    saver.ok(&["save", "venv", "--label", "good", "--role", "web"]);
    let tree = Tree::of(&saver.sandbox.venv());
    only_read(&bucket);
    // One that keeps copies of what it read, and one that never was here.
    for host in [&saver, &Host::new(&bucket)] {
        let dir = host.sandbox.venv().to_str().unwrap().to_owned();
        let path = saver.sandbox.venv().to_str().unwrap().to_owned();
        for args in [
            &["list"][..],
            &["show", "@web", "--venv", &path],
            &["ls", "@web", "--venv", &path],
            &["cat", "@web:pyvenv.cfg", "--venv", &path],
            &["log"],
            &["stats"],
            &["verify"],
            &["export", "@web", "tree.tar", "--venv", &path, "--force"],
            &["restore", "new", "@web"],
            &["restore", "venv", "@web", "--to", "other"],
            &["diff", "new", "@web"],
            &["remote", "check"],
        ] {
            let run = host.snap(args);
            let wanted = if args[0] == "remote" { 3 } else { 0 };
            assert_eq!(run.code, wanted, "{dir}: {args:?}: {run}");
        }
        let status = host.snap(&["status"]);
        assert!(
            status.code != 3 && !status.stderr.contains("not told"),
            "{status}"
        );
    }
    // What stands there is replaced where it stays beside the venv, since no snapshot can keep it.
    fs::remove_file(saver.sandbox.venv().join("bin/tool")).unwrap();
    saver.code(1, &["diff", "venv"]);
    let run = saver.code(3, &["restore", "venv"]);
    assert!(run.stderr.contains("--keep-old"), "{run}");
    saver.ok(&["restore", "venv", "--keep-old"]);
    tree.assert_same(
        &Tree::of(&saver.sandbox.venv()),
        "restored with keys that only read",
    );
    for args in [
        &["save", "venv"][..],
        &["forget", "@good"],
        &["pin", "@good"],
    ] {
        let run = saver.code(3, args);
        assert!(run.stderr.contains("not allowed"), "{args:?}: {run}");
    }
    let puts = bucket
        .log()
        .iter()
        .filter(|one| one.starts_with("PUT"))
        .count();
    assert!(puts > 0, "it was tried");
    bucket.calm();
    assert_eq!(saver.ids().len(), 1);
}
