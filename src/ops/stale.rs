//! Bytecode that differs from the snapshot, that Python believes, and that was made from other source than the one
//! beside it: damage, as for the audit.

use std::collections::HashMap;

use super::contents::TEXT_MAX;
use super::sides::Sides;
use crate::audit::{Bytecode, Seen, stale};
use crate::model::{Change, Class, Kind, RelPath};
use crate::python::bytecode::{Glimpse, is_bytecode};
use crate::python::dist::Dists;
use crate::python::interpreter::{Facts, inspect};
use crate::tree::hash::read_file;
use crate::tree::stated::Stated;

impl Sides<'_> {
    /// Calls damage what the audit would call stale. `tree` is the live one with its states. Only the interpreter of
    /// the venv can tell. Returns what it said of itself; none where it was not asked.
    pub(super) fn condemn_stale(
        &self,
        changes: &mut [Change],
        tree: &Stated,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Option<Facts> {
        let root = self.live?;
        let noise: Vec<&RelPath> = changes
            .iter()
            .filter(|change| change.class == Class::Noise && change.kind != Kind::Mtime)
            .filter(|change| change.actual.is_some() && is_bytecode(&change.path))
            .map(|change| &change.path)
            .collect();
        let glimpse = |path: &RelPath| Some(Glimpse::of(&read_file(root, path, TEXT_MAX)?));
        let seen = Seen {
            root,
            tree,
            glimpse: &glimpse,
        };
        let paths = seen.worth_comparing(&noise);
        if paths.is_empty() {
            return None;
        }
        let facts = inspect(root, self.actual);
        let which = Bytecode::These(&paths);
        let compared = stale(&seen, &Dists::default(), &facts, which, stop);
        let found = compared.findings.into_iter();
        let found: HashMap<RelPath, String> = found
            .filter_map(|finding| Some((finding.path?, finding.text)))
            .collect();
        for change in changes {
            if let Some(text) = found.get(&change.path) {
                change.class = Class::Damage;
                change.detail.reason = Some(text.clone());
            }
        }
        Some(facts)
    }
}
