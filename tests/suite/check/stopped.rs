//! Installs and upgrades by real installers that are stopped on their way, and what each verb says of what stands there
//! then.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::answers::rules;
use crate::support::wheel::{pip_of, two_versions, venv_without_pip};
use crate::support::{Sandbox, tools, uv, venv};

/// The calls at which an installer is killed.
const CALLS: [&str; 9] = [
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
];

/// Says whether anything of the package is left in a venv by which somebody takes it for installed: a script or an info
/// directory. Modules alone, which pip writes first, are installed for nobody.
const LEFT: &str = r#"
import glob, sys
venv = sys.argv[1]
site = glob.glob(venv + "/lib/python*/site-packages")[0]
found = glob.glob(site + "/wares-*") + glob.glob(venv + "/bin/wares*")
print(found[0] if found else "")
"#;

/// Says which version of a package stands in a venv whole: every file of its wheel, no other info directory, a script
/// that runs and an import that works. Shares nothing with the program.
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
pub(crate) enum By {
    Pip,
    Uv(&'static str),
}

/// What there is before an installer begins.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Before {
    Nothing,
    OldVersion,
}

/// A venv that is saved, with an old version or without any, and what can bring the new one.
pub(crate) struct Upgrade {
    pub(crate) sandbox: Sandbox,
    pub(crate) by: By,
    pub(crate) before: Before,
    pub(crate) old: PathBuf,
    pub(crate) new: PathBuf,
}

impl Upgrade {
    /// None where the installer is not there.
    pub(crate) fn new(by: By, before: Before) -> Option<Self> {
        Self::at(Sandbox::new(), by, before)
    }

    pub(crate) fn at(sandbox: Sandbox, by: By, before: Before) -> Option<Self> {
        if by != By::Pip && !uv::is_there() {
            return None;
        }
        let (old, new) = two_versions(&sandbox.path("wheels"));
        venv_without_pip(&sandbox.venv());
        let upgrade = Self {
            sandbox,
            by,
            before,
            old,
            new,
        };
        if before == Before::OldVersion {
            tools::done(&mut upgrade.install(&[], &upgrade.old));
        }
        upgrade.sandbox.ok(&["save", "venv"]);
        venv::copy(&upgrade.sandbox.venv(), &upgrade.sandbox.path("backup"));
        fs::create_dir(upgrade.sandbox.path("scratch")).unwrap();
        Some(upgrade)
    }

    /// The command that installs a wheel, run by another one.
    pub(crate) fn install(&self, through: &[&str], wheel: &Path) -> Command {
        let venv = self.sandbox.venv();
        let python = venv.join("bin/python").to_str().unwrap().to_owned();
        let (tool, args) = match self.by {
            By::Pip => (
                pip_of(&venv),
                ["--no-cache-dir", "-q", "install", "--no-deps"].to_vec(),
            ),
            By::Uv(mode) => {
                let uv = tools::find("uv").unwrap().to_str().unwrap().to_owned();
                let args = ["pip", "install", "-q", "--no-deps", "--link-mode", mode];
                (vec![uv], [&args[..], &["--python", &python]].concat())
            }
        };
        let tool: Vec<&str> = tool.iter().map(String::as_str).collect();
        let words = [through, &tool, &args, &[wheel.to_str().unwrap()]].concat();
        let mut command = tools::command(&self.sandbox, Path::new(words[0]));
        command
            .args(&words[1..])
            .env("TMPDIR", self.sandbox.path("scratch"));
        command
    }

    /// Brings the old version back, as it stood.
    pub(crate) fn reset(&self) {
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

    /// The version that stands there whole, or that nothing does where nothing was before.
    fn whole(&self) -> String {
        let ask = |script: &str| {
            let mut oracle = Command::new("python3");
            oracle.args(["-c", script]).arg(self.sandbox.venv());
            oracle.args([&self.old, &self.new]).stdin(Stdio::null());
            let told = tools::done(&mut oracle).stdout;
            String::from_utf8(told).unwrap().trim().to_owned()
        };
        if self.before == Before::Nothing && ask(LEFT).is_empty() {
            return "nothing".to_owned();
        }
        ask(ORACLE)
    }

    /// Holds every verb to what stands there; returns what `check` says.
    pub(crate) fn judge(&self, point: &str) -> Value {
        let whole = self.whole();
        let check = self.sandbox.snap(&["check", "venv", "--json"]);
        let check: Value = serde_json::from_str(&check.stdout).unwrap();
        let is_clean = check["clean"] == true;
        let at = format!("{:?} {:?} {point}: whole '{whole}'", self.by, self.before);
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
        assert!(
            !self.whole().is_empty(),
            "not healed, at {at}: {heal}\n{check}"
        );
        self.sandbox.json(0, &["check", "venv"]);
        check
    }

    /// Kills an upgrade at each `step`-th point. Returns how many of how many were tried, and the causes that were
    /// named.
    pub(crate) fn killed(&self, step: usize) -> (usize, usize, Vec<String>) {
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
            "{:?} {:?}: {} of {} points",
            self.by,
            self.before,
            tried.clone().count(),
            points.len()
        );
        (tried.count(), points.len(), causes)
    }
}
