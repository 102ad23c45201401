//! Gives objects back, each checked against its name on the way out (promise 7).

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::corrupt::{CorruptPart, Corruption};
use super::error::Error;
use super::frame::{self, HEADER_LEN, ObjectKind};
use super::frame_cache::FrameCache;
use super::objects::{Objects, Place};
use super::pack::{FramePlace, Table};
use super::packs::Packs;
use super::scrub::Digests;
use super::segment::{self, SEGMENT_LEN, Segments};
use super::wire::Malformed;
use crate::model::Digest;

/// An object that somebody wants, with what they want it for.
#[derive(Debug)]
pub(crate) struct Wanted<T> {
    pub(crate) id: Digest,
    pub(crate) purpose: T,
}

/// Objects that lie in one frame.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    pack: u32,
    frame: u32,
    parts: Vec<(Place, T)>,
}

/// Reads objects of all packs whose tables were loaded.
#[derive(Debug)]
pub(crate) struct ObjectReader {
    packs: Arc<Packs>,
    known: RwLock<Option<Objects>>,
    frames: FrameCache,
}

impl ObjectReader {
    pub(super) fn new(packs: &Arc<Packs>) -> Self {
        Self {
            packs: Arc::clone(packs),
            known: RwLock::default(),
            frames: FrameCache::default(),
        }
    }

    pub(super) fn packs(&self) -> &Packs {
        &self.packs
    }

    pub(super) fn known(&self) -> RwLockReadGuard<'_, Option<Objects>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn known_mut(&self) -> RwLockWriteGuard<'_, Option<Objects>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns where every object lies, unless that is known. Who comes meanwhile waits for it.
    pub(super) fn load_once(
        &self,
        load: impl FnOnce() -> Result<Objects, Error>,
    ) -> Result<(), Error> {
        let mut known = self.known_mut();
        if known.is_none() {
            *known = Some(load()?);
        }
        Ok(())
    }

    /// The same where not all packs were looked at yet, with what is known so far: its packs keep their numbers.
    pub(super) fn load_rest(
        &self,
        load: impl FnOnce(Objects) -> Result<Objects, Error>,
    ) -> Result<(), Error> {
        let mut known = self.known_mut();
        if known.as_ref().is_none_or(|known| known.only_told) {
            *known = Some(load(known.take().unwrap_or_default())?);
        }
        Ok(())
    }

    /// Learns once more where every object lies.
    pub(super) fn load_anew(
        &self,
        load: impl FnOnce() -> Result<Objects, Error>,
    ) -> Result<(), Error> {
        *self.known_mut() = Some(load()?);
        self.forget_frames();
        Ok(())
    }

    /// Forgets where every object lies.
    pub(super) fn forget_all(&self) {
        *self.known_mut() = None;
    }

    /// Forgets the frames that were read last.
    pub(super) fn forget_frames(&self) {
        self.frames.clear();
    }

    /// Adds what a new pack holds.
    pub(super) fn add(&self, pack: String, table: Table) {
        self.known_mut().get_or_insert_default().add(pack, table);
    }

    /// How many objects are known.
    pub(super) fn count(&self) -> usize {
        self.known().as_ref().map_or(0, Objects::len)
    }

    /// Whether an object lies in a pack.
    pub(crate) fn has(&self, id: &Digest) -> bool {
        self.place(id).is_ok()
    }

    /// Whether a save may rely on an object: it lies, with its segments, in packs that were not found damaged.
    pub(crate) fn vouches(&self, id: &Digest) -> bool {
        let vouched = |ids: &[Digest]| {
            let objects = self.known();
            let vouch = |objects: &Objects| ids.iter().all(|id| objects.vouch(id));
            objects.as_ref().is_some_and(vouch)
        };
        if !vouched(std::slice::from_ref(id)) {
            return false;
        }
        // Reading the lists of segments takes time, which a store without damaged packs is spared.
        if !self.known().as_ref().is_some_and(Objects::has_suspects) {
            return true;
        }
        match self.segments(id) {
            Ok(list) => list.is_none_or(|list| vouched(list.values())),
            Err(_) => false,
        }
    }

    pub(super) fn place(&self, id: &Digest) -> Result<Place, Error> {
        let find = || self.known().as_ref().and_then(|it| it.place_of(id));
        let later = || if self.catch_up() { find() } else { None };
        find()
            .or_else(later)
            .ok_or_else(|| Error::LostObject(id.to_hex()))
    }

