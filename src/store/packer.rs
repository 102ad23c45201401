//! Takes new content from many threads, and writes it as packs.
//!
//! Order (promise 1): frames are decoded once before they are written; a pack is durable before its name, the name
//! before the rows of the index, those before the snapshot that needs them.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Store;
use super::corrupt::CorruptPart;
use super::error::Error;
use super::frame::{self, Object, ObjectKind, Part, Sealed};
use super::objects::FirstBytes;
use super::open_pack::{Closed, OpenPack};
use super::scrub::Digests;
use super::segment::{self, SEGMENT_LEN, Segments, segment_value};
use super::storage::{Area, Over};
use super::waiting::Waiting;
use super::wire::Malformed;
use crate::disk::atomic::random_name;
use crate::model::Digest;
use crate::model::segment::BATCH_LEN;
use crate::monitor::Monitor;

/// Stored bytes after which a pack is closed.
const PACK_TARGET: u64 = 48 << 20;
/// How many locks guard the names that were claimed, so that threads seldom wait for each other.
const SHARDS: usize = 16;
/// Trees and documents that are at least this long, in bytes, share no frame with shorter ones. Where a venv changes a
/// little each day, each day's pack has some trees, and whoever reads the newest state reads a small tree or two from
/// each of hundreds of packs. Long trees in the same frames would be decompressed each time.
const LONG_TREE_LEN: usize = 8 << 10;

/// What a packer wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Added {
    /// Objects that the store did not have.
    pub objects: u64,
    /// Their plain bytes.
    pub bytes: u64,
    /// What they take in packs.
    pub stored: u64,
}

