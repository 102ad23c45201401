//! What the system grants a process is no fault of the venv: little of it slows the work down, too little ends it with
//! 3.

use std::fs;
use std::process::Command;

use crate::people::users::users_sandbox;
use crate::support::faults::{needs_root, skipped};
use crate::support::{Run, Sandbox, Tree};

const TRIED: [&[&str]; 6] = [
    &["list"],
    &["diff", "venv"],
    &["check", "venv"],
    &["save", "venv"],
    &["save", "venv", "--force"],
    &["verify"],
];

/// A sandbox of a user of its own: what others run counts for the limits of theirs.
struct Place {
    sandbox: Sandbox,
    user: &'static str,
}

impl Place {
    fn new(user: &'static str) -> Self {
        let sandbox = users_sandbox();
        let owned = Command::new("chown")
            .args(["-hR", &format!("{user}:{user}")])
            .arg(sandbox.path("home"))
            .status();
        assert!(owned.unwrap().success());
        Self { sandbox, user }
    }

    /// Runs the program as that user, with a limit as `prlimit` takes it.
    fn limited(&self, limit: &str, args: &[&str]) -> Run {
        let mut command = Command::new("setpriv");
        self.sandbox.dress(&mut command);
        command
            .args(["--reuid", self.user, "--regid", self.user, "--clear-groups"])
            .args(["prlimit", limit])
            .arg(self.sandbox.path("program"))
            .args(args)
            .env_remove("VENV_SNAP_STORE")
            .env("HOME", self.sandbox.path("home"))
            .current_dir(self.sandbox.path("home"));
        Run::of(command)
    }
}

fn has_prlimit() -> bool {
    let found = Command::new("prlimit").arg("--version").output().is_ok();
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
    let place = Place::new("61184");
    let limited = |args: &[&str]| place.limited("--nproc=1", args);
    let saved = place.limited("--nofile=1024", &["save", "venv"]);
    assert_eq!(saved.code, 0, "{saved}");
    for args in TRIED {
        let run = limited(args);
        blames_nobody(&run, &format!("{args:?}"));
    }
    let venv = place.sandbox.path("home/venv");
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
    let place = Place::new("61185");
    let first = place.limited("--nofile=64", &["save", "venv"]);
    assert_eq!(first.code, 0, "{first}");
    for limit in [64, 40, 32] {
        for args in TRIED {
            let run = place.limited(&format!("--nofile={limit}"), args);
            assert_eq!(run.code, 0, "{limit} descriptors, {args:?}\n{run}");
        }
    }
    let files = |run: &Run| {
        let saved: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        saved["snapshot"]["files"].clone()
    };
    let all = files(&place.limited("--nofile=64", &["save", "venv", "--json"]));
    // With fewer the interpreter, which has the same limit, does not start.
    for limit in (16..32).rev() {
        let limit = format!("--nofile={limit}");
        for args in TRIED {
            blames_nobody(&place.limited(&limit, args), &format!("{limit} {args:?}"));
        }
        let run = place.limited(&limit, &["save", "venv", "--force", "--json"]);
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
    let place = Place::new("61186");
    for limit in ["--fsize=100", "--fsize=1000"] {
        let run = place.limited(limit, &["save", "venv"]);
        assert_eq!(run.code, 3, "{limit}\n{run}");
    }
    let run = place.limited("--fsize=100000000", &["save", "venv"]);
    assert_eq!(run.code, 0, "{run}");
}
