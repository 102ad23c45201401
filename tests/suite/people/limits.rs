//! What the system grants a process is no fault of the venv: little of it slows the work down, too little ends it with
//! 3.

use std::fs;
use std::process::Command;

use crate::support::faults::{needs_root, skipped};
use crate::support::users::users_sandbox;
use crate::support::{Run, Sandbox, Tree, venv};

const TRIED: [&[&str]; 6] = [
    &["list"],
    &["diff", "venv"],
    &["check", "venv"],
    &["save", "venv"],
    &["save", "venv", "--force"],
    &["verify"],
];

const RULES: &str = "[[venv]]\npath = \"/srv/nothing\"\n";

/// What else is done with a store, each after the one before.
const ALSO: [&[&str]; 20] = [
    &["export", "latest", "--venv", "venv", "plain.tar"],
    &["export", "latest", "--venv", "venv", "packed.tar.zst"],
    &["import", "plain.tar", "--force"],
    &["import", "packed.tar.zst", "--force"],
    &["copy", "--all", "--to", "other-store"],
    &["restore", "venv", "latest", "--force", "--copy"],
    &["undo", "venv"],
    &["restore", "venv", "latest", "--to", "elsewhere"],
    &["show", "latest", "--venv", "venv"],
    &["ls", "latest", "--venv", "venv"],
    &["log"],
    &["stats"],
    &["status", "--full"],
    &["report", "--venv", "venv"],
    &["verify", "--repair"],
    &["prune", "--grace", "0s"],
    &["rebuild-index"],
    &["discover", "."],
    &["deps", "venv"],
    &["cache", "check"],
];

/// A sandbox of a user of its own: what others run counts for the limits of theirs.
pub(super) struct Place {
    pub(super) sandbox: Sandbox,
    user: &'static str,
}

impl Place {
    pub(super) fn new(user: &'static str) -> Self {
        let sandbox = users_sandbox();
        let place = Self { sandbox, user };
        place.own();
        place
    }

    /// Gives all of the home directory to the user.
    pub(super) fn own(&self) {
        let owned = Command::new("chown")
            .args(["-hR", &format!("{0}:{0}", self.user)])
            .arg(self.sandbox.path("home"))
            .status();
        assert!(owned.unwrap().success());
    }

    /// Puts so much text into the venv that its frames need more memory than the start of the program.
    fn with_much_to_hold(&self) {
        let venv = self.sandbox.path("home/venv");
        for number in 0..6_u32 {
            let text: String = (0..90_000)
                .map(|line| format!("{number} {}\n", line * 7))
                .collect();
            venv::write(&venv, &format!("share/{number}"), text.as_bytes());
        }
    }

    /// Limits of the address space in bytes, each 1 MB more than the one before, from the first one with which the
    /// program starts.
    fn enough_to_start(&self) -> impl Iterator<Item = u64> {
        let starts = |mb: &u64| {
            let limit = format!("--as={}", mb * 1_000_000);
            self.limited(&limit, &["version"]).code == 0
        };
        let first = (40..400).find(starts);
        (first.expect("400 MB do not suffice to start")..).map(|mb| mb * 1_000_000)
    }

    /// Runs the program as that user, with a limit as `prlimit` takes it.
    pub(super) fn limited(&self, limit: &str, args: &[&str]) -> Run {
        // Who waits for a thread that nobody started would wait for ever.
        let mut command = Command::new("timeout");
        self.sandbox.dress(&mut command);
        command
            .args(["-k", "1", "120", "setpriv"])
            .args(["--reuid", self.user, "--regid", self.user, "--clear-groups"])
            .args(["prlimit", limit])
            .arg(self.sandbox.path("program"))
            .args(args)
            .env_remove("VENV_SNAP_STORE")
            // The standard library waits for itself where memory is short while it writes a backtrace.
            .env("RUST_BACKTRACE", "0")
            .env("HOME", self.sandbox.path("home"))
            .current_dir(self.sandbox.path("home"));
        Run::of(command)
    }
}

