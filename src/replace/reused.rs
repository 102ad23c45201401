//! Which files of the new tree were taken over from the old one, and in which state they have been since.

use std::collections::{HashMap, HashSet};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::{Digest, Entry, Manifest, RelPath};
use crate::tree::stat_cache::Known;

/// The files that were taken over, each with its state after that.
#[derive(Debug, Default)]
pub(super) struct Reused(HashMap<RelPath, Stat>);

impl Reused {
    /// The states by path.
    pub(super) fn new(states: impl Iterator<Item = (RelPath, Stat)>) -> Self {
        Self(states.collect())
    }

    /// Shows every entry of the target with its state, to be changed in place, and drops those that are not to be kept.
    pub(super) fn retain(
        &mut self,
        target: &mut Manifest,
        mut keep: impl FnMut(&mut Entry, &mut Option<Stat>) -> bool,
    ) {
        let mut entries = std::mem::take(target).into_entries();
        entries.retain_mut(|entry| {
            let mut state = self.0.remove(&entry.path);
            let is_kept = keep(entry, &mut state);
            if let Some(state) = state.filter(|_| is_kept) {
                self.0.insert(entry.path.clone(), state);
            }
            is_kept
        });
        *target = Manifest::new(entries);
    }

    /// From now on none of these files counts as taken over.
    pub(super) fn forget(&mut self, paths: &HashSet<RelPath>) {
        self.0.retain(|path, _| !paths.contains(path));
    }

    /// How many files were taken over.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The files with their states, in the order of paths.
    pub(super) fn files<'a>(
        &'a self,
        target: &'a Manifest,
    ) -> impl Iterator<Item = (&'a Entry, &'a Stat)> {
        let entries = target.entries().iter();
        entries.filter_map(|entry| Some((entry, self.0.get(&entry.path)?)))
    }

    /// The state of the file at one path, if it was taken over.
    pub(super) fn stat_of(&self, path: &RelPath) -> Option<&Stat> {
        self.0.get(path)
    }

    /// Those whose inode both trees share.
    pub(super) fn shared(&self) -> Self {
        let shared = self.0.iter().filter(|(_, state)| state.nlink > 1);
        Self(shared.map(|(path, state)| (path.clone(), *state)).collect())
    }

    /// The entries that must be written.
    pub(super) fn others<'e>(&self, target: &'e Manifest) -> impl Iterator<Item = &'e Entry> {
        let entries = target.entries().iter();
        entries.filter(|entry| !self.0.contains_key(&entry.path))
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

    fn paths(
        &self,
        target: &Manifest,
        of: impl Fn(&RelPath, &Stat) -> bool + Sync,
    ) -> Vec<RelPath> {
        let is_wanted = |path: &RelPath| self.0.get(path).is_some_and(|then| of(path, then));
        let paths = target.entries().par_iter().map(|entry| &entry.path);
        paths.filter(|path| is_wanted(path)).cloned().collect()
    }
}

/// What was taken over, as a scan of the new tree may rely on it.
pub(super) struct Proved<'a> {
    pub(super) target: &'a Manifest,
    pub(super) reused: &'a Reused,
}

impl Known for Proved<'_> {
    fn digest_of(&self, path: &RelPath, stat: &Stat) -> Option<(Digest, bool)> {
        let at = self.target.position(path)?;
        let state = self.reused.stat_of(path)?;
        let entry = self.target.entries().get(at)?;
        let digest = entry.digest().filter(|_| state.same_state(stat))?;
        Some((digest, !entry.meta.xattrs.is_empty()))
    }

    /// What was taken over was looked at after that, and is once more right before the new tree is exposed
    /// (`changed_since`).
    fn state(&self, path: &RelPath) -> Option<Stat> {
        self.reused.stat_of(path).copied()
    }
}