/// Writes new objects of one save.
pub(crate) struct Packer<'s> {
    store: &'s Store,
    claimed: [Mutex<HashSet<Digest, BuildHasherDefault<FirstBytes>>>; SHARDS],
    open: Mutex<Option<OpenPack<'s>>>,
    sealed: Mutex<Vec<(String, u64, Vec<u8>)>>,
    files: Mutex<Waiting>,
    trees: Mutex<Waiting>,
    long_trees: Mutex<Waiting>,
    added: Mutex<Added>,
    /// If there are any, nothing but these objects is taken.
    only: Option<Digests>,
    /// Packs that are given up for the new ones.
    old: BTreeSet<String>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'s> Packer<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Self {
            store,
            claimed: std::array::from_fn(|_| Mutex::default()),
            open: Mutex::new(None),
            sealed: Mutex::default(),
            files: Mutex::default(),
            trees: Mutex::default(),
            long_trees: Mutex::default(),
            added: Mutex::default(),
            only: None,
            old: BTreeSet::new(),
        }
    }

    /// The same, taking nothing but these objects.
    pub(crate) fn only(self, ids: Digests) -> Self {
        Self {
            only: Some(ids),
            ..self
        }
    }

    /// The same, its packs coming in place of these.
    pub(super) fn instead_of(self, packs: BTreeSet<String>) -> Self {
        Self { old: packs, ..self }
    }

    /// Learns what the store holds: its snapshots first, so that what they need is among the objects.
    pub(crate) fn load(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        self.store.snapshots.catalog()?;
        self.store.load_all(monitor)
    }

    /// Whether the store has an object already, for all that is known, gets it from this packer, or shall not have it.
    pub(crate) fn has(&self, id: &Digest) -> bool {
        let known = match &self.only {
            Some(ids) => !ids.contains(id),
            None => self.store.objects.vouches(id),
        };
        known || locked(self.shard(id)).contains(id)
    }

    fn shard(&self, id: &Digest) -> &Mutex<HashSet<Digest, BuildHasherDefault<FirstBytes>>> {
        &self.claimed[usize::from(id.as_bytes()[31]) % SHARDS]
    }

    /// Whether the caller is the one to bring this object.
    fn claim(&self, id: &Digest) -> bool {
        let taken = self.only.as_ref().is_none_or(|ids| ids.contains(id));
        taken && !self.store.objects.vouches(id) && locked(self.shard(id)).insert(*id)
    }

    /// Adds the contents of small files that lie near each other.
    pub(crate) fn add_files(
        &self,
        files: impl IntoIterator<Item = (Digest, Vec<u8>)>,
    ) -> Result<(), Error> {
        let mut near = Waiting::default();
        for (id, bytes) in files {
            if self.claim(&id) {
                near.push(Object {
                    id,
                    kind: ObjectKind::Blob,
                    segment: 0,
                    bytes: bytes.into(),
                });
                if near.bytes >= BATCH_LEN {
                    self.write(&std::mem::take(&mut near).objects)?;
                }
            }
        }
        if near.bytes >= BATCH_LEN / 2 {
            return self.write(&near.objects);
        }
        self.wait(&self.files, near)
    }

    /// Adds one segment of a large object; its value was computed already.
    pub(crate) fn add_segment(&self, id: Digest, segment: u32, bytes: &[u8]) -> Result<(), Error> {
        if self.claim(&id) {
            self.write(&[Object {
                id,
                kind: ObjectKind::Segment,
                segment,
                bytes: bytes.into(),
            }])?;
        }
        Ok(())
    }

    /// Adds the list of the segments of a large object.
    pub(crate) fn add_list(&self, list: &Segments) -> Result<(), Error> {
        self.add_small(
            &self.files,
            list.digest(),
            ObjectKind::List,
            segment::encode(list),
        )
    }

    /// Adds the description of a directory and returns its name. One beyond a segment is stored like a large file.
    pub(crate) fn add_tree(&self, bytes: Vec<u8>) -> Result<Digest, Error> {
        let id = Digest::of(&bytes);
        if bytes.len() <= SEGMENT_LEN {
            let is_long = bytes.len() >= LONG_TREE_LEN;
            let queue = if is_long {
                &self.long_trees
            } else {
                &self.trees
            };
            self.add_small(queue, id, ObjectKind::Tree, bytes)?;
            return Ok(id);
        }
        let mut values = Vec::new();
        for (part, number) in bytes.chunks(SEGMENT_LEN).zip(0..) {
            let value = segment_value(part, number);
            self.add_segment(value, number, part)?;
            values.push(value);
        }
        if let Some(list) = Segments::new(bytes.len() as u64, values) {
            self.add_list(&list)?;
        }
        Ok(id)
    }

    /// Adds a document, which is kept among the trees, and returns its name.
    pub(crate) fn add_document(&self, bytes: Vec<u8>) -> Result<Digest, Error> {
        self.add_tree(bytes)
    }

    fn add_small(
        &self,
        queue: &Mutex<Waiting>,
        id: Digest,
        kind: ObjectKind,
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        if !self.claim(&id) {
            return Ok(());
        }
        let mut one = Waiting::default();
        one.push(Object {
            id,
            kind,
            segment: 0,
            bytes: bytes.into(),
        });
        self.wait(queue, one)
    }

    /// Puts objects into a queue and writes a frame when it is long enough.
    fn wait(&self, queue: &Mutex<Waiting>, more: Waiting) -> Result<(), Error> {
        let full = {
            let mut waiting = locked(queue);
            waiting.bytes += more.bytes;
            waiting.objects.extend(more.objects);
            if waiting.bytes < BATCH_LEN {
                return Ok(());
            }
            std::mem::take(&mut *waiting)
        };
        self.write(&full.objects)
    }

    /// Compresses objects to a frame (in this thread) and appends it.
    fn write(&self, objects: &[Object<'_>]) -> Result<(), Error> {
        if objects.is_empty() {
            return Ok(());
        }
        self.append(&frame::seal(objects)?)
    }

    /// Takes over a frame as it is stored, as far as its objects are new: whole, or else those compressed again.
    pub(crate) fn add_frame(&self, header: &[u8], body: Vec<u8>) -> Result<(), Error> {
        let bad = |bad: Malformed| Error::Corrupt {
            part: CorruptPart::NewFrame,
            what: bad.into(),
        };
        let raw = frame::open(header, &body).map_err(bad)?;
        let parts = frame::parts(&raw).map_err(bad)?;
        let new: Vec<Part> = parts
            .iter()
            .filter(|part| self.claim(&part.id))
            .copied()
            .collect();
        match header.try_into() {
            Ok(header) if new.len() == parts.len() && !parts.is_empty() => self.append(&Sealed {
                header,
                body,
                raw_len: raw.len() as u32,
                parts,
            }),
            _ => {
                let object = |part: Part| Object {
                    id: part.id,
                    kind: part.kind,
                    segment: part.segment,
                    bytes: raw[part.start as usize..][..part.len as usize].into(),
                };
                self.write(&new.into_iter().map(object).collect::<Vec<_>>())
            }
        }
    }

    /// Takes over an object of whatever kind, which was checked already.
    pub(super) fn add_object(&self, part: Part, bytes: Vec<u8>) -> Result<(), Error> {
        let Part {
            id, kind, segment, ..
        } = part;
        if self.claim(&id) {
            self.write(&[Object {
                id,
                kind,
                segment,
                bytes: bytes.into(),
            }])?;
        }
        Ok(())
    }

    /// Appends a frame to the open pack (one thread at a time).
    fn append(&self, sealed: &Sealed) -> Result<(), Error> {
        let full = {
            let mut open = locked(&self.open);
            let pack = match &mut *open {
                Some(pack) => pack,
                None => open.insert(self.begin()?),
            };
            let stored = pack.add(sealed)?;
            let mut added = locked(&self.added);
            added.objects += sealed.parts.len() as u64;
            added.bytes += u64::from(sealed.raw_len);
            added.stored += u64::from(stored);
            if pack.len() >= PACK_TARGET {
                open.take()
            } else {
                None
            }
        };
        full.map_or(Ok(()), |pack| self.seal(pack))
    }

    /// Begins a pack. Where packs are marked to go, no new pack may be the same as one of them: so each new one begins
    /// with random bytes.
    fn begin(&self) -> Result<OpenPack<'s>, Error> {
        let mut pack = OpenPack::begin(&*self.store.storage)?;
        if self.store.looked.had_marks() {
            let bytes = random_name()?.into_bytes();
            pack.add(&frame::seal(&[Object {
                id: Digest::of(&bytes),
                kind: ObjectKind::Blob,
                segment: 0,
                bytes: bytes.into(),
            }])?)?;
        }
        Ok(pack)
    }

    fn seal(&self, pack: OpenPack<'s>) -> Result<(), Error> {
        let Closed {
            draft,
            name,
            len,
            tail,
        } = pack.close()?;
        let over = if self.old.contains(&name) {
            // The old one may be damaged; this one is what the name says.
            Over::Any
        } else {
            Over::Damaged
        };
        draft.publish(Area::Packs, &name, over)?;
        self.store.suspects.unmark(std::slice::from_ref(&name));
        locked(&self.sealed).push((name, len, tail));
        Ok(())
    }

    /// Makes all content durable and known to the index. Only now may a snapshot name it.
    pub(crate) fn finish(self) -> Result<Added, Error> {
        Ok(self.finish_instead()?.0)
    }

    /// The same, and the index gives up the old packs in the same transaction. Only now may those be deleted, apart
    /// from the ones that are returned: new ones of the same name, and so of the same content, replaced them.
    pub(super) fn finish_instead(self) -> Result<(Added, BTreeSet<String>), Error> {
        for queue in [&self.files, &self.trees, &self.long_trees] {
            let rest = std::mem::take(&mut *locked(queue));
            self.write(&rest.objects)?;
        }
        let last = locked(&self.open).take();
        if let Some(pack) = last {
            self.seal(pack)?;
        }
        if self.store.is_of_bucket() && !self.store.looked.is_recent() {
            return Err(Error::TooSlow(self.store.path().to_owned()));
        }
        let sealed = locked(&self.sealed);
        let drop: Vec<String> = self.old.iter().cloned().collect();
        self.store.admit(&sealed, &drop)?;
        let names = sealed.iter().map(|(name, _, _)| name);
        let reborn = names.filter(|name| self.old.contains(*name)).cloned();
        Ok((*locked(&self.added), reborn.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::trial::Trial;

    #[test]
    fn a_short_tree_shares_its_frame_with_no_long_one_and_with_no_file() {
        let Trial { store, monitor, .. } = &Trial::new();
        let packer = store.packer(monitor).unwrap();
        let file = (Digest::of(b"file"), b"file".to_vec());
        packer.add_files([file]).unwrap();
        let tree = |len: usize, fill| packer.add_tree(vec![fill; len]).unwrap();
        let short = [tree(10, 1), tree(LONG_TREE_LEN - 1, 2)];
        let long = [tree(LONG_TREE_LEN, 3), tree(4 * LONG_TREE_LEN, 4)];
        packer.finish().unwrap();
        let frame = |id: &Digest| store.objects.place(id).unwrap().frame;
        assert_eq!(frame(&short[0]), frame(&short[1]));
        assert_eq!(frame(&long[0]), frame(&long[1]));
        let all = [&Digest::of(b"file"), &short[0], &long[0]];
        let apart: BTreeSet<u32> = all.into_iter().map(frame).collect();
        assert_eq!(apart.len(), 3);
    }
}
