//! Packs and snapshot files that a `verify` found damaged. Empty files mark them, as they mark pinned snapshots. From
//! then on no save relies on what only such packs hold, but stores it anew, whoever reads takes the new copy first, and
//! a copy sends such a snapshot once more. A mark goes with the damage.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Error;
use super::scrub::Scrubbed;
use super::storage::{Area, Over, Storage};
use crate::monitor::{Monitor, StoreWarning};

/// The marks.
#[derive(Debug)]
pub(crate) struct Suspects {
    storage: Arc<dyn Storage>,
}

impl Suspects {
    pub(super) fn new(storage: &Arc<dyn Storage>) -> Self {
        let storage = Arc::clone(storage);
        Self { storage }
    }

    /// What is marked. That the marks cannot be read must not keep anybody from reading packs.
    pub(crate) fn names(&self, monitor: &dyn Monitor) -> BTreeSet<String> {
        match self.storage.names(Area::Suspects) {
            Ok(names) => names.into_iter().collect(),
            Err(error) => {
                monitor.warn(StoreWarning::MarksUnread(&error).into());
                BTreeSet::new()
            }
        }
    }

    /// Marks what a scrub found damaged and these snapshot files, and takes the mark from what is good. That it cannot
    /// be written is a warning: the finding is told all the same.
    pub(crate) fn mark(&self, scrubbed: &Scrubbed, snapshots: &[&str], monitor: &dyn Monitor) {
        if !self.storage.may_write() {
            return;
        }
        let marked = self.names(monitor);
        let packs = self.storage.names(Area::Packs).map_err(Error::from);
        let done = packs.and_then(|packs| {
            let gone = |name: &&String| packs.binary_search(name).is_err();
            let is_over = |name: &&String| {
                let is_whole = scrubbed.whole.contains(*name) || gone(name);
                is_whole && !snapshots.contains(&name.as_str())
            };
            let over: Vec<String> = marked.iter().filter(is_over).cloned().collect();
            self.storage.delete(Area::Suspects, &over)?;
            let bad = scrubbed.bad.keys().map(String::as_str);
            let bad = bad.chain(snapshots.iter().copied());
            for name in bad.filter(|name| !marked.contains(*name)) {
                self.storage.put(Area::Suspects, name, b"", Over::Damaged)?;
            }
            Ok(())
        });
        if let Err(error) = done {
            monitor.warn(StoreWarning::MarksUnwritten(&error).into());
        }
    }

    /// Takes the mark from what is gone, or was written anew. A mark that stays is harmless, since saves only
    /// store more for it, so a failure must not stop a writer. People hear of it later: of marks that cannot be read
    /// when packs are loaded, of others at the next scrub.
    pub(crate) fn unmark(&self, names: &[String]) {
        let mut marked = self.storage.names(Area::Suspects).unwrap_or_default();
        marked.retain(|name| names.contains(name));
        let _ = self.storage.delete(Area::Suspects, &marked);
    }
}