    /// Reads one frame as it is stored, with the name of its pack and its place there.
    pub(super) fn stored_frame(
        &self,
        pack: u32,
        frame: u32,
    ) -> Result<(String, FramePlace, Vec<u8>), Error> {
        let (name, place) = {
            let objects = self.known();
            let found = objects
                .as_ref()
                .and_then(|objects| objects.frame(pack, frame));
            found
                .map(|(name, place)| (name.to_owned(), place))
                .ok_or_else(|| Error::LostObject("of a frame".to_owned()))?
        };
        let bytes = self.packs.frame(&name, &place)?;
        Ok((name, place, bytes))
    }

    /// Reads and decompresses one frame.
    fn frame(&self, pack: u32, frame: u32) -> Result<Vec<u8>, Error> {
        let (name, place, bytes) = self.stored_frame(pack, frame)?;
        match Self::opened(&name, &place, &bytes) {
            // Perhaps only the copy on this host is wrong.
            Err(Error::Corrupt { .. }) if self.packs.drop_near(&name, &place) => {
                let (_, _, bytes) = self.stored_frame(pack, frame)?;
                Self::opened(&name, &place, &bytes)
            }
            done => done,
        }
    }

    fn opened(name: &str, place: &FramePlace, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let corrupt = |what: Malformed| Error::Corrupt {
            part: CorruptPart::Frame {
                pack: name.to_owned(),
                offset: place.offset,
            },
            what: what.into(),
        };
        let (header, body) = bytes
            .split_at_checked(HEADER_LEN)
            .ok_or_else(|| corrupt(Malformed("a frame is cut short")))?;
        let raw = frame::open(header, body).map_err(corrupt)?;
        if raw.len() != place.raw_len as usize {
            return Err(corrupt(Malformed(
                "a frame is of another length than the table says",
            )));
        }
        Ok(raw)
    }

    fn cached_frame(&self, pack: u32, frame: u32) -> Result<Arc<Vec<u8>>, Error> {
        self.frames.get((pack, frame), || self.frame(pack, frame))
    }

