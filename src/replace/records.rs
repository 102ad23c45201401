//! The states of the files of the new tree, for whoever reads it next. They are taken after the last of our own renames
//! and links.

use std::sync::{Mutex, PoisonError};

use super::error::Error;
use super::swapped::Swapped;
use crate::disk::again::{Known, in_each_dir};
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::{Digest, Entry, Time};
use crate::tree::stat_cache::Record;

impl Swapped<'_> {
    /// The state of each file that nobody changed since it was proved good, of the tree that is returned with them.
    /// `may_note` tells whether states on that file system prove anything; where they do not there is nothing.
    pub(crate) fn states<E: From<Error>>(
        &self,
        may_note: impl FnOnce(&Rooted) -> Result<bool, E>,
    ) -> Result<Option<Vec<Record>>, E> {
        let tree = self.new_tree()?;
        if !may_note(&tree)? {
            return Ok(None);
        }
        Ok(Some(self.records(&tree)?))
    }

    fn records(&self, tree: &Rooted) -> Result<Vec<Record>, Error> {
        let since = Since::new(self, &tree.stat()?);
        let records = Mutex::new(Vec::new());
        let goal = self.verified.staged.plan.goal.manifest.entries();
        let files = goal.iter().enumerate();
        let files = files.filter(|(_, entry)| entry.size().is_some());
        let known = files.map(|(at, entry)| Known {
            at,
            path: &entry.path,
        });
        in_each_dir(tree, known, |dir, known| {
            let Some(dir) = dir else {
                return Ok(());
            };
            let states = known.iter().filter_map(|one| {
                let now = Stat::at(dir, one.path.name()).ok()?;
                since.record(one.at, &now)
            });
            let states: Vec<Record> = states.collect();
            let mut records = records.lock().unwrap_or_else(PoisonError::into_inner);
            records.extend(states);
            Ok(())
        })?;
        Ok(records.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What tells of a file of the new tree that nobody changed it since it was proved good. Size and time do not: both
/// can be the same after an installer put another file there.
struct Since<'s> {
    swapped: &'s Swapped<'s>,
    /// When the new tree was exposed. What was written into it before could be reached by nobody until then. None in
    /// place.
    exposed: Option<Time>,
}

impl<'s> Since<'s> {
    fn new(swapped: &'s Swapped<'s>, root: &Stat) -> Self {
        // The exchange was the last change of the root, unless it does not look as it was made.
        let goal = &swapped.verified.staged.plan.goal.manifest;
        let (now, made) = (root.meta(), goal.entries().first());
        let as_made = made.is_some_and(|made| {
            let made = &made.meta;
            (now.mode, now.uid, now.gid, now.mtime) == (made.mode, made.uid, made.gid, made.mtime)
        });
        Self {
            swapped,
            exposed: (!swapped.is_in_place() && as_made).then_some(root.ctime),
        }
    }

    /// What is known of a file that is as it was proved.
    fn record(&self, at: usize, stat: &Stat) -> Option<Record> {
        let target = &self.swapped.verified.staged.plan.goal.manifest;
        let entry = target.entries().get(at)?;
        let digest = entry.digest()?;
        let is_same = entry.size() == Some(stat.size) && entry.meta.mtime == stat.mtime;
        let in_place = self.swapped.is_in_place();
        let is_untouched = match self.proved(entry, digest) {
            // It was shared with the replaced tree, whose removal moved its change time.
            Some(then) if !in_place && then.nlink > 1 => {
                stat.same_inode(then) && (stat.mode, stat.mtime) == (then.mode, then.mtime)
            }
            Some(then) => stat.same_state(then),
            None => self.exposed.is_some_and(|exposed| stat.ctime <= exposed),
        };
        let has_xattrs = !entry.meta.xattrs.is_empty();
        (is_same && is_untouched).then(|| Record::new(stat, digest, has_xattrs))
    }

    /// The state in which a file of the goal was proved good before it was taken over, or left where it is.
    fn proved(&self, entry: &Entry, digest: Digest) -> Option<&Stat> {
        let staged = &self.swapped.verified.staged;
        if !self.swapped.is_in_place() {
            return staged.reused.stat_of(&entry.path);
        }
        let scan = &staged.plan.live.as_ref()?.scan;
        let (there, then) = scan.tree.get(&entry.path)?;
        (there.digest() == Some(digest)).then_some(then)
    }
}
