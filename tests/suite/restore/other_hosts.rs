//! A machine or container that is made anew has another machine-id, and a venv is known by its host and its path.

use std::fs;
use std::process::Command;

use crate::support::faults::{needs_root, skipped};
use crate::support::{Run, Sandbox, Tree, venv};

/// The program on a host of another name.
fn elsewhere(sandbox: &Sandbox, args: &[&str]) -> Option<Run> {
    fs::write(sandbox.path("id"), "0123456789abcdef0123456789abcdef\n").unwrap();
    let script = "mount --bind \"$0\" /etc/machine-id && exec \"$@\"";
    let mut command = Command::new("unshare");
    sandbox.dress(&mut command);
    command
        .args(["-m", "sh", "-c", script])
        .arg(sandbox.path("id"));
    let run = Run::of({
        command.arg(env!("CARGO_BIN_EXE_snap")).args(args);
        command
    });
    if run.stderr.contains("unshare") || run.stderr.contains("mount:") {
        skipped(1, "a host of another name cannot be had here");
        return None;
    }
    Some(run)
}

/// The error said that there is no baseline, and not that there are some of the very path.
#[test]
fn a_path_that_is_known_from_another_host_is_told_with_the_command_that_takes_it() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let Some(saved) = elsewhere(&sandbox, &["save", "venv"]) else {
        return;
    };
    assert_eq!(saved.code, 0, "{saved}");
    let good = Tree::of(&sandbox.venv());
    let listed = sandbox.ok(&["list"]);
    assert!(!listed.stdout.contains("host"), "one host: {listed}");
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let id = sandbox.ids()[0].clone();
    for verb in ["restore", "diff"] {
        let run = sandbox.code(10, &[verb, "venv"]);
        for words in ["another host", &id[..8], "0123456789abcdef", "--from-other"] {
            assert!(run.stderr.contains(words), "{words}: {run}");
        }
    }
    sandbox.ok(&["restore", "venv", &id[..8], "--from-other"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "taken");
    sandbox.ok(&["save", "venv"]);
    for verb in ["list", "log"] {
        // Where no venv is, all are told.
        let mut command = sandbox.command(&[verb]);
        command.current_dir("/");
        let told = Run::of(command);
        let head = told.stdout.lines().next().unwrap();
        assert!(head.contains("host"), "{told}");
        assert!(told.stdout.contains("0123456789abcdef"), "{told}");
    }
}
