//! Which files of the new tree were taken over from the old one, and in which state they have been since.

use std::collections::HashSet;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::{Digest, Entry, Manifest, RelPath};
use crate::tree::stat_cache::Known;

/// The state of each file that was taken over, after that, in the order of the target's entries.
#[derive(Debug)]
pub(super) struct Reused(Vec<Option<Stat>>);

impl Reused {
    /// The states of all entries of a target.
    pub(super) fn new(states: Vec<Option<Stat>>) -> Self {
        Self(states)
    }

    /// Shows every entry of the target with its state, to be changed in place, and drops those that are not to be kept.
    pub(super) fn retain(
        &mut self,
        target: &mut Manifest,
        mut keep: impl FnMut(&mut Entry, &mut Option<Stat>) -> bool,
    ) {
        let mut entries = std::mem::take(target).into_entries();
        let mut dropped = HashSet::new();
        let mut at = 0;
        entries.retain_mut(|entry| {
            let is_kept = keep(entry, self.0.get_mut(at).unwrap_or(&mut None));
            if !is_kept {
                dropped.insert(at);
            }
            at += 1;
            is_kept
        });
        let mut places = 0..;
        self.0
            .retain(|_| places.next().is_none_or(|at| !dropped.contains(&at)));
        *target = Manifest::new(entries);
    }

    /// Nothing was taken over.
    pub(super) fn none(target: &Manifest) -> Self {
        Self(vec![None; target.entries().len()])
    }

    /// How many files.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().flatten().count() as u64
    }

    /// The files with their states, in the order of paths.
    pub(super) fn files<'a>(
        &'a self,
        target: &'a Manifest,
    ) -> impl Iterator<Item = (&'a Entry, &'a Stat)> {
        let pairs = target.entries().iter().zip(&self.0);
        pairs.filter_map(|(entry, state)| Some((entry, state.as_ref()?)))
    }

    /// The state of the file at one path, if it was taken over.
    pub(super) fn of(&self, target: &Manifest, path: &RelPath) -> Option<&Stat> {
        self.at(target.position(path)?)
    }

    /// The same by its place among the entries of the target.
    pub(super) fn at(&self, at: usize) -> Option<&Stat> {
        self.0.get(at)?.as_ref()
    }

    /// Those whose inode both trees share.
    pub(super) fn shared(&self) -> Self {
        let shared = |state: &Option<Stat>| state.filter(|state| state.nlink > 1);
        Self(self.0.iter().map(shared).collect())
    }

    /// The entries that must be written.
    pub(super) fn others<'e>(&self, target: &'e Manifest) -> impl Iterator<Item = &'e Entry> {
        let pairs = target.entries().iter().zip(&self.0);
        pairs.filter_map(|(entry, state)| state.is_none().then_some(entry))
    }

    /// The paths below `root` whose file is not in its state any more.
    pub(super) fn changed_since(&self, root: &Rooted, target: &Manifest) -> Vec<RelPath> {
        self.paths(target, |path, then| {
            let now = root.stat_below(path, false);
            !now.is_ok_and(|now| now.same_state(then))
        })
    }

    /// The paths below `root` whose file is the same one and not in its state any more. One that is gone or another
    /// belongs to whoever uses the tree, and is shared with nobody.
    pub(super) fn written_through(&self, root: &Rooted, target: &Manifest) -> Vec<RelPath> {
        self.paths(target, |path, then| {
            let now = root.stat_below(path, false);
            now.is_ok_and(|now| now.same_inode(then) && !now.same_state(then))
        })
    }

    /// The paths below `root` that still mean the same file, whatever state it is in.
    pub(super) fn still_shared(&self, root: &Rooted, target: &Manifest) -> Vec<RelPath> {
        self.paths(target, |path, then| {
            let now = root.stat_below(path, false);
            now.is_ok_and(|now| now.same_inode(then))
        })
    }

    fn paths(
        &self,
        target: &Manifest,
        of: impl Fn(&RelPath, &Stat) -> bool + Sync,
    ) -> Vec<RelPath> {
        let pairs = target.entries().par_iter().zip(&self.0);
        let wanted =
            pairs.filter(|(entry, state)| state.as_ref().is_some_and(|then| of(&entry.path, then)));
        wanted.map(|(entry, _)| entry.path.clone()).collect()
    }
}

/// What was taken over, as a scan of the new tree may rely on it.
pub(super) struct Proved<'a> {
    pub(super) target: &'a Manifest,
    pub(super) reused: &'a Reused,
}

impl Known for Proved<'_> {
    fn find(&self, path: &RelPath, stat: &Stat) -> Option<(Digest, bool)> {
        let at = self.target.position(path)?;
        let state = self.reused.at(at)?;
        let entry = self.target.entries().get(at)?;
        let digest = entry.digest().filter(|_| state.same_state(stat))?;
        Some((digest, !entry.meta.xattrs.is_empty()))
    }
}
