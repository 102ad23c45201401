//! Writes files from the store into a staging directory: each small one opened and written once, in the order in which the
//! packs hold them; large ones in pieces, from all threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::plan::link_to;
use crate::disk::staging::Staging;
use crate::model::{Digest, Entry, Node, RelPath};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::store::{Store, Wanted};

/// Writes entries from the store into a staging directory.
pub(super) struct Writer<'a> {
    staging: &'a Staging,
    store: &'a Store,
    rewritten: &'a BTreeMap<RelPath, Vec<u8>>,
    pub(super) files: AtomicU64,
    pub(super) bytes: AtomicU64,
}

/// What an object from the store is for.
enum Goal<'e> {
    Whole(&'e Entry),
    Piece(&'e Entry, u64),
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        staging: &'a Staging,
        store: &'a Store,
        rewritten: &'a BTreeMap<RelPath, Vec<u8>>,
    ) -> Self {
        Self {
            staging,
            store,
            rewritten,
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    /// Writes all that is no directory.
    pub(super) fn write(&self, context: &Context<'_>, entries: &[&Entry]) -> Result<(), Error> {
        let mut wanted = Vec::new();
        let mut at_hand: Vec<(&Entry, &[u8])> = Vec::new();
        let mut large = Vec::new();
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
                        self.staging.begin_large(&entry.path, *size)?;
                        wanted.extend(self.pieces(entry, digest)?);
                        large.push(entry);
                    }
                    None => wanted.push(Wanted {
                        id: *digest,
                        purpose: Goal::Whole(entry),
                    }),
                },
                Node::Symlink(to) => self.staging.symlink(&entry.path, to, &entry.meta)?,
                Node::Special(special) => {
                    self.staging.special(&entry.path, *special, &entry.meta)?;
                }
                Node::Dir | Node::Unreadable(_) => {}
            }
        }
        self.fetch(context, wanted, &at_hand)?;
        for entry in large {
            self.staging.finish_large(&entry.path, &entry.meta)?;
            self.count(context, entry.size().unwrap_or(0));
        }
        for entry in links {
            if let Some(first) = link_to(entry) {
                self.staging.link(first, &entry.path)?;
            }
        }
        Ok(())
    }

    fn pieces<'e>(
        &self,
        entry: &'e Entry,
        digest: &Digest,
    ) -> Result<Vec<Wanted<Goal<'e>>>, Error> {
        let segments = self
            .store
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
        context: &Context<'_>,
        wanted: Vec<Wanted<Goal<'_>>>,
        at_hand: &[(&Entry, &[u8])],
    ) -> Result<(), Error> {
        let batches = self.store.plan(wanted)?;
        context.monitor.phase("writing", 0, 0);
        at_hand
            .par_iter()
            .try_for_each(|(entry, content)| self.write_one(context, entry, content))?;
        self.store.fetch(batches, |goal, bytes| {
            context.go_on()?;
            match goal {
                Goal::Whole(entry) => self.write_one(context, entry, bytes),
                Goal::Piece(entry, number) => {
                    Ok(self
                        .staging
                        .write_piece(&entry.path, number * Store::PIECE_LEN, bytes)?)
                }
            }
        })
    }

    fn write_one(&self, context: &Context<'_>, entry: &Entry, content: &[u8]) -> Result<(), Error> {
        if entry.size() != Some(content.len() as u64) {
            let (path, what) = (
                entry.path.to_string(),
                "the tree gives another length than the object has".to_owned(),
            );
            return Err(Error::NotVerified { path, what });
        }
        self.staging.write_file(&entry.path, content, &entry.meta)?;
        self.count(context, content.len() as u64);
        Ok(())
    }

    fn count(&self, context: &Context<'_>, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        context.monitor.advance(1, bytes);
    }
}

/// That the store does not have what a file holds.
pub(super) fn lost(id: &Digest, path: &RelPath) -> crate::store::Error {
    crate::store::Error::LostObject(format!("{id}, of '{path}'"))
}
