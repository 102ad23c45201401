//! Every command that a hint prints works as it is printed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::conda;
use crate::support::hosts::run_on;
use crate::support::{Run, Sandbox, venv};

/// The commands that a hint holds, in the order in which it tells them.
fn commands(run: &Run) -> Vec<String> {
    let hints = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("hint: "));
    let parts = hints.flat_map(|hint| hint.split("; "));
    let commands = parts.filter_map(|part| {
        let at = part.find("snap ")?;
        let quoted = part[..at].ends_with('\'');
        let rest = &part[at..];
        Some(
            if quoted {
                rest.split('\'').next()?
            } else {
                rest
            }
            .to_owned(),
        )
    });
    // What a person has to fill in is no command as it stands.
    commands
        .filter(|one| {
            !one.split(' ')
                .any(|word| ["VENV", "ID", "PATH"].contains(&word))
        })
        .collect()
}

/// Runs a command line as a shell does.
fn typed(sandbox: &Sandbox, line: &str) -> Run {
    let bin = Path::new(env!("CARGO_BIN_EXE_snap")).parent().unwrap();
    let mut shell = Command::new("sh");
    sandbox.dress(&mut shell);
    let path = std::env::var("PATH").unwrap_or_default();
    shell
        .env("PATH", format!("{}:{path}", bin.display()))
        .args(["-c", line]);
    Run::of(shell)
}

fn saved() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "-l", "first"]);
    sandbox
}

fn damage(root: &Path) {
    fs::write(root.join(venv::SITE).join("click/core.py"), b"").unwrap();
}

/// A state, and the command whose hints are tried there.
type Case = (&'static str, fn(&Sandbox), &'static [&'static str]);

const CASES: [Case; 9] = [
    ("damaged", |one| damage(&one.venv()), &["diff", "venv"]),
    (
        "damaged",
        |one| damage(&one.venv()),
        &["diff", "venv", "latest"],
    ),
    ("damaged", |one| damage(&one.venv()), &["check", "venv"]),
    ("damaged", |one| damage(&one.venv()), &["save", "venv"]),
    ("moved", moved, &["diff", "moved", "ID"]),
    ("moved", moved, &["restore", "moved", "ID"]),
    (
        "moved and damaged",
        |one| {
            moved(one);
            damage(&one.path("moved"));
        },
        &["diff", "moved", "ID"],
    ),
    ("another", another, &["diff", "other", "ID"]),
    ("another", another, &["restore", "other", "ID"]),
];

fn moved(sandbox: &Sandbox) {
    fs::rename(sandbox.venv(), sandbox.path("moved")).unwrap();
    fs::remove_file(sandbox.path("moved/bin/tool")).unwrap();
}

fn another(sandbox: &Sandbox) {
    let other = sandbox.path("other");
    venv::tiny(&other);
    fs::remove_file(other.join("bin/tool")).unwrap();
}

#[test]
fn every_command_of_a_hint_works_as_printed() {
    for (state, bring, args) in CASES {
        let sandbox = saved();
        let id = sandbox.ids().remove(0);
        bring(&sandbox);
        let args: Vec<&str> = args
            .iter()
            .map(|word| if *word == "ID" { &*id } else { word })
            .collect();
        let run = sandbox.snap(&args);
        let found = commands(&run);
        assert!(!found.is_empty(), "{state} {args:?}: {run}");
        for line in found {
            let then = typed(&sandbox, &line);
            assert!(then.code < 2, "{state} {args:?}: {line}\n{then}");
        }
        // The first of them was the way back.
        if args[0] != "restore" {
            let then = sandbox.snap(&args);
            assert_eq!(then.code, 0, "{state} {args:?}: {then}");
        }
    }
}

#[test]
fn the_command_that_takes_a_snapshot_of_another_host_works_as_printed() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let host = "0123456789abcdef0123456789abcdef";
    let Some(run) = run_on(&sandbox, host, &sandbox.command(&["save", "venv"])) else {
        return;
    };
    assert_eq!(run.code, 0, "{run}");
    damage(&sandbox.venv());
    for verb in ["diff", "restore"] {
        let run = sandbox.snap(&[verb, "venv"]);
        let found = commands(&run);
        assert!(!found.is_empty(), "{run}");
        let then = typed(&sandbox, &found[0]);
        assert_eq!(then.code, 0, "{verb}: {}\n{then}", found[0]);
        damage(&sandbox.venv());
    }
}

/// `rebuild` refuses what is no venv, and it was proposed all the same.
#[test]
fn only_what_may_be_a_venv_is_told_to_be_made_anew() {
    let sandbox = Sandbox::new();
    venv::write(&sandbox.path("plain"), "index.js", b"x\n");
    conda::environment(&sandbox.path("conda"));
    venv::package(&sandbox.path("target"), ".", "click", &["core.py"]);
    venv::tiny(&sandbox.path("markless"));
    fs::remove_file(sandbox.path("markless/pyvenv.cfg")).unwrap();
    venv::tiny(&sandbox.path("whole"));
    let stored = |_: &Sandbox| ();
    let with_store = |sandbox: &Sandbox| {
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
    };
    for (prepare, code) in [(&stored as &dyn Fn(&Sandbox), 10), (&with_store, 10)] {
        prepare(&sandbox);
        for (name, is_venv) in [
            ("plain", false),
            ("conda", false),
            ("target", false),
            ("markless", true),
            ("whole", true),
        ] {
            for verb in ["diff", "restore"] {
                let run = sandbox.code(code, &[verb, name]);
                assert_eq!(
                    run.stderr.contains("snap rebuild "),
                    is_venv,
                    "{verb} {name}: {run}"
                );
            }
        }
    }
}

#[test]
fn a_tar_without_a_venv_is_told_how_it_can_be_taken() {
    let sandbox = Sandbox::new();
    venv::write(&sandbox.path("plain"), "index.js", b"x\n");
    let tar = Command::new("tar")
        .args(["-cf", "plain.tar", "plain"])
        .current_dir(sandbox.root())
        .status();
    assert!(tar.unwrap().success());
    let run = sandbox.code(3, &["import", "plain.tar", "--venv", "plain"]);
    assert!(
        run.stderr.contains("'snap import --any --venv DIR'"),
        "{run}"
    );
    sandbox.ok(&["import", "plain.tar", "--venv", "plain", "--any"]);
}
