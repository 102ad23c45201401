//! The inner parts of the store, one by one, for `benches/` (feature `bench`). Nothing here is used by the program.

use std::path::Path;
use std::time::Duration;

use super::corrupt::{CorruptPart, Corruption};
use super::error::Error;
use super::frame::{self, Object, ObjectKind, Part, Sealed};
use super::index::{Index, PackRow};
use super::objects;
use super::pack::{self, FramePlace, Row};
use super::tree::{self, TreeEntry};
use super::unusable::Unusable;
use super::wire::Malformed;
use crate::model::{Digest, Entry, Node, RelPath};

const BUSY: Duration = Duration::from_secs(1);

/// Contents of small files that will share a frame.
#[derive(Debug)]
pub struct Objects(Vec<Object<'static>>);

impl Objects {
    /// Names the contents.
    pub fn new(contents: Vec<Vec<u8>>) -> Self {
        let object = |bytes: Vec<u8>| Object {
            id: Digest::of(&bytes),
            kind: ObjectKind::Blob,
            segment: 0,
            bytes: bytes.into(),
        };
        Self(contents.into_iter().map(object).collect())
    }

    /// Compresses them into a frame, which is decompressed again to be sure of it.
    pub fn seal(&self) -> Result<Frame, Error> {
        Ok(Frame(frame::seal(&self.0)?))
    }
}

/// A frame as a pack holds it.
#[derive(Debug)]
pub struct Frame(Sealed);

impl Frame {
    /// Checks and decompresses it; returns the plain bytes.
    pub fn open(&self) -> Result<Vec<u8>, Error> {
        frame::open(&self.0.header, &self.0.body).map_err(corrupt)
    }

    /// Whether each object in the plain bytes is what its name says.
    pub fn holds(&self, raw: &[u8]) -> bool {
        let is = |part: &Part| {
            raw.get(part.start as usize..)
                .and_then(|rest| rest.get(..part.len as usize))
                .is_some_and(|bytes| part.is(bytes))
        };
        self.0.parts.iter().all(is)
    }
}

/// The table of a pack that was never written.
#[derive(Debug)]
pub struct Table {
    name: String,
    tail: Vec<u8>,
}

impl Table {
    /// One with so many objects, 40 in each frame. Their names depend on `seed` alone.
    pub fn sample(seed: u64, objects: u32) -> Result<Self, Error> {
        const IN_A_FRAME: u32 = 40;
        const LEN: u32 = 25_000;
        let frames = (0..objects.div_ceil(IN_A_FRAME)).map(|number| FramePlace {
            offset: 16 + u64::from(number) * 300_000,
            len: 300_000,
            raw_len: LEN * IN_A_FRAME,
        });
        let row = |number: u32| Row {
            frame: number / IN_A_FRAME,
            part: Part {
                id: Digest::of(&[seed.to_le_bytes(), u64::from(number).to_le_bytes()].concat()),
                kind: ObjectKind::Blob,
                segment: 0,
                start: number % IN_A_FRAME * LEN,
                len: LEN,
            },
        };
        let mut rows: Vec<Row> = (0..objects).map(row).collect();
        rows.sort_unstable_by_key(|row| row.part.id);
        let table = pack::Table {
            frames: frames.collect(),
            rows,
        };
        let tail = table.seal(40 << 20).map_err(Error::Compress)?;
        let name = Digest::of(&tail).to_hex();
        Ok(Self { name, tail })
    }

    fn row(&self) -> PackRow {
        PackRow {
            name: self.name.clone(),
            size: 40 << 20,
            tail: self.tail.clone(),
        }
    }
}

/// Makes an index in a directory and adds the tables in one durable transaction.
pub fn insert(dir: &Path, tables: &[Table]) -> Result<(), Error> {
    let rows: Vec<PackRow> = tables.iter().map(Table::row).collect();
    let mut index = Index::create(dir, BUSY, &[]).map_err(|why| unusable(&why))?;
    index.change_packs(&rows, &[]).map_err(|why| unusable(&why))
}

/// Opens the index of a directory and loads where every object lies. Returns how many objects those are.
pub fn load(dir: &Path) -> Result<usize, Error> {
    let index = Index::open(dir, BUSY).map_err(|why| unusable(&why))?;
    let mut all = objects::Objects::default();
    for row in index.packs().map_err(|why| unusable(&why))? {
        all.add(row.name, pack::Table::open(&row.tail).map_err(corrupt)?);
    }
    Ok(all.len())
}

/// What one directory holds.
#[derive(Debug)]
pub struct Directory {
    path: RelPath,
    entries: Vec<TreeEntry>,
}

impl Directory {
    /// The entries of one directory, in order. Of directories among them the trees get a name that leads nowhere.
    pub fn new(path: RelPath, entries: Vec<Entry>) -> Self {
        let with_subtree = |entry: Entry| TreeEntry {
            subtree: (entry.node == Node::Dir).then(|| Digest::of(entry.path.as_bytes())),
            entry,
        };
        Self {
            path,
            entries: entries.into_iter().map(with_subtree).collect(),
        }
    }

    /// Its tree as it is stored.
    pub fn encode(&self) -> Vec<u8> {
        tree::encode(&self.entries)
    }

    /// Reads such a tree; returns how many entries it has.
    pub fn decode(&self, bytes: &[u8]) -> Result<usize, Error> {
        Ok(tree::decode(
            bytes,
            &self.path,
            &mut crate::model::extent::Extent::default(),
        )
        .map_err(corrupt)?
        .len())
    }
}

fn corrupt(bad: Malformed) -> Error {
    Error::Corrupt {
        part: CorruptPart::NewFrame,
        what: bad.into(),
    }
}

fn unusable(why: &Unusable) -> Error {
    Error::Corrupt {
        part: CorruptPart::NewFrame,
        what: Corruption::Json(format!("{why:?}")),
    }
}
