//! However a drill ends, no second copy of a venv stays.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{left, result, scene};
use crate::support::faults::needs_root;
use crate::support::mounts::Mount;
use crate::support::{Run, Sandbox, venv};

/// So long is waited for what has to come.
const PATIENCE: Duration = Duration::from_mins(2);

/// A venv whose module, imported in a drill, says who runs it and then waits.
fn waiting() -> Sandbox {
    scene(
        "import os, sys, time\n\
         at = sys.prefix\n\
         if 'snap-build' in at:\n \
         home = at.split('/into/')[0]\n \
         open(home + '/new', 'w').write(str(os.getpid()))\n \
         os.rename(home + '/new', home + '/started')\n \
         time.sleep(600)\n",
    )
}

/// Starts a drill and waits until the module runs; with the process of that.
fn started(sandbox: &Sandbox) -> (Child, Pid) {
    let _ = fs::remove_file(sandbox.path("started"));
    let mut command = sandbox.command(&["drill", "venv", "--into", "into"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    (child, module(sandbox))
}

/// Waits until the module runs; its process.
fn module(sandbox: &Sandbox) -> Pid {
    let start = Instant::now();
    loop {
        if let Ok(text) = fs::read_to_string(sandbox.path("started")) {
            return Pid::from_raw(text.parse().unwrap()).unwrap();
        }
        assert!(start.elapsed() < PATIENCE, "the module was never imported");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn who_is_told_to_stop_leaves_nothing_and_stops_at_once() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let sandbox = waiting();
        let (child, module) = started(&sandbox);
        let start = Instant::now();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, code, "{run}");
        assert!(
            start.elapsed() < Duration::from_secs(50),
            "the import was waited for"
        );
        assert_eq!(left(&sandbox), [] as [PathBuf; 0]);
        // Who was killed is there for a moment more.
        let cmdline = format!("/proc/{}/cmdline", module.as_raw_nonzero());
        while fs::read_to_string(&cmdline).is_ok_and(|line| line.contains("thing")) {
            assert!(start.elapsed() < PATIENCE, "it still runs");
            std::thread::sleep(Duration::from_millis(5));
        }
        let log = sandbox.json(0, &["log"]);
        assert_eq!(
            log["events"].as_array().unwrap().len(),
            1,
            "it came to nothing: {log}"
        );
    }
}

#[test]
fn what_a_kill_left_goes_with_the_next_drill_and_one_at_work_keeps_its_own() {
    let sandbox = waiting();
    let (mut child, module) = started(&sandbox);
    let held = left(&sandbox);
    assert_eq!(held.len(), 1);
    // Beside one at work.
    sandbox.ok(&["drill", "venv", "--into", "into", "--no-import"]);
    assert_eq!(left(&sandbox), held);
    child.kill().unwrap();
    child.wait().unwrap();
    let _ = kill_process(module, Signal::KILL);
    assert_eq!(left(&sandbox), held);
    // What is not ours stays.
    fs::create_dir(sandbox.path("into/.other.snap-build")).unwrap();
    sandbox.ok(&["drill", "venv", "--into", "into", "--no-import"]);
    assert_eq!(left(&sandbox), [sandbox.path("into/.other.snap-build")]);
}

#[test]
fn a_full_disk_says_nothing_of_the_baseline_and_leaves_nothing() {
    if !needs_root() {
        return;
    }
    let sandbox = scene("VALUE = 1\n");
    for options in ["size=64k", "size=64m,nr_inodes=12"] {
        let Some(_mount) = Mount::tmpfs(&sandbox.path("into"), options) else {
            return;
        };
        let answer = sandbox.json(3, &["drill", "venv", "--into", "into"]);
        assert_eq!(result(&answer), "not-tried", "{answer}");
        let run = sandbox.code(3, &["drill", "venv", "--into", "into"]);
        assert!(run.stderr.contains("--into DIR"), "{run}");
        assert!(left(&sandbox).is_empty());
    }
    let status = sandbox.json(0, &["status"]);
    assert!(status["venvs"][0]["drill"].is_null(), "{status}");
}

#[test]
fn where_no_program_may_run_the_imports_are_told_as_not_proved() {
    if !needs_root() {
        return;
    }
    let sandbox = scene("VALUE = 1\n");
    let Some(_mount) = Mount::tmpfs(&sandbox.path("into"), "size=64m,noexec") else {
        return;
    };
    let answer = sandbox.json(3, &["drill", "venv", "--into", "into"]);
    assert_eq!(result(&answer), "incomplete", "{answer}");
    assert!(
        answer["venvs"][0]["proof"]["unproved"][0]
            .as_str()
            .unwrap()
            .contains("noexec")
    );
    sandbox.ok(&["drill", "venv", "--into", "into", "--no-import"]);
}

#[test]
fn a_directory_that_is_no_place_for_a_copy_is_refused() {
    let sandbox = scene("VALUE = 1\n");
    sandbox.code(3, &["drill", "venv", "--into", "nowhere"]);
    for inside in ["venv/lib", "store/tmp"] {
        sandbox.code(3, &["drill", "venv", "--into", inside]);
    }
    assert!(left(&sandbox).is_empty() && sandbox.debris().is_empty());
}

/// `drill --all` and the check of a schedule complained of it for ever.
#[test]
fn a_plain_directory_is_drilled_and_checked_for_what_it_is() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("into")).unwrap();
    venv::write(&sandbox.path("plain"), "index.js", b"x\n");
    venv::package(&sandbox.path("target"), ".", "click", &["core.py"]);
    for name in ["plain", "target"] {
        sandbox.ok(&["save", name, "--any"]);
    }
    for more in [&[][..], &["--no-import"]] {
        let args = [&["drill", "--all", "--into", "into"], more].concat();
        let answer = sandbox.json(0, &args);
        let venvs = answer["venvs"].as_array().unwrap();
        for (one, unproved) in venvs.iter().zip([1, 2]) {
            assert_eq!(one["result"], "proved", "{answer}");
            assert_eq!(
                one["proof"]["unproved"].as_array().unwrap().len(),
                unproved,
                "{answer}"
            );
        }
    }
    let text = sandbox.ok(&["drill", "plain", "--into", "into"]).stdout;
    assert!(
        text.contains("not proved: that it was sound when it was saved"),
        "{text}"
    );
    assert!(!text.contains("audited"), "{text}");
    let answer = sandbox.json(0, &["check", "--all"]);
    let kinds = |answer: &serde_json::Value| -> Vec<String> {
        let all = answer["answers"].as_array().unwrap().iter();
        all.map(|one| one["answer"]["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(kinds(&answer), ["any", "target"], "{answer}");
    let text = sandbox.ok(&["check", "--all"]).stdout;
    assert!(
        text.contains("not audited: ") && text.contains("is a plain directory"),
        "{text}"
    );
    // Who asks for it by its name has asked for what cannot be done.
    sandbox.code(3, &["check", "plain"]);
    let units = sandbox.ok(&["schedule"]).stdout;
    assert!(!units.contains("/plain"), "{units}");
    // What cannot be read of it is told as ever.
    fs::remove_dir_all(sandbox.path("plain")).unwrap();
    sandbox.code(1, &["check", "--all"]);
}
