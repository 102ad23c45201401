//! Directories that are gone, or closed, as a whole: one row tells of all that they hold.

use std::collections::BTreeMap;

use crate::model::{Change, Entry, Kind, Node, RelPath};

/// The topmost of such directories, in the order of paths.
pub(super) struct Folds<'a> {
    tops: Vec<&'a RelPath>,
    /// Those in which something differs that is no directory.
    full: Vec<&'a RelPath>,
}

impl<'a> Folds<'a> {
    /// Finds them among all differences, which are in the order of paths.
    pub(super) fn of(changes: &'a [Change]) -> Self {
        let mut tops: Vec<&RelPath> = Vec::new();
        let mut full: Vec<&RelPath> = Vec::new();
        for change in changes {
            let top = tops.last().copied();
            match top.filter(|top| change.path.is_within(top)) {
                Some(top) if !is_dir(change) && full.last() != Some(&top) => full.push(top),
                None if is_whole(change) => tops.push(&change.path),
                _ => {}
            }
        }
        Self { tops, full }
    }

    /// Folds that fold nothing.
    pub(super) fn none() -> Self {
        Self {
            tops: Vec::new(),
            full: Vec::new(),
        }
    }

    fn top(&self, path: &RelPath) -> Option<&'a RelPath> {
        let at = self.tops.partition_point(|top| *top <= path);
        let top = self.tops[..at].last().copied();
        top.filter(|top| path.is_within(top))
    }

    /// Of each directory: how many differences of a group one row tells, where that is more than one.
    pub(super) fn rows(&self, group: &[&Change]) -> Rows<'a, '_> {
        let mut counts: BTreeMap<&RelPath, u64> = BTreeMap::new();
        for top in group.iter().filter_map(|change| self.top(&change.path)) {
            *counts.entry(top).or_default() += 1;
        }
        counts.retain(|_, count| *count > 1);
        Rows {
            folds: self,
            counts,
        }
    }

    /// Whether a group holds only directories, and the rows of other groups tell the files in them.
    pub(super) fn tells_elsewhere(&self, group: &[&Change]) -> bool {
        group.iter().all(|change| {
            let full = |top| self.full.binary_search(&top).is_ok();
            is_dir(change) && self.top(&change.path).is_some_and(full)
        })
    }
}

/// The rows of one group.
pub(super) struct Rows<'a, 'f> {
    folds: &'f Folds<'a>,
    counts: BTreeMap<&'a RelPath, u64>,
}

impl<'a> Rows<'a, '_> {
    /// The directory whose row tells a difference, with how many that tells.
    pub(super) fn row_of(&self, change: &Change) -> Option<(&'a RelPath, u64)> {
        let top = self.folds.top(&change.path)?;
        Some((top, *self.counts.get(top)?))
    }
}

/// A directory that is gone or cannot be read: what it holds shares its fate.
fn is_whole(change: &Change) -> bool {
    is_dir(change) && matches!(change.kind, Kind::Missing | Kind::Unreadable)
}

fn is_dir(change: &Change) -> bool {
    let dir = |entry: &Entry| entry.node == Node::Dir;
    change.expected.as_ref().is_some_and(dir)
}
