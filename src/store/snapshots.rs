//! Snapshot files: each is named by the BLAKE3 of its bytes, and its appearance is the commit of a save.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::corrupt::{CorruptPart, Corruption};
use super::error::{Error, Newer};
use super::roll::{LOST, Roll};
use super::storage::{Area, Over, Storage};
use super::summaries::{Summaries, Told};
use crate::model::{Digest, Snapshot, SnapshotId};

/// No snapshot file is longer; a longer one is not ours.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;

/// All snapshots that a store holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    /// Those that are whole, oldest first.
    pub(crate) snapshots: Vec<(SnapshotId, Snapshot)>,
    /// Names of files that are not, with what is wrong.
    pub(crate) damaged: Vec<(String, Arc<Error>)>,
}

/// What was read of an area before.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// The names that were there; none where the catalog lacks one of them, which may be mended or come back under the
    /// same name.
    names: Option<Vec<String>>,
    catalog: Arc<Catalog>,
}

impl Catalog {
    /// Whether there is a file that could not be read, so that nobody knows whether it is whole.
    pub(crate) fn unread(&self) -> bool {
        let failed = |(_, error): &(String, Arc<Error>)| matches!(**error, Error::Path(_));
        self.damaged.iter().any(failed)
    }
}

/// The snapshot files of a store, with what is known of each: whether it is pinned, forgotten, or should be there.
#[derive(Debug)]
pub(crate) struct Snapshots {
    /// Where the store is, for messages.
    pub(super) path: PathBuf,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) roll: Roll,
    summaries: Arc<Summaries>,
    seen: Mutex<HashMap<Area, Seen>>,
    /// Whether every file is read where it lies, and no copy on this host is used.
    anew: AtomicBool,
}

impl Snapshots {
    pub(super) fn new(path: &Path, storage: &Arc<dyn Storage>, summaries: &Arc<Summaries>) -> Self {
        Self {
            path: path.to_owned(),
            storage: Arc::clone(storage),
            roll: Roll::new(storage),
            summaries: Arc::clone(summaries),
            seen: Mutex::default(),
            anew: AtomicBool::default(),
        }
    }

