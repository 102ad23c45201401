//! What people read, as a whole: each answer of an incident from the first save to the way back.

use std::fs;

use crate::support::session::Session;
use crate::support::{Sandbox, venv};

#[test]
fn an_incident_is_told_in_these_words() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let mut session = Session::new(&sandbox);
    session.run(0, &["save", "venv", "--label", "good"]);
    session.run(0, &["diff", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    fs::remove_file(site.join("click/core.py")).unwrap();
    fs::write(site.join("idna/core.py"), "").unwrap();
    venv::write(&sandbox.venv(), "lib/mine", b"mine\n");
    session.run(1, &["check", "venv"]);
    session.run(1, &["save", "venv"]);
    session.run(1, &["diff", "venv"]);
    session.run(0, &["restore", "venv", "-n"]);
    session.run(0, &["restore", "venv"]);
    session.run(0, &["diff", "venv"]);
    session.run(0, &["list"]);
    session.run(0, &["undo", "venv"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn what_cannot_be_done_is_told_in_these_words() {
    let sandbox = Sandbox::new();
    let mut session = Session::new(&sandbox);
    session.run(10, &["list"]);
    session.run(3, &["save", "nowhere"]);
    venv::tiny(&sandbox.venv());
    session.run(10, &["restore", "venv"]);
    session.run(0, &["save", "venv"]);
    session.run(10, &["restore", "venv", "@other"]);
    session.run(10, &["undo", "venv"]);
    session.run(2, &["cat", "latest:nothing"]);
    session.run(3, &["cat", "latest:lib64"]);
    session.run(3, &["cat", "latest:bin"]);
    session.run(2, &["restore", "venv", "--only", "nothing"]);
    session.run(3, &["restore", "venv", "--to", "venv/inside"]);
    session.run(10, &["pin", "ffffffff"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn the_care_of_a_store_is_told_in_these_words() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--label", "old"]);
    venv::write(&sandbox.venv(), "lib/mine", b"mine\n");
    sandbox.ok(&[
        "save",
        "venv",
        "--label",
        "new",
        "--note",
        "before the deploy",
    ]);
    let mut session = Session::new(&sandbox);
    session.run(0, &["show", "@new", "--venv", "venv"]);
    session.run(1, &["diff", "@old", "@new", "--venv", "venv"]);
    session.run(0, &["pin", "@old", "--venv", "venv"]);
    session.run(3, &["forget", "@old", "--venv", "venv"]);
    session.run(0, &["unpin", "@old", "--venv", "venv"]);
    session.run(0, &["forget", "@old", "--venv", "venv"]);
    session.run(0, &["list"]);
    session.run(0, &["log"]);
    session.run(0, &["verify"]);
    session.run(0, &["rebuild-index"]);
    insta::assert_snapshot!(session.told());
}
