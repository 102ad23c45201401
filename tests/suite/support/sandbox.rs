//! A directory with a store and venvs, and the program run in it with an environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;

use super::schema;

/// One test's own place.
pub(crate) struct Sandbox {
    dir: Arc<tempfile::TempDir>,
    /// What the program finds in its environment beside what it always does.
    variables: Vec<(&'static str, String)>,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("venv-snap-test.")
            .tempdir()
            .unwrap();
        Self {
            dir: Arc::new(dir),
            variables: Vec::new(),
        }
    }

    /// The same place, in which the program finds these variables.
    pub(crate) fn with(&self, variables: Vec<(&'static str, String)>) -> Self {
        Self {
            dir: Arc::clone(&self.dir),
            variables,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// The venv that most tests use.
    pub(crate) fn venv(&self) -> PathBuf {
        self.path("venv")
    }

    /// The program with the sandbox's store, in the sandbox, with nothing else of the environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snap"));
        self.dress(&mut command);
        command.args(args);
        command
    }

    /// Gives a command the environment of the sandbox.
    pub(crate) fn dress(&self, command: &mut Command) {
        command
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("HOME", self.root())
            .env("TZ", "UTC")
            .env("RUST_BACKTRACE", "1")
            .env("VENV_SNAP_STORE", self.path("store"))
            .env("VENV_SNAP_LOCK_WAIT", "20")
            .current_dir(self.root())
            .stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        for (name, value) in &self.variables {
            command.env(name, value);
        }
    }

    /// Runs the program.
    pub(crate) fn snap(&self, args: &[&str]) -> Run {
        Run::of(self.command(args))
    }

    /// Runs it and wants an exit code.
    #[track_caller]
    pub(crate) fn code(&self, code: i32, args: &[&str]) -> Run {
        let run = self.snap(args);
        assert_eq!(run.code, code, "snap {args:?}\n{run}");
        run
    }

    /// Runs it and wants success.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        self.code(0, args)
    }

    /// Runs it with `--json` and wants an exit code and one document, and one on each line of what is told beside it.
    #[track_caller]
    pub(crate) fn json(&self, code: i32, args: &[&str]) -> Value {
        let run = self.code(code, &[args, &["--json"]].concat());
        run.told();
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
    }

    /// The ids of all snapshots, oldest first.
    pub(crate) fn ids(&self) -> Vec<String> {
        let list = self.json(0, &["list"]);
        list["snapshots"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The names in the sandbox that a restore may have left.
    pub(crate) fn debris(&self) -> Vec<String> {
        let mut found = Vec::new();
        for dir in [self.root().to_owned(), self.venv(), self.path("store/tmp")] {
            let Ok(names) = std::fs::read_dir(&dir) else {
                continue;
            };
            let names = names
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned());
            found.extend(names.filter(|name| {
                name.contains(".snap-restore")
                    || name.contains(".snap-build")
                    || dir.ends_with("tmp")
            }));
        }
        found
    }
}

impl Run {
    pub(crate) fn of(mut command: Command) -> Self {
        Self::from(command.output().unwrap())
    }
}

impl Run {
    /// What a run with `--json` told on standard error: one object on each line.
    #[track_caller]
    pub(crate) fn told(&self) -> Vec<Value> {
        let object = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{self}"));
            assert!(value.is_object() && value["format"] == 1, "{self}");
            value
        };
        self.stderr.lines().map(object).collect()
    }
}

impl From<std::process::Output> for Run {
    fn from(output: std::process::Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let run = Self {
            code: output
                .status
                .code()
                .unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        schema::hold(&run.stdout);
        schema::hold(&run.stderr);
        run
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "code {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

/// The `site-packages` of the venv of a sandbox.
pub(crate) fn site(sandbox: &Sandbox) -> PathBuf {
    sandbox.venv().join(super::venv::SITE)
}

/// Puts a copy of the program at a path. Another process copies: a file that this one has open for writing could be
/// inherited by whatever another test starts at that moment, and the system runs no such file.
pub(crate) fn copy_program(to: &Path) {
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_snap"))
        .arg(to)
        .status();
    assert!(copied.unwrap().success());
}
