//! The summaries of a store that lies elsewhere: what a host reads instead of each pack's table and each snapshot file.
//! They are written by whoever saves, beside the truth, and any of them may lack, be old, or lie: then it costs time.
//!
//! Where a summary tells of a snapshot, all packs that the snapshot needs are told of as well: by that summary, or by
//! those that were there when it was written. So where all listed snapshots are told of, the packs need not be listed
//! to read any of them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::index::PackRow;
use super::storage::{Area, Over, Storage};
use super::summary::Summary;
use crate::disk::PathError;
use crate::model::Digest;

/// A longer file is none of ours.
const FILE_BYTES_MAX: u64 = 32 << 20;
/// Summaries up to this length in bytes are always taken over into a new one. A longer one is where it is no longer
/// than this and all that was taken over before it.
const SMALL_BYTES: u64 = 1 << 20;
/// Longer ones are taken over only where all are made anew.
const LARGE_BYTES: u64 = 12 << 20;
/// How often a listing is asked for of which a file is gone when it is read.
const LISTINGS: u32 = 3;

/// What all summaries of a store tell.
#[derive(Debug, Default)]
pub(super) struct Told {
    files: Vec<(String, u64, Arc<Summary>)>,
}

impl Told {
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The packs, of which the same may come again.
    pub(super) fn packs(&self) -> impl Iterator<Item = &PackRow> {
        self.files.iter().flat_map(|(_, _, file)| &file.packs)
    }

    /// The packs, each with the name of the file that tells of it.
    pub(super) fn packs_with_files(&self) -> impl Iterator<Item = (&str, &PackRow)> {
        let each = self.files.iter();
        each.flat_map(|(name, _, file)| file.packs.iter().map(move |row| (name.as_str(), row)))
    }

    /// A snapshot file.
    pub(super) fn snapshot(&self, name: &str) -> Option<&[u8]> {
        let mut files = self.files.iter();
        files.find_map(|(_, _, file)| file.snapshots.get(name).map(Vec::as_slice))
    }

    /// Summaries that tell nothing but what others tell: they were to be removed and were not.
    fn doubled(&self) -> Vec<String> {
        fn names(file: &Summary) -> impl Iterator<Item = &String> {
            file.packs
                .iter()
                .map(|pack| &pack.name)
                .chain(file.snapshots.keys())
        }
        let mut times: HashMap<&String, u32> = HashMap::new();
        for name in self.files.iter().flat_map(|(_, _, file)| names(file)) {
            *times.entry(name).or_default() += 1;
        }
        let mut found = Vec::new();
        for (name, _, file) in &self.files {
            if names(file).all(|name| times[name] > 1) {
                names(file).for_each(|name| *times.entry(name).or_default() -= 1);
                found.push(name.clone());
            }
        }
        found
    }
}

/// What was listed when the packs were.
#[derive(Debug, Default)]
struct Listed {
    told: Arc<Told>,
    packs: HashSet<String>,
    snapshots: HashSet<String>,
    /// Packs of which no summary tells.
    untold: Vec<PackRow>,
}

#[derive(Debug, Default)]
struct State {
    names: Vec<String>,
    told: Arc<Told>,
    listed: Option<Listed>,
    /// Snapshot files of which no summary tells.
    untold: BTreeMap<String, Vec<u8>>,
}

/// The summaries of a store. Of one on this host there are none.
#[derive(Debug)]
pub(super) struct Summaries {
    storage: Arc<dyn Storage>,
    state: Mutex<State>,
}

