//! The interpreters of this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One of each version from 3.7 on: on the path, or as pyenv keeps them.
pub(crate) fn all() -> Vec<((u32, u32), PathBuf)> {
    let mut dirs: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| home.map(|home| home.join(".pyenv")));
    let versions = pyenv.map(|pyenv| std::fs::read_dir(pyenv.join("versions")));
    let versions = versions
        .and_then(Result::ok)
        .into_iter()
        .flatten()
        .flatten();
    dirs.extend(versions.map(|version| version.path().join("bin")));
    let mut found: Vec<((u32, u32), PathBuf)> = Vec::new();
    for minor in 7..20 {
        let name = format!("python3.{minor}");
        let mut here = dirs
            .iter()
            .map(|dir| dir.join(&name))
            .filter(|path| path.exists());
        // A shim of pyenv is there for every version and answers only for the chosen ones.
        if let Some(python) = here.find(|python| answers(python, minor)) {
            found.push(((3, minor), python));
        }
    }
    found
}

/// All of them by name, and `PyPy` where it is; tells if it is not.
pub(crate) fn all_kinds() -> Vec<(String, PathBuf)> {
    let versions = all().into_iter();
    let mut found: Vec<(String, PathBuf)> = versions
        .map(|((major, minor), path)| (format!("python{major}.{minor}"), path))
        .collect();
    match pypy() {
        Some(path) => found.push(("pypy3".to_owned(), path)),
        None => super::faults::skipped(1, "no pypy3 with venv on the path"),
    }
    found
}

/// The `PyPy` of this machine.
pub(crate) fn pypy() -> Option<PathBuf> {
    let dirs = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&dirs).map(|dir| dir.join("pypy3"));
    let works = |path: &PathBuf| {
        let asked = Command::new(path)
            .args(["-I", "-c", "import venv"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    };
    found.collect::<Vec<_>>().into_iter().find(works)
}

fn answers(python: &Path, minor: u32) -> bool {
    let script = format!("import sys, venv; sys.exit(sys.version_info[:2] != (3, {minor}))");
    Command::new(python)
        .args(["-I", "-c", &script])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Makes a venv without pip.
pub(crate) fn make(python: &Path, venv: &Path) {
    let made = Command::new(python)
        .args(["-m", "venv", "--without-pip"])
        .arg(venv)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success(), "{} -m venv", python.display());
}

/// Runs a script in the interpreter of a venv and gives what it prints.
pub(crate) fn python(venv: &Path, args: &[&str]) -> String {
    let output = Command::new(venv.join("bin/python"))
        .args(args)
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .env_remove("PYTHONPATH")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
