//! Installs that did not come to their end: what is not whole is never called sound, and a heal makes it whole.
//!
//! All points at which an installer can be killed take minutes; by default a part of them is tried. All of them:
//! `VENV_SNAP_EVERY_POINT=1 cargo test --locked --test suite unfinished::`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::diff::diagnosis::rules;
use crate::support::faults::can_trace;
use crate::support::wheel::{build, pip, two_versions, venv_with_pip};
use crate::support::{Sandbox, tools, uv, venv};

/// The calls at which an installer is killed.
const CALLS: [&str; 6] = ["rename", "link", "linkat", "unlink", "unlinkat", "symlink"];

/// Says which version of a package stands in a venv whole: every file of its wheel, no other info directory, a script that runs and an
/// import that works. Shares nothing with the program.
const ORACLE: &str = r#"
import glob, os, subprocess, sys, zipfile
venv, wheels = sys.argv[1], sys.argv[2:]
site = glob.glob(venv + "/lib/python*/site-packages")[0]
for wheel in wheels:
    version = wheel.split("-")[-4]; info = f"wares-{version}.dist-info"
    archive = zipfile.ZipFile(wheel)
    def same(name):
        try: return open(os.path.join(site, name), "rb").read() == archive.read(name)
        except OSError: return False
    if not all(same(name) for name in archive.namelist() if not name.endswith("/RECORD")): continue
    if glob.glob(site + "/wares-*.dist-info") != [os.path.join(site, info)]: continue
    script = venv + "/bin/wares-tool"
    run = subprocess.run([script], capture_output=True, text=True) if os.access(script, os.X_OK) else None
    if run is None or run.stdout != "tool\n": continue
    say = [venv + "/bin/python", "-B", "-c", "import wares; print(wares.__version__)"]
    if subprocess.run(say, capture_output=True, text=True).stdout.strip() == version: print(version)
"#;

/// What upgrades.
#[derive(Clone, Copy, PartialEq, Debug)]
enum By {
    Pip,
    Uv(&'static str),
}

/// A venv with an old version, saved, and what can bring the new one.
struct Upgrade {
    sandbox: Sandbox,
    by: By,
    old: PathBuf,
    new: PathBuf,
}

impl Upgrade {
    /// None where the installer is not there.
    fn new(by: By) -> Option<Self> {
        if by != By::Pip && !uv::is_there() {
            return None;
        }
        let sandbox = Sandbox::new();
        let (old, new) = two_versions(&sandbox.path("wheels"));
        venv_with_pip(&sandbox.venv());
        let upgrade = Self {
            sandbox,
            by,
            old,
            new,
        };
        tools::done(&mut upgrade.install(&[], &upgrade.old));
        upgrade.sandbox.ok(&["save", "venv"]);
        venv::copy(&upgrade.sandbox.venv(), &upgrade.sandbox.path("backup"));
        fs::create_dir(upgrade.sandbox.path("scratch")).unwrap();
        Some(upgrade)
    }

    /// The command that installs a wheel, run by another one.
    fn install(&self, through: &[&str], wheel: &Path) -> Command {
        let python = self.sandbox.venv().join("bin/python");
        let python = python.to_str().unwrap();
        let uv = (self.by != By::Pip).then(|| tools::find("uv").unwrap());
        let words: Vec<&str> = match (self.by, &uv) {
            (By::Uv(mode), Some(uv)) => {
                let uv = uv.to_str().unwrap();
                let args = ["pip", "install", "-q", "--no-deps", "--link-mode", mode];
                [&[uv], &args[..], &["--python", python]].concat()
            }
            _ => vec![
                python,
                "-m",
                "pip",
                "--no-cache-dir",
                "-q",
                "install",
                "--no-deps",
            ],
        };
        let words = [through, &words, &[wheel.to_str().unwrap()]].concat();
        let mut command = tools::command(&self.sandbox, Path::new(words[0]));
        command
            .args(&words[1..])
            .env("TMPDIR", self.sandbox.path("scratch"));
        command
    }

    /// Brings the old version back, as it stood.
    fn reset(&self) {
        fs::remove_dir_all(self.sandbox.venv()).unwrap();
        venv::copy(&self.sandbox.path("backup"), &self.sandbox.venv());
    }

