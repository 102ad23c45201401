//! Plan → Staged: builds the new tree beside the old one. Good files are taken over, all others come from the contents.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::contents::Written;
use super::disk::reuse::Reuse;
use super::error::Error;
use super::fit::Fit;
use super::goal::Live;
use super::plan::Plan;
use super::reused::Reused;
use super::route::Route;
use super::special::{admit_reused, admit_written};
use super::workspace::{Workspace, go_on};
use crate::disk::stat::Stat;
use crate::model::{Entry, Lack, Manifest, Node, RelPath};
use crate::monitor::Monitor;

/// A tree that is built but not yet known to be right.
pub(crate) struct Staged<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) space: Workspace<'a>,
    pub(super) reused: Reused,
    pub(super) written: Written,
    /// What the place does not hold of the goal. It was taken out of the goal.
    pub(super) fit: Fit,
}

impl<'a> Plan<'a> {
    /// Checks that there is room, and builds the tree.
    pub(crate) fn stage(mut self, monitor: &dyn Monitor) -> Result<Staged<'a>, Error> {
        if let Route::InPlace(in_place) = &self.route {
            let goal = &mut self.goal.manifest;
            admit_written(goal, &in_place.staged, self.how.preserve, monitor);
        }
        let proofs = self.goal.proofs(self.live.as_ref(), self.how);
        let space = self.set_up(&proofs)?;
        let mut staged = Staged {
            reused: Reused::default(),
            plan: self,
            space,
            written: Written::default(),
            fit: Fit::default(),
        };
        staged.build(proofs, monitor)?;
        Ok(staged)
    }
}

