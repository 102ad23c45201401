//! Files that a process writes through a shared mapping: their times may say nothing of it.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::support::mapped::{FILE, mapped};
use crate::support::{Sandbox, venv};

fn saved(sandbox: &Sandbox) -> u8 {
    sandbox.ok(&["save", "venv"]);
    let mut cat = sandbox.command(&["cat", &format!("latest:{FILE}"), "--venv", "venv"]);
    cat.output().unwrap().stdout[0]
}

#[test]
fn what_is_written_through_memory_is_in_the_next_save() {
    // The next save said that nothing was new and had the old bytes, and diff --quick that nothing differs.
    let sandbox = Sandbox::new();
    let mut writer = mapped(&sandbox);
    assert_eq!(saved(&sandbox), b'A');
    writer.write('B');
    let run = sandbox.code(1, &["diff", "venv", "--quick"]);
    assert!(run.stderr.contains(FILE), "{run}");
    assert_eq!(saved(&sandbox), b'B');
    writer.write('C');
    // Nobody has it mapped any more: what was known of it was not to be relied on from the start.
    writer.end();
    sandbox.code(1, &["diff", "venv", "--quick"]);
    assert_eq!(saved(&sandbox), b'C');
}

#[test]
fn a_restore_does_not_rely_on_the_times_of_what_is_mapped_either() {
    let sandbox = Sandbox::new();
    let mut writer = mapped(&sandbox);
    assert_eq!(saved(&sandbox), b'A');
    fs::remove_file(sandbox.path("venv/bin/tool")).unwrap();
    // The file is written afresh: what the process writes from now on is in no venv.
    sandbox.ok(&["restore", "venv"]);
    writer.write('D');
    writer.end();
    let now = fs::read(sandbox.venv().join(FILE)).unwrap()[0];
    assert_eq!(saved(&sandbox), now);
}

#[test]
fn all_is_read_where_that_is_asked_for() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let store = sandbox.path("reads");
    let reads = |more: &[&str]| {
        let mut traced = Command::new("strace");
        sandbox.dress(&mut traced);
        traced.args(["-f", "-e", "trace=openat2", "-o"]).arg(&store);
        traced
            .arg(env!("CARGO_BIN_EXE_snap"))
            .args(["save", "venv"])
            .args(more);
        if traced.status().is_err() {
            crate::support::faults::skipped(1, "strace is not installed");
            return None;
        }
        Some(fs::read_to_string(&store).unwrap().contains("utils.py"))
    };
    std::thread::sleep(Duration::from_millis(50));
    sandbox.ok(&["save", "venv"]);
    assert_ne!(reads(&[]), Some(true));
    assert_ne!(reads(&["--read-all"]), Some(false));
}
