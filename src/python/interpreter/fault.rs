//! What has to be put right where something is wrong with the interpreter of a venv: the interpreter itself, or only
//! what names it, which a restore brings back.

use std::path::{Path, PathBuf};

use super::{Facts, LINKS_MAX};
use crate::python::layout::SCRIPTS;

/// What is to blame.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Culprit {
    /// The interpreter is gone, broken, or another one.
    #[default]
    Interpreter,
    /// It is there, and only `pyvenv.cfg` speaks of another one.
    Config,
    /// It is there at `to`, and only this entry of `bin` does not lead to it.
    Link { name: String, to: PathBuf },
}

impl Culprit {
    /// Looks for the culprit. `home` is where `pyvenv.cfg` says that the interpreter is, `version` that for which the
    /// venv has packages.
    pub(super) fn locate(
        root: &Path,
        facts: &Facts,
        home: Option<&Path>,
        version: Option<(u32, u32)>,
    ) -> Self {
        let real = Path::new(&facts.known.realpath);
        let proper = home
            .zip(version)
            .map(|(home, (major, small))| home.join(format!("python{major}.{small}")));
        let is_other = |path: &PathBuf| {
            let found = std::fs::canonicalize(path);
            found.is_ok_and(|found| found.is_file() && found != real)
        };
        if let Some(to) = proper.filter(is_other) {
            let name = last_inside(root);
            return Self::Link { name, to };
        }
        let leads_home = |home: &Path| {
            let names = std::fs::read_dir(home).into_iter().flatten().flatten();
            let names = names.map(|entry| entry.path()).filter(|path| {
                let name = path.file_name().unwrap_or_default();
                name.as_encoded_bytes().starts_with(b"py")
            });
            let mut found = names.filter_map(|path| std::fs::canonicalize(path).ok());
            found.any(|found| found == real)
        };
        let is_outside = !facts.known.realpath.is_empty() && !real.starts_with(root);
        let only_told = facts.known.alive && facts.told == facts.problems.len();
        let not_home = !facts.known.alive && home.is_some_and(|home| !leads_home(home));
        if only_told || is_outside && not_home {
            Self::Config
        } else {
            Self::Interpreter
        }
    }
}

/// What is wrong with the place at which `pyvenv.cfg` says that the interpreter is.
pub(super) fn of_home(home: Option<&str>) -> Option<String> {
    let Some(home) = home else {
        return Some(
            "pyvenv.cfg names no home: it is gone, cut, or not what made the venv".to_owned(),
        );
    };
    let found = std::fs::metadata(home).map_err(|error| error.kind());
    matches!(found, Err(std::io::ErrorKind::NotFound))
        .then(|| format!("its home '{home}' is gone (pyvenv.cfg)"))
}

/// The last of the links in `bin` that lead from `bin/python` to the interpreter.
fn last_inside(root: &Path) -> String {
    let bin = root.join(SCRIPTS);
    let mut at = bin.join("python");
    if std::fs::symlink_metadata(&at).is_err() {
        let other = bin.join("python3");
        if std::fs::symlink_metadata(&other).is_ok() {
            at = other;
        }
    }
    for _ in 0..LINKS_MAX {
        let next = std::fs::read_link(&at).map(|target| bin.join(target));
        match next {
            Ok(next) if next.parent() == Some(&bin) => at = next,
            _ => break,
        }
    }
    let name = at.file_name().unwrap_or_default().to_string_lossy();
    format!("{SCRIPTS}/{name}")
}