impl Staged<'_> {
    /// How many files were written, and how many taken over.
    #[cfg(feature = "bench")]
    pub(crate) fn counts(&self) -> (u64, usize) {
        (self.written.files, self.reused.count() as usize)
    }

    /// Builds all of the goal anew.
    pub(super) fn build_all(&mut self, monitor: &dyn Monitor) -> Result<(), Error> {
        let Plan {
            route, goal, how, ..
        } = &mut self.plan;
        if let Route::InPlace(in_place) = route {
            let goal = &mut goal.manifest;
            admit_written(goal, &in_place.staged, how.preserve, monitor);
        }
        let proofs = self
            .plan
            .goal
            .proofs(self.plan.live.as_ref(), self.plan.how);
        self.build(proofs, monitor)
    }

    fn build(&mut self, proofs: Vec<Option<Stat>>, monitor: &dyn Monitor) -> Result<(), Error> {
        let is_whole = self.plan.route.is_by_name();
        let dirs = levels(self.wanted());
        let staging = &self.space.staging;
        for level in dirs.iter().skip(1) {
            level
                .par_iter()
                .try_for_each(|dir| staging.make_dir(&dir.path))?;
        }
        if is_whole {
            self.reused = self.take_over(proofs, monitor)?;
            let preserve = self.plan.how.preserve;
            let goal = &mut self.plan.goal.manifest;
            admit_reused(goal, &mut self.reused, preserve, monitor);
        }
        self.fit()?;
        let manifest = &self.plan.goal.manifest;
        let is_wanted = |entry: &&Entry| self.is_wanted(entry);
        let fresh: Vec<&Entry> = self.reused.others(manifest).filter(is_wanted).collect();
        let staging = &self.space.staging;
        let written = self.plan.contents.write(staging, &fresh, monitor)?;
        self.take_copies(&written);
        self.written = written;
        if is_whole {
            // The root comes last of all, when it is exposed.
            let staging = &self.space.staging;
            let levels = levels(self.plan.goal.manifest.entries().iter());
            for level in levels.iter().skip(1).rev() {
                level
                    .par_iter()
                    .try_for_each(|dir| staging.set_dir_attributes(&dir.path, &dir.meta))?;
            }
        }
        Ok(())
    }

    /// Whether an entry of the goal is staged: in place only what differs is.
    fn is_wanted(&self, entry: &Entry) -> bool {
        match &self.plan.route {
            Route::InPlace(in_place) => in_place.staged.contains(&entry.path),
            Route::Place { .. } | Route::Exchange => true,
        }
    }

    fn wanted(&self) -> impl Iterator<Item = &Entry> {
        let entries = self.plan.goal.manifest.entries().iter();
        entries.filter(|entry| self.is_wanted(entry))
    }

    /// Changes all that is written, and the directories, to what the place holds of them.
    fn fit(&mut self) -> Result<(), Error> {
        let wanted = match &self.plan.route {
            Route::InPlace(in_place) => Some(&in_place.staged),
            Route::Place { .. } | Route::Exchange => None,
        };
        let (reused, live) = (&self.reused, self.plan.live.as_ref());
        let stands = |entry: &Entry| {
            let there = live.and_then(|live| live.scan.manifest().get(&entry.path));
            there.is_some_and(|there| there.meta == entry.meta)
        };
        let is_written = |entry: &Entry| match wanted {
            None => reused.stat_of(&entry.path).is_none(),
            Some(_) if entry.node == Node::Dir => !stands(entry),
            Some(wanted) => wanted.contains(&entry.path),
        };
        let staging = &self.space.staging;
        let goal = &mut self.plan.goal.manifest;
        self.fit.adjust(staging, goal, &is_written)
    }

    /// Makes files of their own, in the goal, of the hard links that were refused.
    pub(super) fn take_copies(&mut self, written: &Written) {
        if written.copies.is_empty() {
            return;
        }
        let copies: HashSet<&RelPath> = written.copies.iter().collect();
        let mut entries = std::mem::take(&mut self.plan.goal.manifest).into_entries();
        for entry in entries
            .iter_mut()
            .filter(|entry| copies.contains(&entry.path))
        {
            if let Node::File { link_to, .. } = &mut entry.node {
                *link_to = None;
            }
            self.fit.left.add(Lack::HardLinks, &entry.path);
        }
        self.plan.goal.manifest = Manifest::new(entries);
    }

    /// Takes over what was proved good. Returns the state of each file after that.
    fn take_over(&self, proofs: Vec<Option<Stat>>, monitor: &dyn Monitor) -> Result<Reused, Error> {
        let entries = self.plan.goal.manifest.entries();
        let mut states = match &self.plan.live {
            Some(live) => self.take_from(live, proofs, monitor)?,
            None => vec![None; entries.len()],
        };
        // Each further name moved the change time of a file that has several.
        for (at, state) in states.iter_mut().enumerate() {
            if let Some(then) = state.as_mut().filter(|then| then.nlink > 2) {
                let root = self.space.staging.root();
                let now = root.stat_below(&entries[at].path, false)?;
                let ctime = now.ctime;
                *state = now.same_state(&Stat { ctime, ..*then }).then_some(now);
                if state.is_none() {
                    // It is written afresh, which needs its name.
                    self.space.staging.remove(&entries[at].path)?;
                }
            }
        }
        let paths = entries.iter().map(|entry| entry.path.clone());
        let states = paths.zip(states);
        Ok(Reused::new(
            states.filter_map(|(path, state)| Some((path, state?))),
        ))
    }

    /// Takes files from the live tree, directory by directory.
    fn take_from(
        &self,
        live: &Live,
        proofs: Vec<Option<Stat>>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Option<Stat>>, Error> {
        let entries = self.plan.goal.manifest.entries();
        let mut dirs: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if proofs[at].is_some() {
                let dir = dirs.entry(entry.path.parent_bytes());
                dir.or_default().push(at);
            }
        }
        let files = dirs.values().map(Vec::len).sum::<usize>();
        monitor.phase("taking over good files", files as u64, 0);
        let how = self.plan.how;
        let may_link = |entry: &Entry| match entry.node {
            Node::Special(_) => how.may_link_special,
            _ => how.may_link,
        };
        let shared = Mutex::new(proofs);
        let states = || shared.lock().unwrap_or_else(PoisonError::into_inner);
        let dirs: Vec<Vec<usize>> = dirs.into_values().collect();
        dirs.par_iter().try_for_each(|files| {
            go_on(monitor)?;
            let dir = entries[files[0]].path.parent().unwrap_or_default();
            let both = Reuse::open(&live.root, &self.space.staging, &dir)?;
            let proofs: Vec<Option<Stat>> = {
                let mut states = states();
                files.iter().map(|&at| states[at].take()).collect()
            };
            for (&at, proof) in files.iter().zip(proofs) {
                let (Some(both), Some(proof)) = (&both, proof) else {
                    continue;
                };
                let Entry { path, meta, .. } = &entries[at];
                let taken = both.take(path, &proof, meta, may_link(&entries[at]))?;
                states()[at] = taken;
            }
            monitor.advance(files.len() as u64, 0);
            Ok::<_, Error>(())
        })?;
        Ok(shared.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}
impl Staged<'_> {
    /// How many files, and how many bytes, were written and so have to be read back.
    pub(super) fn to_read_back(&self) -> (u64, u64) {
        let is_staged = |path: &RelPath| match &self.plan.route {
            Route::InPlace(in_place) => in_place.staged.contains(path),
            Route::Place { .. } | Route::Exchange => true,
        };
        let written = self.reused.others(&self.plan.goal.manifest);
        let written = written.filter(|entry| entry.size().is_some() && is_staged(&entry.path));
        written.fold((0, 0), |(files, bytes), entry| {
            (files + 1, bytes + entry.size().unwrap_or(0))
        })
    }
}

/// The directories by their depth, the root's level first: those of one level do not depend on one another.
fn levels<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<Vec<&'e Entry>> {
    let mut levels: Vec<Vec<&Entry>> = vec![Vec::new()];
    for entry in entries.filter(|entry| entry.node == Node::Dir) {
        let depth = entry.path.parts().count();
        if levels.len() <= depth {
            levels.resize_with(depth + 1, Vec::new);
        }
        levels[depth].push(entry);
    }
    levels
}
