//! The contents of a snapshot: each small file opened and written once, in the order in which the packs hold them;
//! large ones in pieces, from all threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::model::{Digest, Entry, Node, RelPath};
use crate::monitor::Monitor;
use crate::ops::error::Error;
use crate::replace::{self, Contents, Mismatch, Staging, Written, link_to};
use crate::store::{Store, Wanted};

/// What a store has, but for files that are rewritten for their new place.
pub(super) struct SnapshotContents<'a> {
    pub(super) store: &'a Store,
    /// New contents of files that name their place.
    pub(super) rewritten: BTreeMap<RelPath, Vec<u8>>,
}

impl Contents for SnapshotContents<'_> {
    fn write(
        &self,
        staging: &Staging,
        entries: &[&Entry],
        monitor: &dyn Monitor,
    ) -> Result<Written, replace::Error> {
        let writer = Writer {
            staging,
            store: self.store,
            rewritten: &self.rewritten,
            monitor,
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        };
        let copies = writer.write(entries)?;
        Ok(Written {
            copies,
            files: writer.files.into_inner(),
            bytes: writer.bytes.into_inner(),
        })
    }
}

/// Writes entries from the store into a staging directory.
struct Writer<'a> {
    staging: &'a Staging,
    store: &'a Store,
    rewritten: &'a BTreeMap<RelPath, Vec<u8>>,
    monitor: &'a dyn Monitor,
    files: AtomicU64,
    bytes: AtomicU64,
}

/// What an object from the store is for.
enum Goal<'e> {
    Whole(&'e Entry),
    Piece(&'e Entry, u64),
}

impl Writer<'_> {
    /// Writes all that is no directory. Returns which links are copies.
    fn write(&self, entries: &[&Entry]) -> Result<Vec<RelPath>, Error> {
        let mut wanted = Vec::new();
        let mut at_hand: Vec<(&Entry, &[u8])> = Vec::new();
        let mut large = Vec::new();
        // How many whole files, and how many bytes, will be written from the store: for the progress.
        let (mut whole, mut bytes) = (0, 0_u64);
        let mut links = Vec::new();
        for &entry in entries {
            match &entry.node {
                Node::File {
                    link_to: Some(_), ..
                } => links.push(entry),
                Node::File { size: 0, .. } => at_hand.push((entry, &[])),
                Node::File { digest, size, .. } => match self.rewritten.get(&entry.path) {
                    Some(content) => at_hand.push((entry, content)),
                    None if *size > Store::PIECE_LEN => {
                        let meta = &entry.meta;
                        self.staging.begin_large(&entry.path, *size, meta)?;
                        bytes += size;
                        wanted.extend(self.pieces(entry, digest)?);
                        large.push(entry);
                    }
                    None => {
                        (whole, bytes) = (whole + 1, bytes + size);
                        wanted.push(Wanted {
                            id: *digest,
                            purpose: Goal::Whole(entry),
                        });
                    }
                },
                Node::Symlink(to) => self.staging.symlink(&entry.path, to, &entry.meta)?,
                Node::Special(special) => {
                    self.staging.special(&entry.path, *special, &entry.meta)?;
                }
                Node::Dir | Node::Unreadable(_) => {}
            }
        }
        let at_hand_bytes: u64 = at_hand
            .iter()
            .map(|(_, content)| content.len() as u64)
            .sum();
        let files = (at_hand.len() + whole + large.len()) as u64;
        self.monitor.phase("writing", files, bytes + at_hand_bytes);
        self.fetch(wanted, &at_hand)?;
        for entry in large {
            self.staging.finish_large(&entry.path, &entry.meta)?;
            self.count(entry.size().unwrap_or(0));
        }
        let mut copies = Vec::new();
        for entry in links {
            if let Some(first) = link_to(entry)
                && !self.staging.link(first, &entry.path, &entry.meta)?
            {
                copies.push(entry.path.clone());
            }
        }
        Ok(copies)
    }

    fn pieces<'e>(
        &self,
        entry: &'e Entry,
        digest: &Digest,
    ) -> Result<Vec<Wanted<Goal<'e>>>, Error> {
        let segments = self
            .store
            .objects
            .segments(digest)?
            .filter(|segments| Some(segments.size()) == entry.size());
        let segments = segments.ok_or_else(|| lost(digest, &entry.path))?;
        Ok(segments
            .values()
            .iter()
            .zip(0..)
            .map(|(id, number)| Wanted {
                id: *id,
                purpose: Goal::Piece(entry, number),
            })
            .collect())
    }

    fn fetch(
        &self,
        wanted: Vec<Wanted<Goal<'_>>>,
        at_hand: &[(&Entry, &[u8])],
    ) -> Result<(), Error> {
        let batches = self.store.objects.plan(wanted)?;
        at_hand
            .par_iter()
            .try_for_each(|(entry, content)| self.write_one(entry, content))?;
        self.store.objects.fetch(batches, |goal, bytes| {
            if self.monitor.cancelled() {
                return Err(Error::Interrupted);
            }
            match goal {
                Goal::Whole(entry) => self.write_one(entry, bytes),
                Goal::Piece(entry, number) => {
                    Ok(self
                        .staging
                        .write_piece(&entry.path, number * Store::PIECE_LEN, bytes)?)
                }
            }
        })
    }

    fn write_one(&self, entry: &Entry, content: &[u8]) -> Result<(), Error> {
        if entry.size() != Some(content.len() as u64) {
            let (path, what) = (entry.path.clone(), Mismatch::Length);
            return Err(Error::NotVerified { path, what });
        }
        self.staging.write_file(&entry.path, content, &entry.meta)?;
        self.count(content.len() as u64);
        Ok(())
    }

    fn count(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.monitor.advance(1, bytes);
    }
}

/// That the store does not have what a file holds.
pub(super) fn lost(id: &Digest, path: &RelPath) -> crate::store::Error {
    crate::store::Error::LostObject(format!("{id}, of '{path}'"))
}