impl Summaries {
    pub(super) fn new(storage: &Arc<dyn Storage>) -> Self {
        Self {
            storage: Arc::clone(storage),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What they tell. One that cannot be read tells nothing.
    pub(super) fn told(&self) -> Arc<Told> {
        if !self.storage.is_far() {
            return Arc::default();
        }
        for _ in 0..LISTINGS {
            let Ok(listed) = self.storage.glance(Area::Summaries) else {
                break;
            };
            let names: Vec<String> = listed.iter().map(|(name, _)| name.clone()).collect();
            let before = {
                let state = self.state();
                if state.names == names {
                    return Arc::clone(&state.told);
                }
                Arc::clone(&state.told)
            };
            // The lock is not held meanwhile: a thread that waits may begin other work, which asks for the same lock.
            let read = |(name, size): &(String, Option<u64>)| {
                let known = before.files.iter().find(|(known, _, _)| known == name);
                let summary = match known {
                    Some((_, _, summary)) => Some(Arc::clone(summary)),
                    None => self.read(name)?.map(Arc::new),
                };
                Ok(summary.map(|it| (name.clone(), size.unwrap_or_default(), it)))
            };
            let files: Result<Vec<_>, PathError> = listed.par_iter().map(read).collect();
            match files {
                Ok(files) => {
                    let files = files.into_iter().flatten().collect();
                    let told = Arc::new(Told { files });
                    let mut state = self.state();
                    (state.names, state.told) = (names, Arc::clone(&told));
                    return told;
                }
                // Another one came in its place.
                Err(error) if error.is_missing() => self.storage.look_again(),
                Err(_) => break,
            }
        }
        Arc::default()
    }

    /// Reads one; none where it is not what its name says.
    fn read(&self, name: &str) -> Result<Option<Summary>, PathError> {
        let mut bytes = self
            .storage
            .get_near(Area::Summaries, name, FILE_BYTES_MAX)?;
        if Digest::of(&bytes).to_hex() != name && self.storage.drop_near(name, None) {
            bytes = self.storage.get(Area::Summaries, name, FILE_BYTES_MAX)?;
        }
        if Digest::of(&bytes).to_hex() != name {
            return Ok(None);
        }
        Ok(Summary::decode(&bytes).ok())
    }

    /// Notes which packs are listed, with what summaries told before, and rows of all those of which none tells.
    pub(super) fn note_listed(
        &self,
        told: &Arc<Told>,
        packs: HashSet<String>,
        untold: Vec<PackRow>,
    ) {
        let Ok(snapshots) = self.storage.names(Area::Snapshots) else {
            return;
        };
        self.state().listed = Some(Listed {
            told: Arc::clone(told),
            packs,
            snapshots: snapshots.into_iter().collect(),
            untold,
        });
    }

    /// Notes that of some pack no table is to be had, so that nothing can be said of all.
    pub(super) fn note_blind(&self) {
        self.state().listed = None;
    }

    /// Notes packs that were written.
    pub(super) fn note_packs(&self, rows: &[PackRow]) {
        if let Some(listed) = &mut self.state().listed {
            listed.packs.extend(rows.iter().map(|row| row.name.clone()));
            listed.untold.extend(rows.iter().cloned());
        }
    }

    /// Notes a snapshot file of which none tells.
    pub(super) fn note_snapshot(&self, name: &str, bytes: &[u8]) {
        if self.storage.is_far() {
            self.state().untold.insert(name.to_owned(), bytes.to_vec());
        }
    }

    /// Notes a snapshot file that was committed, with all that it needs.
    pub(super) fn note_committed(&self, name: &str, bytes: &[u8]) {
        self.note_snapshot(name, bytes);
        if let Some(listed) = &mut self.state().listed {
            listed.snapshots.insert(name.to_owned());
        }
    }

    /// Writes down all of which no summary tells, together with a snapshot that is about to be committed. Returns the
    /// names of the summaries in the place of which this comes. That it cannot be written only costs time.
    pub(super) fn add(&self, snapshot: Option<(&str, &[u8])>) -> Vec<String> {
        self.write(snapshot, SMALL_BYTES)
    }

    /// The same, in the place of all that there are, now that packs are gone.
    pub(super) fn renew(&self) {
        let replaced = self.write(None, u64::MAX);
        self.remove(&replaced);
    }

    fn write(&self, snapshot: Option<(&str, &[u8])>, small: u64) -> Vec<String> {
        let mut state = self.state();
        let State { listed, untold, .. } = &mut *state;
        let Some(listed) = listed else {
            return Vec::new();
        };
        let own = snapshot.into_iter();
        let own = own.map(|(name, bytes)| (name.to_owned(), bytes.to_vec()));
        let old = untold
            .iter()
            .map(|(name, bytes)| (name.clone(), bytes.clone()));
        let old = old.filter(|(name, _)| listed.snapshots.contains(name));
        let mut new = Summary {
            packs: listed.untold.clone(),
            snapshots: old.chain(own.clone()).collect(),
        };
        let has_news = !(new.packs.is_empty() && new.snapshots.is_empty());
        if !has_news && small == SMALL_BYTES {
            return Vec::new();
        }
        let replaced = self.merge(listed, &mut new, small);
        let Some(bytes) = new.encode() else {
            return Vec::new();
        };
        let name = Digest::of(&bytes).to_hex();
        if self
            .storage
            .put(Area::Summaries, &name, &bytes, Over::Damaged)
            .is_err()
        {
            return Vec::new();
        }
        self.storage.keep_near(&name, &bytes);
        let kept = listed.told.files.iter();
        let kept = kept
            .filter(|(file, _, _)| *file != name && !replaced.contains(file))
            .cloned();
        let one = (name.clone(), bytes.len() as u64, Arc::new(new));
        listed.told = Arc::new(Told {
            files: kept.chain([one]).collect(),
        });
        listed.snapshots.extend(own.map(|(name, _)| name));
        listed.untold.clear();
        untold.clear();
        replaced.into_iter().filter(|file| *file != name).collect()
    }

    /// Takes over what small summaries tell, but for what is gone. Returns their names.
    fn merge(&self, listed: &Listed, new: &mut Summary, small: u64) -> Vec<String> {
        let told = &listed.told;
        let doubled = told.doubled();
        // A host that may not delete would write the same summary again and again, so it takes nothing over.
        if !doubled.is_empty() && self.storage.delete(Area::Summaries, &doubled).is_err() {
            return Vec::new();
        }
        let mut files: Vec<_> = told.files.iter().collect();
        files.sort_by_key(|(_, size, _)| *size);
        let (mut bytes, mut replaced) = (small, Vec::new());
        let mut known: HashSet<String> = new.packs.iter().map(|it| it.name.clone()).collect();
        for (name, size, file) in files {
            if *size > bytes || (*size > LARGE_BYTES && small == SMALL_BYTES) {
                break;
            }
            bytes = bytes.saturating_add(*size);
            replaced.push(name.clone());
            for pack in &file.packs {
                if listed.packs.contains(&pack.name) && known.insert(pack.name.clone()) {
                    new.packs.push(pack.clone());
                }
            }
            let there = file.snapshots.iter();
            let there = there.filter(|(name, _)| listed.snapshots.contains(*name));
            new.snapshots
                .extend(there.map(|(name, file)| (name.clone(), file.clone())));
        }
        replaced
    }

    /// Removes all of them, so that they are made anew.
    pub(super) fn remove_all(&self) {
        if self.storage.is_far() {
            let names = self.storage.names(Area::Summaries).unwrap_or_default();
            self.remove(&names);
            self.storage.look_again();
        }
    }

    /// Removes summaries that another one came in the place of.
    pub(super) fn remove(&self, names: &[String]) {
        // Where this process may not delete the summaries of another writer, they stay.
        let _ = self.storage.delete(Area::Summaries, names);
    }
}
