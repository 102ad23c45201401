//! By which interpreter the new venv is made, and who installs into it.

use std::path::{Path, PathBuf};

use pep508_rs::MarkerEnvironment;

use super::failed::{NoInstaller, Unbuilt};
use super::live::Live;
use super::options::{Installer, RebuildOptions};
use crate::audit::marker_environment;
use crate::model::Manifest;
use crate::ops::error::Error;
use crate::python::interpreter::stated;
use crate::python::made::{Answer, Made, answer_of, is_named};
use crate::python::worker::Worker;

/// The interpreter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Base {
    pub(super) path: PathBuf,
    pub(super) version: (u32, u32),
    /// `3.11.7`.
    pub(super) full: String,
    /// `cpython`.
    pub(super) implementation: String,
}

impl Base {
    fn new(path: &Path, answer: Answer) -> Self {
        Self {
            path: path.to_owned(),
            version: answer.version,
            full: answer.full,
            implementation: answer.implementation,
        }
    }
}

impl Base {
    /// What markers are held against.
    pub(super) fn environment(&self) -> Option<MarkerEnvironment> {
        let config = format!(
            "version = {}\nimplementation = {}\n",
            self.full, self.implementation
        );
        let facts = stated(&Manifest::default(), config.as_bytes());
        marker_environment(&facts)
    }
}

/// Finds the interpreter: the one that is named, or the one that made the venv, or one of the same minor version at the
/// same place.
pub(super) fn base(
    worker: &Worker<'_>,
    made: &Made,
    venv: &Path,
    options: &RebuildOptions,
) -> Result<Base, Error> {
    let asked = |path: &Path| answer_of(worker.command(path));
    if let Some(path) = &options.python {
        let Some(answer) = asked(path)? else {
            return Err(Unbuilt::BadInterpreter(path.clone()).into());
        };
        return Ok(Base::new(path, answer));
    }
    let wanted = made.interpreters(venv);
    for path in wanted.iter().filter(|path| path.is_file()) {
        if let Some(answer) = asked(path)?
            && made.minor().is_none_or(|minor| minor == answer.version)
        {
            return Ok(Base::new(path, answer));
        }
    }
    let mut others = options.pythons.clone();
    if let Some(minor) = made.minor() {
        others.retain(|path| is_named(path, minor));
        let mut same = Vec::new();
        for path in others {
            let answer = asked(&path)?;
            same.extend(answer.is_some_and(|it| it.version == minor).then_some(path));
        }
        others = same;
    }
    let wanted = wanted.first().cloned();
    Err(Unbuilt::NoInterpreter { wanted, others }.into())
}

/// Who installs: who is named, else uv where it is there and made the venv or most of its packages, else pip.
pub(super) fn installer(
    live: Option<&Live>,
    options: &RebuildOptions,
) -> Result<Installer, Unbuilt> {
    match (options.installer, &options.uv) {
        (Some(Installer::Uv), None) => Err(Unbuilt::NoInstaller(NoInstaller::Uv)),
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