    /// From now on every file is read where it lies, for who wants to know whether it is whole there.
    pub(crate) fn read_anew(&self) {
        self.anew.store(true, Ordering::Relaxed);
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Area, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads every snapshot file. Call it before the objects are loaded, so that what a snapshot needs is among them.
    pub(crate) fn catalog(&self) -> Result<Arc<Catalog>, Error> {
        self.catalog_of(Area::Snapshots)
    }

    /// The same from a new listing.
    pub(crate) fn catalog_anew(&self) -> Result<Arc<Catalog>, Error> {
        self.storage.look_again();
        self.catalog()
    }

    /// A snapshot file never changes, so one that was read and checked is not read again.
    pub(super) fn catalog_of(&self, area: Area) -> Result<Arc<Catalog>, Error> {
        let names = self.storage.names(area)?;
        let before = self.seen().get(&area).cloned().unwrap_or_default();
        if before.names.as_ref() == Some(&names) {
            return Ok(before.catalog);
        }
        let catalog = Arc::new(self.read_files(area, &names, &before.catalog));
        let has_all = catalog.snapshots.len() == names.len();
        let now = Seen {
            names: has_all.then_some(names),
            catalog: Arc::clone(&catalog),
        };
        self.seen().insert(area, now);
        Ok(catalog)
    }

    /// Reads the snapshot files of these names, but those that were read before.
    pub(super) fn read_files(&self, area: Area, names: &[String], before: &Catalog) -> Catalog {
        let before = before.snapshots.iter();
        let before: HashMap<SnapshotId, &Snapshot> = before.map(|(id, one)| (*id, one)).collect();
        let told = self.told(names, before.len());
        let read = |name: &String| {
            let known = SnapshotId::from_hex(name).ok();
            match known.and_then(|id| Some((id, before.get(&id)?))) {
                Some((id, snapshot)) => Ok((id, (*snapshot).clone())),
                None => match told.snapshot(name).map(|bytes| self.decode(name, bytes)) {
                    Some(Ok(found)) => Ok(found),
                    _ => self.read_snapshot(area, name),
                },
            }
        };
        let read: Vec<_> = names.par_iter().map(read).collect();
        let mut catalog = Catalog::default();
        for (result, name) in read.into_iter().zip(names) {
            match result {
                Ok(found) => catalog.snapshots.push(found),
                // Forgotten by another process since the listing.
                Err(Error::Path(error)) if error.is_absent() => {}
                Err(error) => catalog.damaged.push((name.clone(), Arc::new(error))),
            }
        }
        catalog
            .snapshots
            .sort_by_key(|(id, snapshot)| (snapshot.order(), *id));
        catalog
    }

    /// What summaries tell, where not all of so many names are known already.
    fn told(&self, names: &[String], known: usize) -> Arc<Told> {
        if names.len() == known || self.anew.load(Ordering::Relaxed) {
            return Arc::default();
        }
        self.summaries.told()
    }

    /// Reads one file. One that is of another version is told by its name from one that is damaged.
    pub(super) fn read_snapshot(
        &self,
        area: Area,
        name: &str,
    ) -> Result<(SnapshotId, Snapshot), Error> {
        let anew = self.anew.load(Ordering::Relaxed);
        let mut bytes = if anew {
            self.storage.get(area, name, FILE_BYTES_MAX)?
        } else {
            self.storage.get_near(area, name, FILE_BYTES_MAX)?
        };
        // Perhaps only the copy on this host is wrong.
        if Digest::of(&bytes).to_hex() != name && !anew && self.storage.drop_near(name, None) {
            bytes = self.storage.get(area, name, FILE_BYTES_MAX)?;
        }
        let found = self.decode(name, &bytes)?;
        if area == Area::Snapshots {
            self.summaries.note_snapshot(name, &bytes);
        }
        Ok(found)
    }

    /// What the bytes of a file say, if they are those of its name.
    fn decode(&self, name: &str, bytes: &[u8]) -> Result<(SnapshotId, Snapshot), Error> {
        let corrupt = |what: Corruption| Error::Corrupt {
            part: CorruptPart::SnapshotFile(name.to_owned()),
            what,
        };
        let digest = Digest::of(bytes);
        if digest.to_hex() != name {
            return Err(corrupt(Corruption::ForeignContent));
        }
        let snapshot: Snapshot = serde_json::from_slice(bytes)
            .map_err(|error| corrupt(Corruption::Json(error.to_string())))?;
        if snapshot.format != Snapshot::FORMAT || !snapshot.features.is_empty() {
            return Err(Error::TooNew {
                path: self.path.clone(),
                what: Newer::Snapshot(name.to_owned()),
            });
        }
        Ok((SnapshotId(digest), snapshot))
    }

    /// Writes a snapshot file. When this returns, the snapshot is acknowledged (promise 1).
    pub(crate) fn commit(&self, snapshot: &Snapshot) -> Result<SnapshotId, Error> {
        let (id, bytes) = encode(snapshot)?;
        let name = id.to_hex();
        let replaced = self.summaries.add(Some((&name, &bytes)));
        self.storage
            .put(Area::Snapshots, &name, &bytes, Over::Damaged)?;
        self.summaries.remove(&replaced);
        self.roll.enrol(&name);
        Ok(id)
    }

    /// The bytes of a snapshot file, which are what its name says.
    pub(crate) fn snapshot_bytes(&self, id: SnapshotId) -> Result<Vec<u8>, Error> {
        let name = id.to_hex();
        let bytes = self.storage.get(Area::Snapshots, &name, FILE_BYTES_MAX)?;
        if Digest::of(&bytes) == id.0 {
            return Ok(bytes);
        }
        Err(Error::Corrupt {
            part: CorruptPart::SnapshotFile(name),
            what: Corruption::ForeignContent,
        })
    }

    /// Writes a snapshot file of another store, to the byte, so that it has the same name here. In place of one of
    /// that name that is damaged, if there is one.
    pub(crate) fn commit_copy(&self, id: SnapshotId, bytes: &[u8]) -> Result<(), Error> {
        let name = id.to_hex();
        self.storage.put(Area::Snapshots, &name, bytes, Over::Any)?;
        self.summaries.note_committed(&name, bytes);
        self.roll.enrol(&name);
        Ok(())
    }

    /// Lets summaries tell of the snapshots that were copied.
    pub(crate) fn summarize(&self) {
        let replaced = self.summaries.add(None);
        self.summaries.remove(&replaced);
    }

    /// Takes back the snapshot of a restore that never happened. What only it held stays until the store is pruned.
    pub(crate) fn withdraw(&self, id: SnapshotId) -> Result<(), Error> {
        let names = names(&[id]);
        self.roll.strike(&names)?;
        self.storage.delete(Area::Snapshots, &names)?;
        // A `verify` that saw the file may have put it on the roll since.
        self.roll.strike(&names)
    }

    /// Marks a snapshot to be kept for ever.
    pub(crate) fn pin(&self, id: SnapshotId) -> Result<(), Error> {
        Ok(self
            .storage
            .put(Area::Pins, &id.to_hex(), b"", Over::Damaged)?)
    }

    /// Takes the mark away.
    pub(crate) fn unpin(&self, id: SnapshotId) -> Result<(), Error> {
        Ok(self.storage.delete(Area::Pins, &names(&[id]))?)
    }

    /// Puts all snapshot files on the roll that are there and were not: a crash came first, or what wrote them knew
    /// no roll.
    pub(crate) fn enrol_all(&self) -> Result<(), Error> {
        self.roll.enrol_all()
    }

    /// The snapshots that are pinned or on the roll and of which there is no file any more, not even a damaged one.
    pub(crate) fn missing(&self) -> Result<Vec<SnapshotId>, Error> {
        self.roll.missing()
    }

    /// Gives a missing snapshot up: its pin goes, and it is missed no more.
    pub(crate) fn give_up(&self, id: SnapshotId) -> Result<(), Error> {
        self.roll.strike(&names(&[id]))?;
        self.unpin(id)
    }

    /// The names in quarantine of snapshots that were lost: acknowledged, never forgotten, and not in the store again
    /// since.
    pub(crate) fn lost(&self, catalogs: [&Catalog; 2]) -> Result<Vec<String>, Error> {
        let mut lost = self.storage.names(Area::Quarantine)?;
        let is_back = |name: &str| {
            let id = SnapshotId::from_hex(name);
            let mut known = catalogs.iter().flat_map(|catalog| &catalog.snapshots);
            id.is_ok_and(|id| known.any(|(known, _)| *known == id))
        };
        lost.retain(|file| file.strip_prefix(LOST).is_some_and(|name| !is_back(name)));
        Ok(lost)
    }

    /// The snapshots that are pinned.
    pub(crate) fn pins(&self) -> Result<Vec<SnapshotId>, Error> {
        Ok(self
            .storage
            .names(Area::Pins)?
            .iter()
            .filter_map(|name| SnapshotId::from_hex(name).ok())
            .collect())
    }
}

pub(super) fn names(ids: &[SnapshotId]) -> Vec<String> {
    ids.iter().map(|id| id.to_hex()).collect()
}

/// The name that a snapshot will have.
pub(crate) fn name_of(snapshot: &Snapshot) -> Result<SnapshotId, Error> {
    Ok(encode(snapshot)?.0)
}

fn encode(snapshot: &Snapshot) -> Result<(SnapshotId, Vec<u8>), Error> {
    let bytes =
        serde_json::to_vec_pretty(snapshot).map_err(|error| Error::Compress(error.into()))?;
    Ok((SnapshotId(Digest::of(&bytes)), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::trial::{Trial, snapshot};

    #[test]
    fn what_was_damaged_or_is_new_is_read_and_what_was_whole_is_not_read_again() {
        let Trial { scratch, store, .. } = Trial::new();
        let path = scratch.path().join("store");
        let snapshot = |writer| snapshot(Digest::of(b""), writer);
        let store = &store.snapshots;
        let one = store.commit(&snapshot("one")).unwrap();
        let first = store.catalog().unwrap();
        assert!(Arc::ptr_eq(&first, &store.catalog().unwrap()));
        let two = store.commit(&snapshot("two")).unwrap();
        let file = path.join("snapshots").join(two.to_hex());
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, b"{}").unwrap();
        let ids = |catalog: &Catalog| -> Vec<SnapshotId> {
            catalog.snapshots.iter().map(|(id, _)| *id).collect()
        };
        let catalog = store.catalog().unwrap();
        assert_eq!((ids(&catalog), catalog.damaged.len()), (vec![one], 1));
        // Mended, under the name that it had.
        std::fs::write(&file, whole).unwrap();
        let catalog = store.catalog().unwrap();
        assert_eq!((catalog.snapshots.len(), catalog.damaged.len()), (2, 0));
        store.forget(&[one]).unwrap();
        assert_eq!(ids(&store.catalog().unwrap()), [two]);
        assert_eq!(ids(&store.forgotten().unwrap()), [one]);
        store.unforget(&[one]).unwrap();
        assert_eq!(store.catalog().unwrap().snapshots.len(), 2);
        assert_eq!(ids(&store.forgotten().unwrap()), []);
    }
}