pub(super) fn has_prlimit() -> bool {
    let found = Command::new("prlimit").arg("--version").output().is_ok();
    if !found {
        skipped(1, "prlimit is not installed");
    }
    found
}

/// Neither a panic nor a finding: what the program lacks says nothing of the venv.
#[track_caller]
pub(super) fn blames_nobody(run: &Run, what: &str) {
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
    for args in ALSO {
        let run = limited(args);
        assert_eq!(run.code, 0, "{args:?}\n{run}");
    }
    good.assert_same(&Tree::of(&venv), "all is done by one thread");
    // What takes a thread of its own was not tried, and is told as that.
    let run = limited(&["self-test", "."]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout.contains("less  fence: it was not tried"),
        "{run}"
    );
    // Without a thread nobody can watch: it could not look.
    fs::write(place.sandbox.path("home/watch.toml"), RULES).unwrap();
    let run = limited(&["watch", "--once", "--config", "watch.toml"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(!run.stderr.contains("panicked"), "{run}");
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
    for args in ALSO {
        let run = place.limited("--nofile=40", args);
        assert_eq!(run.code, 0, "40 descriptors, {args:?}\n{run}");
        if args[0] == "export" {
            fs::remove_file(place.sandbox.path("home").join(args[4])).unwrap();
            assert_eq!(place.limited("--nofile=64", args).code, 0, "{args:?}");
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

/// Memory that was not to be had ended the program by a signal.
#[test]
fn without_memory_it_ends_with_3_and_blames_nobody() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let place = Place::new("61187");
    place.with_much_to_hold();
    assert_eq!(place.limited("--as=1000000000", &["save", "venv"]).code, 0);
    let good = Tree::of(&place.sandbox.path("home/venv"));
    let mut short = 0;
    for limit in place.enough_to_start().step_by(3).take(6) {
        let limit = format!("--as={limit}");
        for args in TRIED
            .iter()
            .chain(&[&["restore", "venv", "latest", "--force"][..]])
        {
            let run = place.limited(&limit, args);
            blames_nobody(&run, &format!("{limit} {args:?}"));
            short += usize::from(run.code == 3);
        }
    }
    assert!(short > 0, "nothing was short of memory");
    let run = place.limited("--as=1000000000", &["restore", "venv", "latest", "--force"]);
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&place.sandbox.path("home/venv")), "after all");
}

/// Frames for which zstd got no memory were told as damaged, and a restore in part put a venv without them in place.
#[test]
fn memory_that_lacks_for_a_frame_is_no_damage_of_the_store() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let place = Place::new("61188");
    place.with_much_to_hold();
    assert_eq!(place.limited("--as=1000000000", &["save", "venv"]).code, 0);
    let good = Tree::of(&place.sandbox.path("home/venv"));
    let mut short = 0;
    for limit in place.enough_to_start().take(24) {
        let limit = format!("--as={limit}");
        let run = place.limited(&limit, &["verify"]);
        blames_nobody(&run, &format!("{limit} verify"));
        short += usize::from(run.code == 3);
        let run = place.limited(&limit, &["restore", "venv", "--to", "new", "--partial"]);
        blames_nobody(&run, &format!("{limit} restore"));
        let new = place.sandbox.path("home/new");
        assert_eq!(new.exists(), run.code == 0, "{limit}: {run}");
        if run.code == 0 {
            assert!(new.join("share/5").exists(), "{limit}: {run}");
            fs::remove_dir_all(&new).unwrap();
        }
    }
    assert!(short > 0, "nothing was short of memory");
    good.assert_same(&Tree::of(&place.sandbox.path("home/venv")), "after all");
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

/// Every command overflowed the stack, and ended with 134.
#[test]
fn a_small_stack_is_enough() {
    if !has_prlimit() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let limited = |args: &[&str]| {
        let mut command = Command::new("prlimit");
        sandbox.dress(&mut command);
        command.args(["--stack=65536", env!("CARGO_BIN_EXE_snap")]);
        Run::of({
            command.args(args);
            command
        })
    };
    for args in TRIED.iter().skip(3).chain(&TRIED) {
        let run = limited(args);
        assert_eq!(run.code, 0, "{args:?}: {run}");
    }
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    assert_eq!(limited(&["restore", "venv"]).code, 0);
    assert_eq!(limited(&["diff", "venv"]).code, 0);
    assert_eq!(limited(&["nonsense"]).code, 2);
}

/// It said that space lacks, of which there was plenty.
#[test]
fn a_limit_of_file_sizes_is_told_as_that() {
    if !has_prlimit() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::write(&sandbox.venv(), "share/large", &venv::noise(3_000_000));
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("share/large")).unwrap();
    venv::write(
        &sandbox.venv(),
        "share/other",
        &[&venv::noise(2_999_999)[..], b"x"].concat(),
    );
    for args in [
        &["save", "venv", "--force"][..],
        &["restore", "venv"],
        &["restore", "venv", "--keep-old"],
        &["export", "latest", "x.tar", "--venv", "venv"],
    ] {
        let mut command = Command::new("prlimit");
        sandbox.dress(&mut command);
        command.args(["--fsize=1000000", env!("CARGO_BIN_EXE_snap")]);
        command.args(args);
        let run = Run::of(command);
        assert_eq!(run.code, 3, "{args:?}: {run}");
        assert!(run.stderr.contains("ulimit -f"), "{args:?}: {run}");
        assert!(run.stderr.contains(" 1000000 bytes"), "{args:?}: {run}");
        assert!(!run.stderr.contains("free some space"), "{args:?}: {run}");
    }
}

/// `SQLite` calls it a disk I/O error, as of a disk that dies, and that was what people read.
#[test]
fn a_limit_of_file_sizes_is_never_told_as_a_bad_disk() {
    if !has_prlimit() {
        return;
    }
    for limit in ["0", "1000", "20000", "60000"] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        venv::write(&sandbox.venv(), "share/large", &venv::noise(90_000));
        sandbox.ok(&["save", "venv"]);
        sandbox.ok(&["export", "latest", "--venv", "venv", "ready.tar"]);
        venv::write(&sandbox.venv(), "share/more", &venv::noise(90_001));
        let mut told = 0;
        // What was not exported cannot be imported.
        let also = ALSO.iter().filter(|args| args[0] != "import");
        let import: &[&str] = &["import", "ready.tar", "--force"];
        for args in TRIED.iter().chain(also).chain([&import]) {
            let mut command = Command::new("prlimit");
            sandbox.dress(&mut command);
            command.args([&format!("--fsize={limit}"), env!("CARGO_BIN_EXE_snap")]);
            command.args(*args);
            let run = Run::of(command);
            let what = format!("{limit} {args:?}\n{run}");
            assert!(![101, 134, 153].contains(&run.code), "{what}");
            assert!(!run.stderr.contains("I/O error"), "{what}");
            let tells = run
                .stderr
                .contains(&format!("no file of more than {limit} bytes"));
            assert!(tells || run.code != 3, "{what}");
            assert!(tells || !run.stderr.contains("cannot write"), "{what}");
            told += usize::from(tells);
        }
        assert!(told > 3, "{limit}: {told}");
    }
}

/// Imports and sources were judged by threads of their own: where none was to be had, nothing was found.
#[test]
fn without_a_further_thread_imports_are_judged_as_well() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let place = Place::new("61190");
    let site = place.sandbox.path("home/venv").join(venv::SITE);
    fs::write(site.join("idna/__init__.py"), "from .core import x\n").unwrap();
    fs::remove_file(site.join("idna/core.py")).unwrap();
    let findings = |limit: &str| -> Vec<serde_json::Value> {
        let run = place.limited(limit, &["check", "venv", "--json"]);
        let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let findings = answer["findings"].as_array().unwrap();
        findings.iter().map(|one| one["check"].clone()).collect()
    };
    let all = findings("--nofile=1024");
    assert!(all.contains(&"import-unresolved".into()), "{all:?}");
    assert_eq!(findings("--nproc=1"), all);
}
