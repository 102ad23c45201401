//! What changed while a tree was staged is staged once more.

use std::collections::{HashMap, HashSet};

use super::in_place;
use super::special::{make_anew, settle_written, stands_for};
use super::stage::Staged;
use super::taken::Taken;
use super::write::Writer;
use crate::disk::reuse::Reuse;
use crate::disk::stat::Stat;
use crate::model::{Entry, Node, RelPath};
use crate::ops::context::Context;
use crate::ops::error::Error;

impl Staged<'_> {
    /// Writes files afresh that were taken over and are not to be trusted any more. A socket that was made anew is taken over
    /// once more, since it is the one in use.
    pub(super) fn rewrite(
        &mut self,
        context: &Context<'_>,
        paths: &[RelPath],
    ) -> Result<(), Error> {
        for path in paths {
            self.bench.staging.remove(path)?;
        }
        let wanted: HashSet<&RelPath> = paths.iter().collect();
        let preserve = self.plan.options.preserve_special;
        let mut retaken = HashMap::new();
        for path in paths {
            let entry = self.plan.target.manifest.get(path);
            if let Some(again) = entry.map(|entry| self.retake(entry)).transpose()?.flatten() {
                retaken.insert(path, again);
            }
        }
        self.taken
            .retain(&mut self.plan.target.manifest, |entry, state| {
                if let Some((again, stat)) = retaken.remove(&entry.path) {
                    (*entry, *state) = (again, Some(stat));
                } else if wanted.contains(&entry.path) {
                    *state = None;
                    return make_anew(entry, preserve, context.monitor);
                }
                true
            });
        let fresh: Vec<RelPath> = self
            .taken
            .others(&self.plan.target.manifest)
            .filter(|entry| wanted.contains(&entry.path))
            .map(|entry| entry.path.clone())
            .collect();
        self.write_more(context, &fresh)?;
        let dirs: HashSet<RelPath> = paths
            .iter()
            .filter_map(RelPath::parent)
            .filter(|dir| !dir.is_root())
            .collect();
        for dir in dirs
            .iter()
            .filter_map(|path| self.plan.target.manifest.get(path))
        {
            self.bench.staging.settle_dir(&dir.path, &dir.meta)?;
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
        let Some(both) = Reuse::of(&live.root, &self.bench.staging, &dir)? else {
            return Ok(None);
        };
        let state = both.take(&entry.path, &stat, &there.meta, true)?;
        Ok(state.map(|state| (there, state)))
    }

    /// Stages what differs by now and was not staged, since the venv was read once more. Returns whether that was anything.
    pub(super) fn stage_more(&mut self, context: &Context<'_>) -> Result<bool, Error> {
        let root = self.bench.staging.root();
        let mut wanted = in_place::changed(&self.plan);
        wanted.retain(|path| root.stat_below(path, false).is_err());
        if wanted.is_empty() {
            return Ok(false);
        }
        if let Some(choice) = &mut self.choice {
            choice.staged.extend(wanted.iter().cloned());
        }
        let preserve = self.plan.options.preserve_special;
        settle_written(&mut self.plan.target, &wanted, preserve, context.monitor);
        self.taken = Taken::none(&self.plan.target.manifest);
        let mut paths: Vec<RelPath> = wanted.into_iter().collect();
        paths.sort_unstable();
        for path in &paths {
            let entry = self.plan.target.manifest.get(path);
            if entry.is_some_and(|entry| entry.node == Node::Dir) {
                self.bench.staging.make_dir(path)?;
            }
        }
        self.write_more(context, &paths)?;
        Ok(true)
    }

    /// Writes some more from the store.
    fn write_more(&mut self, context: &Context<'_>, paths: &[RelPath]) -> Result<(), Error> {
        let entries: Vec<&Entry> = paths
            .iter()
            .filter_map(|path| self.plan.target.manifest.get(path))
            .collect();
        let writer = Writer::new(
            &self.bench.staging,
            self.plan.store,
            &self.plan.target.rewritten,
        );
        writer.write(context, &entries)?;
        self.written += entries.len() as u64;
        Ok(())
    }
}
