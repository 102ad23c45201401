//! A project of each tool, locked and installed by it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::scene::build;
use crate::support::index::{Index, PLAIN};
use crate::support::{Run, Sandbox, tools, venv};

pub(super) struct Project {
    sandbox: Sandbox,
    index: Index,
    tool: PathBuf,
    kind: &'static str,
    pub(super) venv: PathBuf,
}

/// What differs: the tool, whether its venvs stand beside the project, how it installs.
const KINDS: [(&str, bool); 4] = [
    ("virtualenv", true),
    ("poetry", true),
    ("poetry", false),
    ("pdm", true),
];

pub(super) fn each(test: impl Fn(&Project)) {
    for (kind, is_within) in KINDS {
        let Some(tool) = tools::find(kind) else {
            continue;
        };
        test(&Project::new(kind, tool, is_within));
    }
}

impl Project {
    fn new(kind: &'static str, tool: PathBuf, is_within: bool) -> Self {
        let sandbox = Sandbox::new();
        let dir = sandbox.path("wheels");
        build(&dir, "ant", &[]);
        build(&dir, "bee", &["ant"]);
        let index = Index::serve(&dir, PLAIN);
        let venv = sandbox.path("app/.venv");
        let mut project = Self {
            sandbox,
            index,
            tool,
            kind,
            venv,
        };
        project.install(is_within);
        project
    }

    fn install(&mut self, is_within: bool) {
        let app = self.sandbox.path("app");
        fs::create_dir_all(&app).unwrap();
        let url = self.index.url();
        let project = "[project]\nname = \"app\"\nversion = \"0.1\"\nrequires-python = \">=3.8\"\ndependencies = \
                       [\"bee==1.0\"]\n";
        let own = match self.kind {
            "poetry" => format!(
                "[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = \"loop\"\nurl = \"{url}\"\n"
            ),
            _ => format!(
                "[tool.pdm]\ndistribution = false\n[[tool.pdm.source]]\nname = \"pypi\"\nurl = \"{url}\"\n"
            ),
        };
        fs::write(app.join("pyproject.toml"), format!("{project}{own}")).unwrap();
        match self.kind {
            "virtualenv" => {
                tools::done(self.command().arg("-q").arg(&self.venv));
                let mut pip = Command::new(self.venv.join("bin/pip"));
                tools::done(pip.args(["install", "-q", "--no-cache-dir", "bee", "-i", &url]));
            }
            "poetry" => {
                let within = if is_within { "true" } else { "false" };
                let mut command = self.command();
                command.env("POETRY_VIRTUALENVS_IN_PROJECT", within);
                tools::done(command.args(["install", "-q", "--no-interaction"]));
                if !is_within {
                    let central = self.sandbox.path("cache/poetry/virtualenvs");
                    let mut found = fs::read_dir(central)
                        .unwrap()
                        .flatten()
                        .map(|entry| entry.path());
                    self.venv = found.find(|path| path.is_dir()).unwrap();
                }
            }
            _ => drop(tools::done(self.command().args(["install", "-q"]))),
        }
    }

    /// The tool in the project.
    fn command(&self) -> Command {
        let mut command = tools::command(&self.sandbox, &self.tool);
        command.current_dir(self.sandbox.path("app"));
        command
    }

    pub(super) fn file(&self, path: &str) -> PathBuf {
        self.venv.join(venv::site_packages(&self.venv)).join(path)
    }

    pub(super) fn lock(&self) -> Option<&'static str> {
        match self.kind {
            "poetry" if self.venv.ends_with(".venv") => Some("app/poetry.lock"),
            "pdm" => Some("app/pdm.lock"),
            _ => None,
        }
    }

    fn snap(&self, args: &[&str]) -> Run {
        let mut command = self.sandbox.command(args);
        command
            .env("PIP_INDEX_URL", self.index.url())
            .env("PIP_RETRIES", "0");
        Run::of(command)
    }

    #[track_caller]
    pub(super) fn rebuild(&self, args: &[&str]) {
        let venv = self.venv.display().to_string();
        let run = self.snap(&[&["rebuild", &venv], args].concat());
        assert_eq!(run.code, 0, "{} {args:?}: {run}", self.kind);
    }

    pub(super) fn undo(&self) {
        self.sandbox.ok(&["undo", &self.venv.display().to_string()]);
    }

    /// The tool takes the venv for its own, and a program of it runs.
    #[track_caller]
    pub(super) fn assert_works(&self) {
        let script: &Path = &self.venv.join("bin/bee-tool");
        let said = tools::done(&mut Command::new(script));
        assert_eq!(said.stdout, b"bee\n", "{}", self.kind);
        if self.kind != "virtualenv" {
            let mut command = self.command();
            let run = ["run", "python", "-c", "import sys, ant; print(sys.prefix)"];
            let said = tools::done(command.args(run));
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            assert_eq!(
                said.trim(),
                self.venv.display().to_string(),
                "{}",
                self.kind
            );
        }
    }
}
