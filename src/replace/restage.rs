//! What changed while a tree was staged is staged once more.

use std::collections::{HashMap, HashSet};

use super::disk::reuse::Reuse;
use super::error::Error;
use super::route::{InPlace, Route};
use super::special::{admit_written, make_anew, stands_for};
use super::stage::Staged;
use crate::disk::stat::Stat;
use crate::model::{Entry, Node, RelPath};
use crate::monitor::Monitor;

impl Staged<'_> {
    /// Writes files afresh that were taken over and are not to be trusted any more. A socket that was made anew is
    /// taken over once more, since it is the one in use.
    pub(super) fn rewrite(
        &mut self,
        paths: &[RelPath],
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        for path in paths {
            self.space.staging.remove(path)?;
        }
        let wanted: HashSet<&RelPath> = paths.iter().collect();
        let preserve = self.plan.how.preserve;
        let mut retaken = HashMap::new();
        for path in paths {
            let entry = self.plan.goal.manifest.get(path);
            if let Some(again) = entry.map(|entry| self.retake(entry)).transpose()?.flatten() {
                retaken.insert(path, again);
            }
        }
        self.reused
            .retain(&mut self.plan.goal.manifest, |entry, state| {
                if let Some((again, stat)) = retaken.remove(&entry.path) {
                    (*entry, *state) = (again, Some(stat));
                } else if wanted.contains(&entry.path) {
                    *state = None;
                    return make_anew(entry, preserve, monitor);
                }
                true
            });
        self.fit_more(&paths.iter().cloned().collect())?;
        let fresh: Vec<RelPath> = self
            .reused
            .others(&self.plan.goal.manifest)
            .filter(|entry| wanted.contains(&entry.path))
            .map(|entry| entry.path.clone())
            .collect();
        self.write_more(&fresh, monitor)?;
        let dirs: HashSet<RelPath> = paths
            .iter()
            .filter_map(RelPath::parent)
            .filter(|dir| !dir.is_root())
            .collect();
        for dir in dirs
            .iter()
            .filter_map(|path| self.plan.goal.manifest.get(path))
        {
            self.space
                .staging
                .set_dir_attributes(&dir.path, &dir.meta)?;
        }
        Ok(())
    }

    /// Takes over what stands at the place of a socket, FIFO or device by now, if that is one as it was saved.
    fn retake(&self, entry: &Entry) -> Result<Option<(Entry, Stat)>, Error> {
        let (Node::Special(special), Some(live)) = (&entry.node, &self.plan.live) else {
            return Ok(None);
        };
        let Ok(stat) = live.root.stat_below(&entry.path, true) else {
            return Ok(None);
        };
        let there = Entry {
            meta: stat.meta(),
            ..entry.clone()
        };
        if stat.special() != Some(*special) || !stands_for(&there, entry) {
            return Ok(None);
        }
        let dir = entry.path.parent().unwrap_or_default();
        let Some(both) = Reuse::open(&live.root, &self.space.staging, &dir)? else {
            return Ok(None);
        };
        let state = both.take(&entry.path, &stat, &there.meta, true)?;
        Ok(state.map(|state| (there, state)))
    }

    /// Stages what differs by now and is not staged, since the tree was read once more; what is staged only as another
    /// name of the very file that is to be replaced; and what changed since it was taken over. Returns whether that was
    /// anything.
    pub(super) fn stage_more(&mut self, monitor: &dyn Monitor) -> Result<bool, Error> {
        let mut wanted = self.plan.goal.differing(self.plan.live.as_ref());
        wanted.retain(|path| !self.is_staged(path));
        if wanted.is_empty() {
            return Ok(false);
        }
        if let Route::InPlace(InPlace { staged, .. }) = &mut self.plan.route {
            staged.extend(wanted.iter().cloned());
        }
        let goal = &mut self.plan.goal.manifest;
        admit_written(goal, &wanted, self.plan.how.preserve, monitor);
        self.reused.forget(&wanted);
        self.fit_more(&wanted)?;
        let mut paths: Vec<RelPath> = wanted.into_iter().collect();
        paths.sort_unstable();
        for path in &paths {
            let is_dir = self.plan.goal.manifest.get(path);
            if is_dir.is_some_and(|entry| entry.node == Node::Dir) {
                self.space.staging.make_dir(path)?;
            } else if self.space.staging.root().stat_below(path, true).is_ok() {
                self.space.staging.remove(path)?;
            }
        }
        self.write_more(&paths, monitor)?;
        Ok(true)
    }

    /// Whether staging has a file of its own for a path, or a directory. What both trees share changes with the live
    /// one, and what they shared until its name in the live one went may have changed before that.
    fn is_staged(&self, path: &RelPath) -> bool {
        let Ok(staged) = self.space.staging.root().stat_below(path, true) else {
            return false;
        };
        let live = self.plan.live.as_ref();
        let there = live.and_then(|live| live.root.stat_below(path, true).ok());
        let is_shared = there.is_some_and(|there| there.same_inode(&staged));
        let taken_over = self.reused.stat_of(path);
        staged.is_dir() || !is_shared && taken_over.is_none_or(|then| staged.same_state(then))
    }

    /// Writes some more of the contents.
    fn write_more(&mut self, paths: &[RelPath], monitor: &dyn Monitor) -> Result<(), Error> {
        let entries: Vec<&Entry> = paths
            .iter()
            .filter_map(|path| self.plan.goal.manifest.get(path))
            .collect();
        let (contents, count) = (self.plan.contents, entries.len() as u64);
        let written = contents.write(&self.space.staging, &entries, monitor)?;
        self.written.files += count;
        self.take_copies(&written);
        Ok(())
    }

    /// Changes some more entries of the goal to what the place holds of them.
    fn fit_more(&mut self, paths: &HashSet<RelPath>) -> Result<(), Error> {
        let staging = &self.space.staging;
        let goal = &mut self.plan.goal.manifest;
        let is_written = |entry: &Entry| paths.contains(&entry.path);
        self.fit.adjust(staging, goal, &is_written)
    }
}
