//! Packs that are damaged, or cannot be read, while commands go on (promises 1, 7).

use std::fs;

use crate::support::Tree;
use crate::support::packs::{change, files, saved};

#[test]
fn a_save_over_a_damaged_pack_of_the_same_name_puts_a_good_one_in_its_place() {
    // The same files make the same pack, and the damaged one had its name.
    let damages: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes.fill(0),
        |bytes| bytes.truncate(100),
        |bytes| bytes.clear(),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let sandbox = saved();
        let good = Tree::of(&sandbox.venv());
        for pack in files(&sandbox.path("store/packs")) {
            change(&pack, damage);
        }
        sandbox.ok(&["save", "venv"]);
        sandbox.ok(&["restore", "venv", "--to", "out", "--exact"]);
        good.assert_same(&Tree::of(&sandbox.path("out")), &format!("{number}"));
        sandbox.ok(&["verify"]);
    }
}

#[test]
fn a_pack_that_cannot_be_read_is_left_where_it_is_by_a_repair() {
    if !crate::support::faults::can_trace() {
        return;
    }
    let sandbox = saved();
    let good = Tree::of(&sandbox.venv());
    let before = files(&sandbox.path("store/packs"));
    // The live venv could heal it.
    fs::remove_dir_all(sandbox.venv()).unwrap();
    let mut command = std::process::Command::new("strace");
    sandbox.dress(&mut command);
    let run = command
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=pread64",
            "-e",
            "inject=pread64:error=EIO",
            "-o",
        ])
        .arg(sandbox.path("trace"));
    for pack in &before {
        run.arg("-P").arg(pack);
    }
    let run = run
        .arg(env!("CARGO_BIN_EXE_snap"))
        .args(["verify", "--repair"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_ne!(run.status.code(), Some(0), "{said}");
    let injected = fs::read_to_string(sandbox.path("trace")).unwrap();
    assert!(injected.contains("(INJECTED)"), "{injected}");
    assert_eq!(files(&sandbox.path("store/packs")), before, "{said}");
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "after it could be read again");
}
