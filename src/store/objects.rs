//! Where every object lies: the tables of all packs, in memory.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::frame::Part;
use super::pack::{FramePlace, Table};
use crate::model::Digest;

/// A digest is as good as random already: its first bytes are the hash.
#[derive(Default)]
pub(crate) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
    // The length that the standard library writes before an array says nothing.
    fn write_usize(&mut self, _: usize) {}
}

/// A map by digest.
pub(crate) type ByDigest<T> = HashMap<Digest, T, BuildHasherDefault<FirstBytes>>;

/// A place that is found by the name of its object, which it holds: a map would hold that twice, for a million objects.
#[derive(Debug)]
struct ByName(Place);

impl Borrow<Digest> for ByName {
    fn borrow(&self) -> &Digest {
        &self.0.part.id
    }
}

impl Hash for ByName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.part.id.hash(state);
    }
}

impl PartialEq for ByName {
    fn eq(&self, other: &Self) -> bool {
        self.0.part.id == other.0.part.id
    }
}

impl Eq for ByName {}

/// Where an object lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// Number of the pack among those loaded.
    pub(crate) pack: u32,
    /// Number of the frame in the pack.
    pub(crate) frame: u32,
    /// Where in the frame.
    pub(crate) part: Part,
}

/// One pack.
#[derive(Debug)]
struct Pack {
    name: String,
    frames: Vec<FramePlace>,
    /// Whether it was found damaged.
    suspect: bool,
}

/// All objects of a store.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    packs: Vec<Pack>,
    /// Whether one of them was found damaged.
    suspects: bool,
    places: HashSet<ByName, BuildHasherDefault<FirstBytes>>,
    /// Further places of objects that lie in more than one pack.
    spare: ByDigest<Vec<Place>>,
    /// Whether only summaries told of the packs, so that some may be gone and others be there.
    pub(super) only_told: bool,
}

impl Objects {
    /// Makes room for so many objects at once.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.places.reserve(count);
    }

    /// Adds what a pack holds. An object that is known already keeps its first place, and gets a spare one.
    pub(crate) fn add(&mut self, name: String, table: Table) {
        self.take(name, table, false);
    }

    /// The same of a pack that was found damaged: what lies elsewhere as well is looked for there first.
    pub(crate) fn add_suspect(&mut self, name: String, table: Table) {
        self.take(name, table, true);
    }

    fn take(&mut self, name: String, table: Table, suspect: bool) {
        let pack = self.packs.len() as u32;
        self.packs.push(Pack {
            name,
            frames: table.frames,
            suspect,
        });
        self.suspects |= suspect;
        self.places.reserve(table.rows.len());
        for row in table.rows {
            let place = Place {
                pack,
                frame: row.frame,
                part: row.part,
            };
            // Hardly any object lies in two packs, and to look first would be to look twice.
            if self.places.insert(ByName(place)) {
                continue;
            }
            let spare = match self.place_of(&row.part.id) {
                Some(first) if !suspect && self.is_suspect(&first) => {
                    self.places.replace(ByName(place));
                    first
                }
                _ => place,
            };
            self.spare.entry(row.part.id).or_default().push(spare);
        }
    }

    /// The packs that are known.
    pub(super) fn packs(&self) -> impl Iterator<Item = &str> {
        self.packs.iter().map(|pack| pack.name.as_str())
    }

    /// Takes those packs for damaged from now on of which `is_bad` says so.
    pub(super) fn condemn(&mut self, is_bad: impl Fn(&str) -> bool) {
        for pack in &mut self.packs {
            pack.suspect |= is_bad(&pack.name);
            self.suspects |= pack.suspect;
        }
    }

    fn is_suspect(&self, place: &Place) -> bool {
        let pack = self.packs.get(place.pack as usize);
        pack.is_some_and(|pack| pack.suspect)
    }

    /// Whether a pack was found damaged.
    pub(crate) fn has_suspects(&self) -> bool {
        self.suspects
    }

    /// Whether an object lies in a pack that was not found damaged.
    pub(crate) fn vouch(&self, id: &Digest) -> bool {
        let is_sound = |place: &Place| !self.is_suspect(place);
        let elsewhere = || self.spare.get(id).into_iter().flatten().any(is_sound);
        self.place_of(id)
            .is_some_and(|first| is_sound(&first) || elsewhere())
    }

    /// Takes objects for lost, since no copy of them can be read.
    pub(crate) fn disown<'a>(&mut self, ids: impl IntoIterator<Item = &'a Digest>) {
        for id in ids {
            self.places.remove(id);
            self.spare.remove(id);
        }
    }

    /// All places of an object.
    pub(super) fn all_places(&self, id: &Digest) -> Vec<Place> {
        let spare = self.spare.get(id).into_iter().flatten();
        self.place_of(id)
            .into_iter()
            .chain(spare.copied())
            .collect()
    }

    /// The objects that lie in more than one pack, with all their places.
    pub(super) fn doubled(&self) -> impl Iterator<Item = (&Digest, Vec<Place>)> {
        self.spare.iter().map(|(id, spare)| {
            let first = self.place_of(id).into_iter();
            (id, first.chain(spare.iter().copied()).collect())
        })
    }

    /// Where an object lies.
    pub(crate) fn place_of(&self, id: &Digest) -> Option<Place> {
        self.places.get(id).map(|found| found.0)
    }

    /// The name of a pack and where one of its frames lies.
    pub(crate) fn frame(&self, pack: u32, frame: u32) -> Option<(&str, FramePlace)> {
        let pack = self.packs.get(pack as usize)?;
        Some((&pack.name, *pack.frames.get(frame as usize)?))
    }

    /// How many objects are known.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::frame::ObjectKind;
    use crate::store::pack::Row;

    /// The table of a pack with one object.
    fn table(id: Digest) -> Table {
        let part = Part {
            id,
            kind: ObjectKind::Blob,
            segment: 0,
            start: 0,
            len: 1,
        };
        let place = FramePlace {
            offset: 16,
            len: 1,
            raw_len: 1,
        };
        Table {
            frames: vec![place],
            rows: vec![Row { frame: 0, part }],
        }
    }

    #[test]
    fn an_object_is_vouched_for_by_each_pack_that_was_not_found_damaged() {
        let id = Digest::of(b"x");
        let vouched = |damaged: &[&str]| {
            let mut objects = Objects::default();
            objects.add("one".to_owned(), table(id));
            objects.add("two".to_owned(), table(id));
            objects.condemn(|name| damaged.contains(&name));
            objects.vouch(&id)
        };
        assert!(vouched(&[]) && vouched(&["one"]) && vouched(&["two"]));
        assert!(!vouched(&["one", "two"]));
    }
}