    /// How often an upgrade does each call.
    fn counted(&self) -> Vec<(&'static str, usize)> {
        let log = self.sandbox.path("trace");
        let calls = CALLS.join(",");
        let trace = format!("trace={calls}");
        let strace = [
            "strace",
            "-f",
            "-qq",
            "-o",
            log.to_str().unwrap(),
            "-e",
            &trace,
        ];
        tools::done(&mut self.install(&strace, &self.new));
        let log = fs::read_to_string(log).unwrap();
        let count = |call: &'static str| {
            let call_of = format!(" {call}(");
            (
                call,
                log.lines().filter(|line| line.contains(&call_of)).count(),
            )
        };
        CALLS.map(count).to_vec()
    }

    /// The versions that stand there whole.
    fn whole(&self) -> String {
        let mut oracle = Command::new("python3");
        oracle.args(["-c", ORACLE]).arg(self.sandbox.venv());
        oracle.args([&self.old, &self.new]).stdin(Stdio::null());
        let told = tools::done(&mut oracle).stdout;
        String::from_utf8(told).unwrap().trim().to_owned()
    }

    /// Holds every verb to what stands there; returns what `check` says.
    fn judge(&self, point: &str) -> Value {
        let whole = self.whole();
        let check = self.sandbox.snap(&["check", "venv", "--json"]);
        let check: Value = serde_json::from_str(&check.stdout).unwrap();
        let is_clean = check["clean"] == true;
        let at = format!("{:?} {point}: whole '{whole}'", self.by);
        assert!(!is_clean || !whole.is_empty(), "sound, at {at}");
        let diff = self.sandbox.snap(&["diff", "venv", "--json"]);
        let diff: Value = serde_json::from_str(&diff.stdout).unwrap();
        let is_hurt = diff["summary"]["damage"] != 0;
        assert_eq!(
            is_clean, !is_hurt,
            "check and diff, at {at}: {check}\n{diff}"
        );
        if !is_clean {
            self.sandbox.code(1, &["save", "venv"]);
        }
        let heal = self.sandbox.snap(&["restore", "venv", "--heal"]);
        assert!(!self.whole().is_empty(), "not healed, at {at}: {heal}");
        self.sandbox.json(0, &["check", "venv"]);
        check
    }

    /// Kills an upgrade at each `step`-th point. Returns how many of how many were tried, and the causes that were named.
    fn killed(&self, step: usize) -> (usize, usize, Vec<String>) {
        let step = if std::env::var_os("VENV_SNAP_EVERY_POINT").is_some() {
            1
        } else {
            step
        };
        let points = self.counted().into_iter();
        let points: Vec<_> = points
            .flat_map(|(call, count)| (1..=count).map(move |n| (call, n)))
            .collect();
        let mut causes = Vec::new();
        let tried = points.iter().rev().step_by(step);
        for (call, n) in tried.clone() {
            self.reset();
            let injection = format!("inject={call}:signal=KILL:when={n}");
            let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &injection];
            let _ = self.install(&strace, &self.new).output().unwrap();
            causes.extend(rules(&self.judge(&format!("{call} {n}"))));
        }
        causes.sort();
        causes.dedup();
        println!(
            "{:?}: {} of {} points",
            self.by,
            tried.clone().count(),
            points.len()
        );
        (tried.count(), points.len(), causes)
    }
}

/// Once what uv had not finished was called sound as soon as its modules stood there, and healed by nothing.
#[test]
fn an_upgrade_by_uv_that_was_killed_anywhere_is_told_and_healed_whole() {
    if !can_trace() {
        return;
    }
    for mode in ["copy", "hardlink", "symlink"] {
        let Some(upgrade) = Upgrade::new(By::Uv(mode)) else {
            return;
        };
        let (tried, _, causes) = upgrade.killed(9);
        assert!(tried > 3, "{mode}");
        assert!(
            causes.contains(&"interrupted-install".to_owned()),
            "{mode}: {causes:?}"
        );
    }
}

#[test]
fn an_upgrade_by_pip_that_was_killed_anywhere_is_told_and_healed_whole() {
    if !can_trace() {
        return;
    }
    let upgrade = Upgrade::new(By::Pip).unwrap();
    let (tried, _, causes) = upgrade.killed(7);
    assert!(tried > 3);
    assert_eq!(causes, ["interrupted-pip"]);
}

