//! A restore puts another tree in the place while somebody looks.

use std::fs;

use super::row;
use crate::support::{Sandbox, venv};

/// Enough files that looking at them takes as long as an exchange.
const FILES: usize = 1_200;
const RESTORES: usize = 6;

#[test]
fn a_look_during_a_restore_tells_what_stands_there_and_never_that_it_failed() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    for number in 0..FILES {
        let path = format!("{}/data/{}/{number}.txt", venv::SITE, number % 60);
        venv::write(&sandbox.venv(), &path, number.to_string().as_bytes());
    }
    sandbox.ok(&["save", "venv"]);
    let core = sandbox.venv().join(venv::SITE).join("click/core.py");
    let mut told = Vec::new();
    std::thread::scope(|scope| {
        let restores = scope.spawn(|| {
            for _ in 0..RESTORES {
                let _ = fs::remove_file(&core);
                sandbox.ok(&["restore", "venv"]);
            }
        });
        while !restores.is_finished() {
            let run = sandbox.snap(&["status", "venv", "--json"]);
            let answer = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run}"));
            let one = row(&answer, "venv").clone();
            told.push((one["state"].clone(), one["reason"].clone()));
        }
    });
    assert!(told.len() > 2, "{told:?}");
    for (state, reason) in &told {
        let is_known = ["sound", "damaged"].iter().any(|one| state == one);
        assert!(is_known && reason.is_null(), "{state}: {reason}; {told:?}");
    }
}
