//! The roll: which snapshot files there should be. A snapshot is named by its own file alone, so nothing would miss
//! one that somebody deleted. An empty file for each of them, as pins are, tells that it was there and that nobody
//! gave it up.
//!
//! A name comes onto the roll after its file and leaves it before. So a crash in between can leave a file that is not
//! missed until the next `verify` puts it on the roll. It never leaves a name whose file is missed and should not be
//! there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Error;
use super::storage::{Area, Storage};
use crate::model::SnapshotId;

/// How the names of snapshot files in quarantine begin.
pub(super) const LOST: &str = "snapshot-";

/// Which snapshot files there should be.
#[derive(Debug)]
pub(super) struct Roll {
    storage: Arc<dyn Storage>,
}

impl Roll {
    pub(super) fn new(storage: &Arc<dyn Storage>) -> Self {
        let storage = Arc::clone(storage);
        Self { storage }
    }

    /// Puts a snapshot on the roll. That it cannot be written keeps nobody: the snapshot is there, and the next
    /// `verify` does it.
    pub(super) fn enrol(&self, name: &str) {
        let _ = self.storage.mark(Area::Roll, name);
    }

    /// Takes snapshots off the roll, by the names of their files.
    pub(super) fn strike(&self, names: &[String]) -> Result<(), Error> {
        let mut listed = self.storage.names(Area::Roll)?;
        listed.retain(|name| names.contains(name));
        Ok(self.storage.delete(Area::Roll, &listed)?)
    }

    /// Puts all snapshot files on the roll that are there and were not: a crash came first, or what wrote them knew
    /// no roll.
    pub(super) fn enrol_all(&self) -> Result<(), Error> {
        if !self.storage.may_write() {
            return Ok(());
        }
        let listed: BTreeSet<String> = self.storage.names(Area::Roll)?.into_iter().collect();
        let mut new = self.storage.names(Area::Snapshots)?;
        new.retain(|name| !listed.contains(name) && SnapshotId::from_hex(name).is_ok());
        for name in &new {
            self.enrol(name);
        }
        // A snapshot that was withdrawn meanwhile may have been struck off before it was put on.
        let there = self.names_there()?;
        new.retain(|name| !there.contains(name));
        self.strike(&new)
    }

    /// The snapshots that are pinned or on the roll and of which there is no file any more, not even a damaged one.
    pub(super) fn missing(&self) -> Result<Vec<SnapshotId>, Error> {
        let there = |names: BTreeSet<String>| -> Result<BTreeSet<String>, Error> {
            let there = self.names_there()?;
            Ok(names.difference(&there).cloned().collect())
        };
        let mut missing = self.expected()?;
        // Most often all lie where they should, and nobody needs to look elsewhere.
        for name in self.storage.names(Area::Snapshots)? {
            missing.remove(&name);
        }
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let missing = there(missing)?;
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        // A snapshot that was given up meanwhile is expected no more.
        let still = self.expected()?;
        let missing = missing.intersection(&still);
        Ok(missing
            .filter_map(|name| SnapshotId::from_hex(name).ok())
            .collect())
    }

    fn expected(&self) -> Result<BTreeSet<String>, Error> {
        let mut names: BTreeSet<String> = self.storage.names(Area::Roll)?.into_iter().collect();
        names.extend(self.storage.names(Area::Pins)?);
        Ok(names)
    }

    /// The names of all snapshot files, wherever they lie.
    fn names_there(&self) -> Result<BTreeSet<String>, Error> {
        let mut there = BTreeSet::new();
        // The first area comes again at the end: a file may have been on its way between the others.
        for area in [
            Area::Snapshots,
            Area::Forgotten,
            Area::Quarantine,
            Area::Snapshots,
        ] {
            // A listing from before the roll was read lacks what came onto the roll since.
            if area == Area::Snapshots {
                self.storage.look_again();
            }
            let names = self.storage.names(area)?.into_iter();
            there.extend(names.map(|name| match name.strip_prefix(LOST) {
                Some(id) => id.to_owned(),
                None => name,
            }));
        }
        Ok(there)
    }
}
