//! Takes flags off what stands there that would keep it from being replaced or removed (`chattr +i`, `+a`), which was
//! said before; and gives them back where nothing is replaced after all. Until then the journal names the flags.

use super::disk::journal::Journal;
use super::disk::step::PathText;
use super::goal::Live;
use crate::disk::PathError;
use crate::disk::flags::{Flags, put_back, take_off};
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::RelPath;

impl Live {
    /// All that has such flags, as the journal names it.
    pub(super) fn locked(&self) -> Vec<(PathText, Flags)> {
        let own = self.scan.tree.iter().filter(|(_, stat)| !stat.mount_root);
        own.filter_map(|(entry, stat)| Some((PathText::new(&entry.path), Flags::of(stat)?)))
            .collect()
    }

    /// Takes off all of them, right before the tree is replaced. What was read stays true of the tree. Returns the
    /// first error: only root may take flags off, and not in every container.
    pub(super) fn unlock(&mut self) -> Result<(), PathError> {
        let mut failed = None;
        for (entry, stat) in self.scan.tree.iter_mut() {
            if Flags::of(stat).is_none() || stat.mount_root {
                continue;
            }
            match take_off(&self.root, &entry.path) {
                Ok(now) => {
                    let freed = Stat {
                        ctime: now.ctime,
                        immutable: false,
                        append_only: false,
                        ..*stat
                    };
                    if now.same_state(&freed) {
                        *stat = freed;
                    }
                }
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// A tree whose flags were taken off, with what the journal names of them.
pub(super) struct Unlocked {
    root: Rooted,
    flags: Vec<(RelPath, Flags)>,
}

impl Unlocked {
    pub(super) fn from_journal(journal: &Journal, root: Rooted) -> Self {
        let named = journal.flags.iter();
        let flags = named.filter_map(|(path, flags)| Some((path.path()?, *flags)));
        Self {
            root,
            flags: flags.collect(),
        }
    }

    /// Gives the flags back to all that stands there still, but for the root, in which the journal may lie. Tells the
    /// first that could not be given back.
    pub(super) fn lock_inside(&self) -> Result<(), PathError> {
        self.lock(|path| !path.is_root())
    }

    /// The same of the root, when nothing is left to be done in it.
    pub(super) fn lock_root(&self) -> Result<(), PathError> {
        self.lock(RelPath::is_root)
    }

    fn lock(&self, is_wanted: impl Fn(&RelPath) -> bool) -> Result<(), PathError> {
        let wanted = self.flags.iter().filter(|(path, _)| is_wanted(path));
        let done = wanted.map(|(path, flags)| put_back(&self.root, path, *flags));
        done.fold(Ok(()), Result::and)
    }
}
