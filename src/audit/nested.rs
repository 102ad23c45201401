//! Venvs that stand inside of this one: their files are part of the tree, but they are audited only where they are
//! named themselves.

use super::Subject;
use crate::model::{Check, Finding, Manifest, RelPath};
use crate::python::dist::Dists;
use crate::python::layout;

/// Names each venv that stands inside of this one.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let roots = roots(subject.manifest, subject.dists).into_iter();
    let text = "another venv stands in this one: what is in it is saved, and not audited; check that one by its own \
        path";
    roots
        .map(|root| Finding::new(Check::VenvInside, text).at(&root))
        .collect()
}

/// Where they stand, sorted. A `pyvenv.cfg` that a distribution lists is some file of that one.
pub(crate) fn roots(manifest: &Manifest, dists: &Dists) -> Vec<RelPath> {
    let entries = manifest.entries().iter();
    let configs =
        entries.filter(|entry| entry.path.name() == b"pyvenv.cfg" && entry.size().is_some());
    let configs = configs.filter(|entry| dists.owner(&entry.path).is_none());
    let dirs = configs.filter_map(|entry| entry.path.parent());
    let is_venv = |dir: &RelPath| {
        let part = |name: &str| {
            dir.join(name.as_bytes())
                .is_ok_and(|path| manifest.get(&path).is_some())
        };
        !dir.is_root() && (part(layout::SCRIPTS) || part(layout::LIB))
    };
    let mut roots: Vec<RelPath> = dirs.filter(is_venv).collect();
    roots.sort();
    // Of venvs within each other only the outermost is told.
    roots.dedup_by(|inner, outer| inner.is_within(outer));
    roots
}

/// Whether a path lies in one of them.
pub(crate) fn is_in(roots: &[RelPath], path: &RelPath) -> bool {
    roots.iter().any(|root| path.is_within(root))
}
