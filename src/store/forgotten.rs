//! Snapshots that left the list and can still come back.

use std::collections::HashSet;
use std::sync::Arc;

use super::error::Error;
use super::grace::may_commit;
use super::looked::seconds;
use super::snapshots::{Catalog, FILE_BYTES_MAX, Snapshots, names};
use super::storage::{Area, Over};
use crate::model::SnapshotId;

impl Snapshots {
    /// The snapshots that were forgotten and not yet pruned.
    pub(crate) fn forgotten(&self) -> Result<Arc<Catalog>, Error> {
        let all = self.catalog_of(Area::Forgotten)?;
        if !self.storage.is_far() {
            return Ok(all);
        }
        // A snapshot that was brought back lies in both places there, and is not forgotten.
        let listed: HashSet<String> = self.storage.names(Area::Snapshots)?.into_iter().collect();
        let mut rest = Catalog::clone(&all);
        rest.snapshots
            .retain(|(id, _)| !listed.contains(&id.to_hex()));
        rest.damaged.retain(|(name, _)| !listed.contains(name));
        Ok(Arc::new(rest))
    }

    /// Takes snapshots from the list; they can be brought back until they are pruned.
    pub(crate) fn forget(&self, ids: &[SnapshotId]) -> Result<(), Error> {
        let (from, to) = (Area::Snapshots, Area::Forgotten);
        if self.storage.is_far() {
            let begun = seconds();
            self.put_beside(ids, from, to)?;
            self.in_time(begun)?;
            return Ok(self.storage.delete(from, &names(ids))?);
        }
        Ok(self.storage.shift(&names(ids), from, to, "")?)
    }

    /// Brings forgotten snapshots back. In a bucket their files also stay where they were. Several hosts may forget and
    /// bring back at once: a snapshot that lay in neither place for a while would not be seen by whoever frees space.
    pub(crate) fn unforget(&self, ids: &[SnapshotId]) -> Result<(), Error> {
        let (from, to) = (Area::Forgotten, Area::Snapshots);
        if self.storage.is_far() {
            return self.put_beside(ids, from, to);
        }
        Ok(self.storage.shift(&names(ids), from, to, "")?)
    }

    /// Puts files of one area into another one as well.
    fn put_beside(&self, ids: &[SnapshotId], from: Area, to: Area) -> Result<(), Error> {
        for name in names(ids) {
            let begun = seconds();
            match self.storage.get(from, &name, FILE_BYTES_MAX) {
                Ok(bytes) => {
                    self.in_time(begun)?;
                    self.storage.put(to, &name, &bytes, Over::Any)?;
                }
                // Another process was faster.
                Err(error) if error.is_missing() && self.storage.stat(to, &name)?.is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// An error where `begun` is so long ago that nobody may rely any more on what was read then.
    fn in_time(&self, begun: i64) -> Result<(), Error> {
        if may_commit(seconds() - begun) {
            return Ok(());
        }
        Err(Error::TooSlow(self.path.clone()))
    }

    /// Removes forgotten snapshots for good, by the names of their files.
    pub(crate) fn drop_forgotten(&self, names: &[String]) -> Result<(), Error> {
        self.roll.strike(names)?;
        Ok(self.storage.delete(Area::Forgotten, names)?)
    }

    /// When a forgotten snapshot was forgotten, by the name of its file, in seconds since 1970.
    pub(crate) fn forgotten_at(&self, name: &str) -> Result<i64, Error> {
        let listed = self.storage.stat(Area::Forgotten, name)?;
        Ok(listed.map_or(0, |file| file.written))
    }
}
