//! What fails once the work is done and durable: it is told, and the work counts as done.

use std::fs;

use crate::support::faults::can_trace;
use crate::support::{Sandbox, Tree, venv};

#[test]
fn what_fails_after_a_restore_is_complete_is_a_warning() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let good = Tree::of(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let hurt = || fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    hurt();
    let last = opens(&sandbox, &["restore", "venv"]);
    let mut warned = 0;
    // The last directories that are opened are those of the new tree, for the next save.
    for number in (1..=last).rev().take(24) {
        hurt();
        let fault = format!("openat2:error=EMFILE:when={number}");
        let run = sandbox.snap_traced(&[&fault], &["restore", "venv"]);
        let left = sandbox.debris();
        if Tree::of(&sandbox.venv()) == good && left.is_empty() {
            assert_eq!(run.code, 0, "{number} of {last}: {run}");
            warned += usize::from(run.stderr.contains("the next save reads all of it"));
        }
        if warned > 0 {
            break;
        }
        sandbox.ok(&["restore", "venv"]);
    }
    assert!(warned > 0, "none of the last of {last} was the one");
}

/// How often the busiest thread of a command opens something in a tree.
fn opens(sandbox: &Sandbox, args: &[&str]) -> usize {
    let trace = sandbox.path("trace");
    let mut command = std::process::Command::new("strace");
    sandbox.dress(&mut command);
    command
        .args(["-f", "-qq", "-e", "trace=openat2", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_snap"))
        .args(args)
        .env("RAYON_NUM_THREADS", "1")
        .stdout(std::process::Stdio::null());
    assert!(command.status().unwrap().success());
    let text = fs::read_to_string(trace).unwrap();
    let threads: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("openat2("))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    // Calls are counted by thread.
    let count = |thread| threads.iter().filter(|one| *one == thread).count();
    threads.iter().map(count).max().unwrap_or(0)
}
