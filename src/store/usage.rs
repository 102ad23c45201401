//! Usage: how much of each pack is needed.

use super::Store;
use super::error::Error;
use super::files::Area;
use super::frame::Part;
use super::pack::FramePlace;
use super::scrub::{Digests, GoodFrame};

/// A pack with what of it is needed. Sizes are bytes as stored; of a frame, each object counts by its share of the plain bytes.
#[derive(Debug)]
pub(crate) struct Usage {
    /// Its name.
    pub(crate) name: String,
    /// What it takes.
    pub(crate) size: u64,
    /// When it was written, in seconds since 1970.
    pub(crate) written: i64,
    /// What is needed of it,
    pub(crate) live: u64,
    /// and what is not.
    pub(crate) dead: u64,
    /// How many objects of it are not needed.
    pub(crate) dead_objects: u64,
    /// The frames with something that is needed.
    pub(crate) frames: Vec<GoodFrame>,
}

impl Store {
    /// Compares each pack with what is needed. Of an object that lies in several packs, one copy is needed.
    pub(crate) fn usage(&self, needed: &Digests) -> Result<Vec<Usage>, Error> {
        let mut seen = Digests::default();
        let mut found = Vec::new();
        for (name, size) in self.files.list(Area::Packs)? {
            let (table, _) = self.read_table(&name, size)?;
            let mut frames: Vec<(FramePlace, Vec<Part>)> = table
                .frames
                .into_iter()
                .map(|place| (place, Vec::new()))
                .collect();
            for row in table.rows {
                frames[row.frame as usize].1.push(row.part);
            }
            let mut usage = Usage {
                written: self.files.written(Area::Packs, &name)?,
                name,
                size,
                live: 0,
                dead: 0,
                dead_objects: 0,
                frames: Vec::new(),
            };
            for (place, parts) in frames {
                let live = |part: &&Part| needed.contains(&part.id) && seen.insert(part.id);
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
