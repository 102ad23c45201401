//! How much a forest may hold, counted entry by entry before memory is taken (promise 8). The same limits hold for what
//! is written, read and imported (docs/format.md, "Tree"): so what can be exported can be imported.

use super::entry::{Entry, Meta, Node};
use super::path::RelPath;

/// More than a forest may hold, with what there is too much of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TooMuch(pub(crate) &'static str);

/// How many entries a snapshot may hold, whatever its file says.
pub(crate) const ENTRIES_MAX: u64 = 2_000_000;
/// How many bytes the paths, attributes and texts of a snapshot may take together, beyond `EACH_BYTES` of each entry.
/// Without this limit a few small trees that are named again and again could take all memory. What an entry leaves of
/// its share goes to no other entry: so the sum does not depend on the order of directories, in which a reader differs
/// from the writer.
pub(crate) const BYTES_MAX: u64 = 128 << 20;
/// The share of each entry, in bytes, that is not counted.
const EACH_BYTES: u64 = 256;

/// What was counted so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    entries_max: u64,
    entries: u64,
    /// Bytes of the entry that was added last.
    entry_bytes: u64,
    /// Bytes that all entries take beyond their shares.
    bytes: u64,
}

impl Default for Extent {
    fn default() -> Self {
        Self::new(ENTRIES_MAX)
    }
}

impl Extent {
    pub(crate) fn new(entries_max: u64) -> Self {
        Self {
            entries_max,
            entries: 0,
            entry_bytes: 0,
            bytes: 0,
        }
    }

    /// Whether more was counted than there may be, so that whatever comes next is too much as well.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.entries > self.entries_max || self.bytes > BYTES_MAX
    }

    /// Counts an entry by its path. What is counted from then on is that entry's.
    pub(crate) fn add(&mut self, path: &RelPath) -> Result<(), TooMuch> {
        self.entries += 1;
        self.entry_bytes = 0;
        if self.entries > self.entries_max {
            return Err(TooMuch("it holds more entries than a snapshot may"));
        }
        self.add_bytes(path.as_bytes().len())
    }

    /// Counts an attribute.
    pub(crate) fn add_attribute(&mut self, name: &[u8], value: &[u8]) -> Result<(), TooMuch> {
        self.add_bytes(Meta::attribute_len(name, value))
    }

    /// Counts the text of a link or the like.
    pub(crate) fn add_bytes(&mut self, len: usize) -> Result<(), TooMuch> {
        let left = EACH_BYTES.saturating_sub(self.entry_bytes);
        self.entry_bytes = self.entry_bytes.saturating_add(len as u64);
        self.bytes = self.bytes.saturating_add((len as u64).saturating_sub(left));
        if self.bytes > BYTES_MAX {
            return Err(TooMuch(
                "its names and attributes take more than 128 MiB beyond 256 bytes of each entry",
            ));
        }
        Ok(())
    }

    /// Counts an entry with all that it has.
    pub(crate) fn add_whole(&mut self, entry: &Entry) -> Result<(), TooMuch> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Manifest, Time};

    /// So many entries with paths of a length.
    fn entries(count: u64, len: usize) -> impl Iterator<Item = Entry> {
        (0..count).map(move |n| {
            let mut path = format!("{n:08}").into_bytes();
            path.extend(b"/x".repeat(len).iter().take(len - path.len()));
            Entry {
                path: RelPath::new(&path).unwrap(),
                meta: Meta {
                    mode: 0,
                    uid: 0,
                    gid: 0,
                    mtime: Time { secs: 0, nanos: 0 },
                    xattrs: Vec::new(),
                },
                node: Node::Dir,
            }
        })
    }

    fn fit(entries: impl Iterator<Item = Entry>) -> bool {
        let mut extent = Extent::default();
        entries
            .into_iter()
            .all(|one| extent.add_whole(&one).is_ok())
    }

    #[test]
    fn whether_a_forest_is_too_large_does_not_hang_on_the_order_of_its_directories() {
        // Short paths lent what they did not take to those that came after them, so that a save could be acknowledged
        // that no restore would read.
        let each = 4096 - EACH_BYTES;
        for (long, fits) in [(BYTES_MAX / each, true), (BYTES_MAX / each + 1, false)] {
            let (long, short) = (|| entries(long, 4096), || entries(200_000, 20));
            assert_eq!(fit(long().chain(short())), fits);
            assert_eq!(fit(short().chain(long())), fits);
        }
    }

    #[test]
    fn every_part_of_an_entry_counts() {
        let manifest = Manifest::new(entries(1, 200).collect());
        let entry = &manifest.entries()[0];
        let mut extent = Extent::default();
        for _ in 0..3 {
            extent.add_whole(entry).unwrap();
            extent.add_attribute(&[b'n'; 100], &[]).unwrap();
        }
        let beyond = Meta::attribute_len(&[b'n'; 100], &[]) as u64 + 200 - EACH_BYTES;
        assert_eq!(extent.bytes, 3 * beyond);
    }
}
