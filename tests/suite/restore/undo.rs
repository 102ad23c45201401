//! `undo` brings back what the last restore replaced, or says why it cannot (promise 4); never an older state in its
//! place.

use std::fs;

use crate::support::{Run, Sandbox, Tree, venv};

/// Two restores, with the ids of what they replaced: states in which the tool is `A` and `B`.
fn restored_twice() -> (Sandbox, [String; 2]) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let incident = |content: &str| {
        fs::write(sandbox.venv().join("bin/tool"), content).unwrap();
        let done = sandbox.json(0, &["restore", "venv"]);
        done["incident"].as_str().unwrap().to_owned()
    };
    let incidents = ["A", "B"].map(incident);
    (sandbox, incidents)
}

/// An undo that is refused and changes nothing.
fn refused(sandbox: &Sandbox, id: &str, hint: &str) -> Run {
    let before = Tree::of(&sandbox.venv());
    let run = sandbox.code(3, &["undo", "venv"]);
    before.assert_same(&Tree::of(&sandbox.venv()), "refused");
    assert!(run.stderr.contains(&id[..8]), "{run}");
    assert!(run.stderr.contains(hint), "{run}");
    run
}

fn tool(sandbox: &Sandbox) -> Vec<u8> {
    fs::read(sandbox.venv().join("bin/tool")).unwrap()
}

#[test]
fn undo_does_not_pass_over_an_incident_that_was_forgotten() {
    // It brought back what the restore before had replaced, without a word.
    let (sandbox, [older, newest]) = restored_twice();
    sandbox.ok(&["forget", &newest]);
    let run = refused(&sandbox, &newest, "undelete");
    assert!(run.stderr.contains("forgotten"), "{run}");
    sandbox.ok(&["undelete", &newest]);
    sandbox.ok(&["undo", "venv"]);
    assert_eq!(tool(&sandbox), b"B");
    // What was forgotten of restores before the last one is in nobody's way.
    sandbox.ok(&["forget", &older]);
    sandbox.ok(&["undo", "venv"]);
}

#[test]
fn undo_does_not_pass_over_an_incident_that_was_pruned() {
    let (sandbox, [older, newest]) = restored_twice();
    sandbox.ok(&["forget", &newest]);
    sandbox.ok(&["prune", "--grace", "0"]);
    let restore = format!("restore {} ID", sandbox.venv().display());
    refused(&sandbox, &newest, &restore);
    // By its name an older one comes back; and what that replaced is what the last restore replaced.
    sandbox.ok(&["restore", "venv", &older]);
    assert_eq!(tool(&sandbox), b"A");
    sandbox.ok(&["undo", "venv"]);
    assert_ne!(tool(&sandbox), b"A");
    // Nor is a restore forgotten of which nothing at all is left.
    let all = sandbox.json(0, &["list"]);
    let incidents = all["snapshots"].as_array().unwrap().iter();
    let incidents: Vec<&str> = incidents
        .filter(|one| one["purpose"] == "incident")
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    sandbox.ok(&[&["forget"][..], &incidents].concat());
    refused(&sandbox, incidents.last().unwrap(), "undelete");
    sandbox.ok(&["prune", "--grace", "0"]);
    refused(&sandbox, incidents.last().unwrap(), &restore);
}

#[test]
fn undo_says_that_the_incident_is_damaged_rather_than_take_an_older_one() {
    let (sandbox, [_, newest]) = restored_twice();
    let file = sandbox.path("store/snapshots").join(&newest);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..40]).unwrap();
    refused(&sandbox, &newest, "verify --repair");
    fs::write(&file, &whole).unwrap();
    sandbox.ok(&["undo", "venv"]);
    assert_eq!(tool(&sandbox), b"B");
}
