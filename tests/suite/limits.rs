//! What the system grants a process is no fault of the venv: little of it slows the work down, too little ends it with 3.

use std::fs;

use crate::support::faults::{needs_root, skipped};
use crate::support::{Run, Tree};
use crate::users::{as_user, as_user_limited, users_sandbox};

const TRIED: [&[&str]; 6] = [
    &["list"],
    &["diff", "venv"],
    &["check", "venv"],
    &["save", "venv"],
    &["save", "venv", "--force"],
    &["verify"],
];

fn has_prlimit() -> bool {
    let found = std::process::Command::new("prlimit")
        .arg("--version")
        .output()
        .is_ok();
    if !found {
        skipped(1, "prlimit is not installed");
    }
    found
}

/// Neither a panic nor a finding: what the program lacks says nothing of the venv.
#[track_caller]
fn blames_nobody(run: &Run, what: &str) {
    assert!(run.code == 0 || run.code == 3, "{what}\n{run}");
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(!all.contains("panicked"), "{what}\n{run}");
    assert!(!all.contains("damaged"), "{what}\n{run}");
}

/// Every command ended with a panic where no thread was to be had.
#[test]
fn without_any_thread_all_is_done_by_one() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let sandbox = users_sandbox();
    let limited = |args: &[&str]| as_user_limited(&sandbox, "--nproc=1", args);
    let saved = as_user(&sandbox, &["save", "venv"]);
    assert_eq!(saved.code, 0, "{saved}");
    for args in TRIED {
        let run = limited(args);
        blames_nobody(&run, &format!("{args:?}"));
    }
    let venv = sandbox.path("home/venv");
    let good = Tree::of(&venv);
    fs::remove_file(venv.join("bin/tool")).unwrap();
    let run = limited(&["restore", "venv", "latest"]);
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&venv), "restored by one thread");
}

/// With few descriptors files counted as unreadable, the index as damaged, and a forced save held half of the venv.
#[test]
fn with_few_descriptors_the_work_is_done_or_ends_with_3_and_blames_nobody() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let sandbox = users_sandbox();
    let first = as_user_limited(&sandbox, "--nofile=64", &["save", "venv"]);
    assert_eq!(first.code, 0, "{first}");
    for limit in [64, 40, 32] {
        for args in TRIED {
            let run = as_user_limited(&sandbox, &format!("--nofile={limit}"), args);
            assert_eq!(run.code, 0, "{limit} descriptors, {args:?}\n{run}");
        }
    }
    let files = |run: &Run| {
        let saved: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        saved["snapshot"]["files"].clone()
    };
    let all = files(&as_user_limited(
        &sandbox,
        "--nofile=64",
        &["save", "venv", "--json"],
    ));
    // With fewer the interpreter, which has the same limit, does not start.
    for limit in (16..32).rev() {
        let limit = format!("--nofile={limit}");
        for args in TRIED {
            blames_nobody(
                &as_user_limited(&sandbox, &limit, args),
                &format!("{limit} {args:?}"),
            );
        }
        let run = as_user_limited(&sandbox, &limit, &["save", "venv", "--force", "--json"]);
        assert!(
            run.code == 3 || files(&run) == all,
            "{limit}: half is saved\n{run}"
        );
    }
}

/// The signal for a file that grows too large ended the program.
#[test]
fn a_limit_of_file_sizes_is_an_error_and_no_signal() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let sandbox = users_sandbox();
    for limit in ["--fsize=100", "--fsize=1000"] {
        let run = as_user_limited(&sandbox, limit, &["save", "venv"]);
        assert_eq!(run.code, 3, "{limit}\n{run}");
    }
    let run = as_user_limited(&sandbox, "--fsize=100000000", &["save", "venv"]);
    assert_eq!(run.code, 0, "{run}");
}
