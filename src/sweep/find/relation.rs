//! What is meant by a path that stands in some relation to what a search finds, such as the directory that holds it.

use std::path::Path;

use crate::sweep::glob::{SHELL, matches};
use crate::sweep::links::is_pattern;
use crate::sweep::quotes::unescaped;
use crate::sweep::target::{Target, Venv};

/// What counts in place of what is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::sweep) enum Relation {
    /// The directory that holds it.
    Above,
    /// What stands below it, by a pattern of a shell.
    Below(String),
}

/// The entries of a venv, and above it, that stand so to these.
pub(super) fn related<'t>(
    venv: &'t Venv,
    found: Vec<&'t Target>,
    relations: &[Relation],
) -> Vec<&'t Target> {
    relations.iter().fold(found, |found, relation| {
        let mut all: Vec<&Target> = found
            .iter()
            .flat_map(|one| match relation {
                Relation::Above => one
                    .path
                    .parent()
                    .map(|dir| at(venv, dir))
                    .unwrap_or_default(),
                Relation::Below(pattern) => below(venv, &one.path, pattern),
            })
            .collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all.dedup_by(|a, b| a.path == b.path);
        all
    })
}

fn at<'t>(venv: &'t Venv, path: &Path) -> Vec<&'t Target> {
    let found = venv
        .targets
        .binary_search_by(|one| one.path.as_path().cmp(path));
    found.ok().map(|at| &venv.targets[at]).into_iter().collect()
}

fn below<'t>(venv: &'t Venv, dir: &Path, pattern: &str) -> Vec<&'t Target> {
    if !pattern.split('/').any(is_pattern) {
        return at(venv, &dir.join(unescaped(pattern)));
    }
    let begin = venv.targets.partition_point(|one| one.path.as_path() < dir);
    let inner = venv.targets[begin..].iter();
    let inner = inner.take_while(|one| one.path.starts_with(dir));
    // A pattern names no directory by itself.
    let inner = inner.filter(|one| one.path != dir);
    let fits = |one: &&Target| {
        let name = one.path.strip_prefix(dir).unwrap_or(&one.path);
        let name = std::os::unix::ffi::OsStrExt::as_bytes(name.as_os_str());
        matches(pattern.as_bytes(), name, SHELL)
    };
    inner.filter(fits).collect()
}