/// uv says "failed" where the disk is full, and "Checked" at its next run.
#[test]
fn an_upgrade_that_ran_into_a_limit_is_told_and_healed_whole() {
    let limited = "import os, resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n\
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2); os.execvp(sys.argv[2], sys.argv[2:])";
    for by in [By::Pip, By::Uv("copy"), By::Uv("hardlink")] {
        let Some(upgrade) = Upgrade::new(by) else {
            return;
        };
        // What uv unpacks shall be in its cache already.
        tools::done(&mut upgrade.install(&[], &upgrade.new));
        for limit in ["0", "3", "60", "320", "1300"] {
            upgrade.reset();
            let through = ["python3", "-c", limited, limit];
            let _ = upgrade.install(&through, &upgrade.new).output().unwrap();
            upgrade.judge(&format!("limit {limit}"));
        }
    }
}

/// What is there of a first install goes, since the snapshot has nothing of it.
#[test]
fn a_first_install_that_was_killed_is_damage_and_goes_with_a_heal() {
    if !can_trace() || !uv::is_there() {
        return;
    }
    let sandbox = Sandbox::new();
    let (_, new) = two_versions(&sandbox.path("wheels"));
    venv_with_pip(&sandbox.venv());
    let upgrade = Upgrade {
        old: new.clone(),
        new,
        by: By::Uv("copy"),
        sandbox,
    };
    let sandbox = &upgrade.sandbox;
    fs::create_dir(sandbox.path("scratch")).unwrap();
    sandbox.ok(&["save", "venv"]);
    let strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=rename:signal=KILL:when=12",
    ];
    let _ = upgrade.install(&strace, &upgrade.new).output().unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    assert!(
        rules(&check).contains(&"interrupted-install".to_owned()),
        "{check}"
    );
    assert!(
        check["diagnosis"][0]["text"]
            .as_str()
            .unwrap()
            .contains("uv "),
        "{check}"
    );
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_ne!(diff["summary"]["damage"], 0, "{diff}");
    sandbox.ok(&["restore", "venv", "--heal"]);
    sandbox.json(0, &["check", "venv"]);
    let diff = sandbox.json(1, &["diff", "venv"]);
    let left = diff["entries"].as_array().unwrap().iter();
    let left = left.filter(|one| one["class"] != "noise" && one["expected"].is_null());
    let left: Vec<&str> = left.map(|one| one["path"].as_str().unwrap()).collect();
    let own = |path: &&&str| {
        path.contains("wares") && !path.contains(".tmp") && !path.ends_with("/wares")
    };
    assert_eq!(left.iter().find(own), None, "{left:?}");
}

/// Debian writes no INSTALLER, and who unpacks a wheel by hand does not either.
#[test]
fn a_distribution_without_installer_is_healthy_where_nothing_else_is_missing() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [
        ("plain/__init__.py", "x = 1\n"),
        ("plain/core.py", "y = 1\n"),
    ];
    let wheel = build(&sandbox.path("wheels"), "plain", "1.0", &files, &[]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let unzip = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
    let by_hand = || {
        let mut command = Command::new("python3");
        tools::done(command.args(["-c", unzip]).arg(&wheel).arg(&site));
    };
    by_hand();
    let info = site.join("plain-1.0.dist-info");
    fs::remove_file(info.join("entry_points.txt")).unwrap();
    let record = fs::read_to_string(info.join("RECORD")).unwrap();
    let kept: String = record
        .split_inclusive('\n')
        .filter(|row| !row.contains("entry_points"))
        .collect();
    fs::write(info.join("RECORD"), kept).unwrap();
    let check = sandbox.json(0, &["check", "venv"]);
    assert_eq!(check["findings"].as_array().unwrap().len(), 0, "{check}");
    sandbox.ok(&["save", "venv"]);
    // What goes later is gone, but nobody was interrupted.
    venv::age(&sandbox.venv(), 1_700_000_000);
    fs::remove_file(site.join("plain/core.py")).unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    assert!(
        !rules(&check).contains(&"interrupted-install".to_owned()),
        "{check}"
    );
    // An installer that writes it and was finished may have lost its script: that is told as what it is.
    pip(
        &sandbox.venv(),
        &["install", "--force-reinstall", wheel.to_str().unwrap()],
    );
    fs::remove_file(sandbox.venv().join("bin/plain-tool")).unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(check["findings"][0]["check"], "file-missing", "{check}");
    assert!(
        !rules(&check).contains(&"interrupted-install".to_owned()),
        "{check}"
    );
}