    /// Cuts an object from its frame and checks it.
    fn part<'a>(&self, raw: &'a [u8], place: &Place) -> Result<&'a [u8], Error> {
        let bytes = raw
            .get(place.part.start as usize..)
            .and_then(|rest| rest.get(..place.part.len as usize))
            .unwrap_or_default();
        if place.part.is(bytes) {
            return Ok(bytes);
        }
        let objects = self.known();
        let name = objects
            .as_ref()
            .and_then(|objects| objects.frame(place.pack, place.frame))
            .map(|(name, _)| name.to_owned());
        Err(Error::Corrupt {
            part: CorruptPart::Pack(name),
            what: Corruption::ForeignObject(place.part.id),
        })
    }

    pub(super) fn read_place(&self, place: &Place) -> Result<Vec<u8>, Error> {
        let first = self.read_only_place(place);
        first.or_else(|error| self.read_spare(place).ok_or(error))
    }

    /// Reads the copy of an object that lies there, and no other one.
    pub(super) fn read_only_place(&self, place: &Place) -> Result<Vec<u8>, Error> {
        let raw = self.cached_frame(place.pack, place.frame)?;
        Ok(self.part(&raw, place)?.to_vec())
    }

    /// Another copy of an object that cannot be read where it was looked for.
    fn read_spare(&self, place: &Place) -> Option<Vec<u8>> {
        let read = || {
            let places = self.known().as_ref()?.all_places(&place.part.id);
            let mut spare = places.iter().filter(|other| *other != place);
            spare.find_map(|place| self.read_only_place(place).ok())
        };
        let later = || if self.catch_up() { read() } else { None };
        read().or_else(later)
    }

    /// Which of some objects cannot be read back. Reads them all.
    pub(crate) fn unreadable(&self, ids: impl IntoIterator<Item = Digest>) -> Digests {
        let (mut wanted, mut bad) = (Vec::new(), Digests::default());
        for id in ids {
            if self.place(&id).is_ok() {
                let purpose = id;
                wanted.push(Wanted { id, purpose });
            } else {
                bad.insert(id);
            }
        }
        let batches = self.plan(wanted).unwrap_or_default();
        let lost = batches.into_par_iter().flat_map_iter(|batch| {
            let raw = self.frame(batch.pack, batch.frame).unwrap_or_default();
            let lost = |(place, _): &&(Place, Digest)| {
                self.part(&raw, place).is_err() && self.read_spare(place).is_none()
            };
            let found: Vec<Digest> = batch.parts.iter().filter(lost).map(|(_, id)| *id).collect();
            found
        });
        bad.extend(lost.collect::<Vec<_>>());
        bad
    }

    /// Takes objects for lost from now on, so that a good copy of them is taken in again.
    pub(crate) fn disown(&self, ids: &Digests) {
        let mut objects = self.known_mut();
        if let Some(objects) = objects.as_mut() {
            objects.disown(ids);
        }
    }

    /// Reads an object whole. Meant for trees and small files; a large one takes its whole size in memory.
    pub(crate) fn read(&self, id: &Digest) -> Result<Vec<u8>, Error> {
        match self.segments(id)? {
            None => self.read_place(&self.place(id)?),
            Some(list) => {
                // No memory is taken for what the list claims: it grows with what is there.
                let mut all = Vec::new();
                for segment in list.values() {
                    all.extend(self.read_place(&self.place(segment)?)?);
                }
                Ok(all)
            }
        }
    }

    /// Reads an object whole that is at most `max` bytes long.
    pub(crate) fn read_at_most(&self, id: &Digest, max: u64) -> Result<Vec<u8>, Error> {
        let long = self.segments(id)?.is_some_and(|list| list.size() > max);
        let bytes = if long { Vec::new() } else { self.read(id)? };
        if long || bytes.len() as u64 > max {
            return Err(Error::Corrupt {
                part: CorruptPart::Object(*id),
                what: Corruption::TooLong,
            });
        }
        Ok(bytes)
    }

    /// The segments of a large object; none for one that lies in a single piece.
    pub(crate) fn segments(&self, id: &Digest) -> Result<Option<Segments>, Error> {
        let place = self.place(id)?;
        if place.part.kind != ObjectKind::List {
            return Ok(None);
        }
        let bytes = self.read_place(&place)?;
        segment::decode(&bytes)
            .map(Some)
            .map_err(|bad| Error::Corrupt {
                part: CorruptPart::Segments(*id),
                what: bad.into(),
            })
    }

    /// One piece of an object as files are compared: the segment of that number, or all of a small one.
    pub(crate) fn read_piece(&self, id: &Digest, number: u64) -> Result<Vec<u8>, Error> {
        match self.segments(id)? {
            None if number == 0 => self.read(id),
            Some(list) if number < list.values().len() as u64 => {
                self.read_place(&self.place(&list.values()[number as usize])?)
            }
            // A caller that goes by the length in a tree would ask for ever.
            _ => Err(Error::Corrupt {
                part: CorruptPart::Object(*id),
                what: Corruption::TooShort,
            }),
        }
    }

    /// The length of a piece that [`ObjectReader::read_piece`] counts in.
    pub(super) const PIECE_LEN: u64 = SEGMENT_LEN as u64;

    /// Sorts wanted objects into batches by frame, in the order in which the frames lie in their packs.
    pub(crate) fn plan<T>(&self, wanted: Vec<Wanted<T>>) -> Result<Vec<Batch<T>>, Error> {
        let mut placed = Vec::with_capacity(wanted.len());
        for want in wanted {
            placed.push((self.place(&want.id)?, want.purpose));
        }
        placed.sort_by_key(|(place, _)| (place.pack, place.frame, place.part.start));
        let mut batches: Vec<Batch<T>> = Vec::new();
        for (place, purpose) in placed {
            match batches.last_mut() {
                Some(last) if (last.pack, last.frame) == (place.pack, place.frame) => {
                    last.parts.push((place, purpose));
                }
                _ => batches.push(Batch {
                    pack: place.pack,
                    frame: place.frame,
                    parts: vec![(place, purpose)],
                }),
            }
        }
        Ok(batches)
    }

    /// Reads batches in parallel and hands each object, checked, to `take`.
    pub(crate) fn fetch<T, E>(
        &self,
        batches: Vec<Batch<T>>,
        take: impl Fn(&T, &[u8]) -> Result<(), E> + Sync,
    ) -> Result<(), E>
    where
        T: Send + Sync,
        E: From<Error> + Send,
    {
        let each = |batch: Batch<T>| {
            let raw = self.frame(batch.pack, batch.frame);
            for (place, purpose) in &batch.parts {
                let first = match &raw {
                    Ok(raw) => self.part(raw, place),
                    Err(_) => Err(Error::LostObject(place.part.id.to_hex())),
                };
                match first {
                    Ok(bytes) => take(purpose, bytes)?,
                    Err(error) => match self.read_spare(place) {
                        Some(bytes) => take(purpose, &bytes)?,
                        None => return Err(raw.err().unwrap_or(error).into()),
                    },
                }
            }
            Ok(())
        };
        let all = || batches.into_par_iter().try_for_each(each);
        self.packs.at_once(all)
    }
}
