//! A small index on loopback, and venvs that real installers filled from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::index::{Index, PLAIN};
use crate::support::{Run, Sandbox, tools, venv, wheel};

/// Three packages, one of which requires another.
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
    pub(super) index: Index,
}

impl Scene {
    /// An index, and a venv of pip with all that it has.
    pub(super) fn of_pip() -> Self {
        let scene = Self::of_index();
        wheel::venv_with_pip(&scene.venv());
        let mut pip = wheel::pip_command(&scene.venv(), &["install", "bee", "cat"]);
        pip.env_remove("PIP_NO_INDEX")
            .env("PIP_INDEX_URL", scene.index.url());
        tools::done(&mut pip);
        scene
    }

    /// The same of uv.
    pub(super) fn of_uv(uv: &Path) -> Self {
        let scene = Self::of_index();
        let mut made = tools::command(&scene.sandbox, uv);
        tools::done(made.args(["venv", "-q"]).arg(scene.venv()));
        let mut filled = tools::command(&scene.sandbox, uv);
        filled
            .env_remove("UV_OFFLINE")
            .args(["pip", "install", "-q", "bee", "cat", "--index-url"]);
        filled
            .arg(scene.index.url())
            .arg("--python")
            .arg(scene.venv().join("bin/python"));
        tools::done(&mut filled);
        scene
    }

    /// An index, and a venv that has no packages and no pip.
    pub(super) fn bare() -> Self {
        let scene = Self::of(&["dev", "win"]);
        let mut made = Command::new("python3");
        tools::done(made.args(["-m", "venv", "--without-pip"]).arg(scene.venv()));
        scene
    }

    /// The index alone.
    pub(super) fn of_index() -> Self {
        Self::of(&[])
    }

    /// An index that has more packages.
    fn of(more: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let dir = sandbox.path("wheels");
        build(&dir, "ant", &[]);
        build(&dir, "bee", &["ant"]);
        build(&dir, "cat", &[]);
        for name in more {
            build(&dir, name, &[]);
        }
        let index = Index::serve(&dir, PLAIN);
        Self { sandbox, index }
    }

    pub(super) fn venv(&self) -> PathBuf {
        self.sandbox.venv()
    }

    /// A file among the packages.
    pub(super) fn file(&self, path: &str) -> PathBuf {
        self.venv()
            .join(venv::site_packages(&self.venv()))
            .join(path)
    }

    /// The command with the index.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(&[&["rebuild", "venv"], args].concat());
        command
            .env("PIP_INDEX_URL", self.index.url())
            .env("UV_INDEX_URL", self.index.url());
        command.env("PIP_RETRIES", "0");
        command
    }

    /// Runs it and wants an exit code.
    #[track_caller]
    pub(super) fn rebuild(&self, code: i32, args: &[&str]) -> Run {
        let run = Run::of(self.command(args));
        assert_eq!(run.code, code, "rebuild {args:?}\n{run}");
        assert_eq!(self.sandbox.debris(), Vec::<String>::new(), "{run}");
        run
    }

    /// The same with `--json`.
    #[track_caller]
    pub(super) fn json(&self, code: i32, args: &[&str]) -> serde_json::Value {
        let run = self.rebuild(code, &[args, &["--json"]].concat());
        run.told();
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
    }

    /// That the venv is sound, works at its own place, and that its commands do.
    #[track_caller]
    pub(super) fn assert_works(&self) {
        self.sandbox.ok(&["check", "venv", "--import"]);
        for name in ["ant", "bee", "cat"] {
            let script = self.venv().join(format!("bin/{name}-tool"));
            let done = Command::new(&script).stdin(Stdio::null()).output().unwrap();
            assert_eq!(
                String::from_utf8_lossy(&done.stdout),
                format!("{name}\n"),
                "{done:?}"
            );
            let text = fs::read_to_string(&script).unwrap();
            assert!(
                text.starts_with(&format!("#!{}/bin/python", self.venv().display())),
                "{text}"
            );
        }
    }
}

/// Builds a wheel of a package with a few modules.
pub(super) fn build(dir: &Path, name: &str, requires: &[&str]) {
    let init = format!("from .core import main\nname = '{name}'\n");
    let core = format!("def main():\n    print('{name}')\n");
    let files = [
        (format!("{name}/__init__.py"), init),
        (format!("{name}/core.py"), core),
    ];
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    wheel::build(dir, name, "1.0", &files.collect::<Vec<_>>(), requires);
}

/// How each package of an answer comes.
pub(super) fn comes(answer: &serde_json::Value) -> Vec<(String, String)> {
    let packages = answer["packages"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let all = packages.map(|one| (text(&one["name"]), text(&one["comes"])));
    all.filter(|(name, _)| !["pip", "setuptools"].contains(&name.as_str()))
        .collect()
}
