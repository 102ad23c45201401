//! Usage: how much of each pack is needed.

use std::collections::BTreeSet;

use super::Store;
use super::error::Error;
use super::frame::Part;
use super::objects::{ByDigest, Objects, Place};
use super::reader::ObjectReader;
use super::scrub::{Digests, GoodFrame};
use crate::model::Digest;

/// A pack with what of it is needed. Sizes are bytes as stored; of a frame, each object counts by its share of the
/// plain bytes.
#[derive(Debug)]
pub(crate) struct Usage {
    /// Its name.
    pub(crate) name: String,
    /// What it takes.
    pub(crate) size: u64,
    /// When it was written, in seconds since 1970.
    pub(crate) written: i64,
    /// How much of it is needed.
    pub(crate) live: u64,
    /// How much of it is not needed.
    pub(crate) dead: u64,
    /// How many objects of it are not needed.
    pub(crate) dead_objects: u64,
    /// The frames with something that is needed.
    pub(crate) frames: Vec<GoodFrame>,
    /// The objects that are needed and of which this pack has the copy to keep: they go nowhere unless it brings them
    /// along.
    pub(crate) keeps: Vec<Digest>,
}

impl Usage {
    /// Compares each pack with what is needed. Of an object that lies in several packs, one good copy is needed.
    /// Nothing is told of packs that are looked past.
    pub(crate) fn measure(
        store: &Store,
        needed: &Digests,
        past: &BTreeSet<String>,
    ) -> Result<Vec<Self>, Error> {
        let good = good_copies(&store.objects, needed);
        let mut seen = Digests::default();
        let mut found = Vec::new();
        let listed = store.packs.list()?.into_iter();
        for pack in listed.filter(|pack| !past.contains(&pack.name)) {
            let (name, size) = (pack.name, pack.size);
            let table = if store.is_of_bucket() {
                // Nothing there can be had alone and repaired, so what is left of a damaged pack is carried over.
                store.packs.table_of_rest(&name, size)?
            } else {
                store.packs.read_table(&name, size)?.0
            };
            let mut usage = Self {
                written: pack.written,
                name,
                size,
                live: 0,
                dead: 0,
                dead_objects: 0,
                frames: Vec::new(),
                keeps: Vec::new(),
            };
            for (place, parts) in table.into_frames() {
                let is_good = |id: &Digest| {
                    let copy = good.get(id);
                    copy.is_none_or(|(pack, at)| *pack == usage.name && *at == place.offset)
                };
                let live = |part: &&Part| {
                    needed.contains(&part.id) && is_good(&part.id) && seen.insert(part.id)
                };
                let lives: Vec<&Part> = parts.iter().filter(live).collect();
                let plain: u64 = lives.iter().map(|part| u64::from(part.len)).sum();
                let share = if lives.len() == parts.len() {
                    u64::from(place.len)
                } else {
                    u64::from(place.len) * plain / u64::from(place.raw_len.max(1))
                };
                usage.live += share;
                usage.dead += u64::from(place.len) - share;
                usage.dead_objects += (parts.len() - lives.len()) as u64;
                usage.keeps.extend(lives.iter().map(|part| part.id));
                if !lives.is_empty() {
                    usage.live = usage.live.max(1);
                    usage.frames.push(GoodFrame { place, parts });
                }
            }
            found.push(usage);
        }
        Ok(found)
    }
}

/// Of each needed object that lies in several packs, the copy to keep, by its pack and the offset of its frame. It is
/// the first that can be read: another one may be damaged without anybody having noticed yet.
fn good_copies(reader: &ObjectReader, needed: &Digests) -> ByDigest<(String, u64)> {
    let doubled: Vec<(Digest, Vec<Place>)> = {
        let objects = reader.known();
        let all = objects.iter().flat_map(Objects::doubled);
        let mut all: Vec<_> = all
            .filter(|(id, _)| needed.contains(id))
            .map(|(id, places)| (*id, places))
            .collect();
        // Objects of one frame come together, so that it is read once.
        let order = |places: &[Place]| places.first().map(|one| (one.pack, one.frame));
        all.sort_unstable_by_key(|(_, places)| order(places));
        all
    };
    let copy = |(id, places): (Digest, Vec<Place>)| {
        let readable = places
            .iter()
            .find(|place| reader.read_only_place(place).is_ok());
        let place = readable.or(places.first())?;
        let objects = reader.known();
        let (pack, frame) = objects.as_ref()?.frame(place.pack, place.frame)?;
        Some((id, (pack.to_owned(), frame.offset)))
    };
    doubled.into_iter().filter_map(copy).collect()
}
