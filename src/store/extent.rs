//! How much a forest may hold, counted entry by entry before memory is taken (promise 8). What is written and what is read has the same
//! limits (docs/format.md, "Tree").

use super::wire::Malformed;
use crate::model::{Entry, Meta, Node, RelPath};

/// No snapshot of ours holds more entries, whatever its file says.
pub(super) const ENTRIES_MAX: u64 = 2_000_000;
/// What paths, attributes and texts of a snapshot may take together, beside this much for each entry. A few small trees that are named
/// again and again could else take all memory.
const BYTES_MAX: u64 = 128 << 20;
const EACH_BYTES: u64 = 256;

/// What was counted so far.
#[derive(Debug)]
pub(super) struct Extent {
    entries_max: u64,
    entries: u64,
    bytes: u64,
}

impl Default for Extent {
    fn default() -> Self {
        Self::new(ENTRIES_MAX)
    }
}

impl Extent {
    pub(super) fn new(entries_max: u64) -> Self {
        Self {
            entries_max,
            entries: 0,
            bytes: 0,
        }
    }

    /// Counts an entry by its path.
    pub(super) fn add(&mut self, path: &RelPath) -> Result<(), Malformed> {
        self.entries += 1;
        if self.entries > self.entries_max {
            return Err(Malformed("it holds more entries than its snapshot may"));
        }
        self.add_bytes(path.as_bytes().len())
    }

    /// Counts an attribute.
    pub(super) fn add_attribute(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        self.add_bytes(Meta::attribute_len(name, value))
    }

    /// Counts the text of a link or the like.
    pub(super) fn add_bytes(&mut self, len: usize) -> Result<(), Malformed> {
        self.bytes = self.bytes.saturating_add(len as u64);
        if self.bytes > BYTES_MAX + EACH_BYTES * self.entries {
            return Err(Malformed("its paths and attributes are too long"));
        }
        Ok(())
    }

    /// Counts an entry with all that it has.
    pub(super) fn add_whole(&mut self, entry: &Entry) -> Result<(), Malformed> {
        self.add(&entry.path)?;
        for (name, value) in &entry.meta.xattrs {
            self.add_attribute(name, value)?;
        }
        match &entry.node {
            Node::File {
                link_to: Some(first),
                ..
            } => self.add_bytes(first.as_bytes().len()),
            Node::Symlink(target) => self.add_bytes(target.len()),
            Node::Unreadable(reason) => self.add_bytes(reason.len()),
            _ => Ok(()),
        }
    }
}
