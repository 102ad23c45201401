//! What the README tells of many hosts and of the care of a store, typed in as it stands there.

use std::fs;

use super::sharing::{Host, sharing};
use crate::support::readme::{self, THERE};
use crate::support::{Tree, venv};

/// Types one of its commands on a host.
#[track_caller]
fn type_in(host: &Host, code: i32, words: &[String]) -> String {
    let here = host.sandbox.venv();
    let words = words
        .iter()
        .map(|word| word.replace(THERE, here.to_str().unwrap()));
    let words: Vec<String> = words.collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    host.code(code, &words).stdout
}

#[test]
fn what_the_readme_tells_of_many_hosts_and_of_the_care_of_a_store_works_as_it_stands_there() {
    let many = readme::commands("### Many hosts");
    let verbs: Vec<&str> = many.iter().map(|words| words[0].as_str()).collect();
    assert_eq!(verbs, ["remote", "save", "restore", "list", "status"]);
    let care = readme::commands("## The care of a store");
    let verbs: Vec<&str> = care.iter().map(|words| words[0].as_str()).collect();
    assert_eq!(verbs, ["verify", "verify", "forget", "prune", "pin"]);
    sharing(|kind, [one, two, _]| {
        venv::tiny(&one.sandbox.venv());
        let good = Tree::of(&one.sandbox.venv());
        if kind == "bucket" {
            type_in(&one, 0, &many[0]);
        }
        type_in(&one, 0, &many[1]);
        // The other host has nothing at its place.
        type_in(&two, 0, &many[2]);
        two.code(0, &["diff", "venv", "@web"]);
        let list = type_in(&two, 0, &many[3]);
        assert!(list.contains(one.name), "{kind}: {list}");
        type_in(&two, 0, &many[4]);

        one.code(0, &["save", "venv", "--force", "--label", "golden"]);
        for words in &care {
            // Only a store in a directory is healed; that of a bucket refuses.
            let heals = words.iter().any(|word| word == "--repair");
            let code = if heals && kind == "bucket" { 2 } else { 0 };
            type_in(&one, code, words);
        }
        fs::remove_file(one.sandbox.venv().join("bin/tool")).unwrap();
        one.code(0, &["restore", "venv", "@golden"]);
        good.assert_same(&Tree::of(&one.sandbox.venv()), kind);
    });
}
