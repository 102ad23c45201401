//! By which interpreter the new venv is made, and who installs into it.

use std::path::{Path, PathBuf};

use super::failed::Unbuilt;
use super::live::Live;
use super::options::{Installer, RebuildOptions};
use crate::python::made::{Made, is_named, version_of};
use crate::python::worker::Worker;

/// The interpreter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Base {
    pub(super) path: PathBuf,
    pub(super) version: (u32, u32),
}

/// Finds the interpreter: the one that is named, or the one that made the venv, or one of the same minor version at the
/// same place.
pub(super) fn base(
    worker: &Worker<'_>,
    made: &Made,
    venv: &Path,
    options: &RebuildOptions,
) -> Result<Base, Unbuilt> {
    let asked = |path: &Path| version_of(worker.command(path));
    if let Some(path) = &options.python {
        let Some(version) = asked(path) else {
            let why = "does not run as a Python".to_owned();
            return Err(Unbuilt::BadInterpreter {
                path: path.clone(),
                why,
            });
        };
        return Ok(Base {
            path: path.clone(),
            version,
        });
    }
    let wanted = made.interpreters(venv);
    for path in wanted.iter().filter(|path| path.is_file()) {
        if let Some(version) = asked(path)
            && made.minor().is_none_or(|minor| minor == version)
        {
            return Ok(Base {
                path: path.clone(),
                version,
            });
        }
    }
    let same = |path: &&PathBuf| {
        made.minor()
            .is_none_or(|minor| is_named(path, minor) && asked(path) == Some(minor))
    };
    Err(Unbuilt::NoInterpreter {
        wanted: wanted.first().cloned(),
        others: options.pythons.iter().filter(same).cloned().collect(),
    })
}

/// Who installs: who is named, else uv where it made the venv or its packages and is there, else pip.
pub(super) fn installer(
    live: Option<&Live>,
    options: &RebuildOptions,
) -> Result<Installer, Unbuilt> {
    match (options.installer, &options.uv) {
        (Some(Installer::Uv), None) => Err(Unbuilt::NoInstaller {
            why: "uv is not to be found".to_owned(),
        }),
        (Some(named), _) => Ok(named),
        (None, None) => Ok(Installer::Pip),
        (None, Some(_)) => {
            let by_uv = live.is_some_and(|live| {
                let installers = live
                    .audit
                    .packages
                    .iter()
                    .map(|one| one.installer.as_deref());
                let count = installers.filter(|one| *one == Some("uv")).count();
                live.made.by_uv || 2 * count > live.audit.packages.len()
            });
            Ok(if by_uv { Installer::Uv } else { Installer::Pip })
        }
    }
}
