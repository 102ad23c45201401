//! Manifests to trees and back: one tree per directory, from the leaves up.

use super::corrupt::CorruptPart;
use super::error::Error;
use super::packer::Packer;
use super::reader::ObjectReader;
use super::scrub::Digests;
use super::tree::{self, TreeEntry};
use super::wire::Malformed;
use crate::model::extent::{ENTRIES_MAX, Extent};
use crate::model::{Digest, Entry, Manifest, Node, RelPath};

/// No path in a tree is longer; deeper nesting is not a venv but an attack.
const PATH_BYTES_MAX: usize = 64 * 1024;
/// No directory's description is longer: some millions of entries.
pub(super) const TREE_BYTES_MAX: u64 = 256 << 20;

impl Packer<'_> {
    /// Stores the trees of a manifest and returns the name of the topmost, which holds the root directory alone.
    pub(crate) fn add_forest(&self, manifest: &Manifest) -> Result<Digest, Error> {
        // Directories that are still open, from the root down, with what they hold so far.
        let mut open: Vec<(&Entry, Vec<TreeEntry>)> = Vec::new();
        let mut top = Vec::new();
        let mut extent = Extent::default();
        for entry in manifest.entries() {
            extent.add_whole(entry).map_err(|_| Error::TooMuch)?;
            while open
                .last()
                .is_some_and(|(dir, _)| !entry.path.is_within(&dir.path))
            {
                self.close(&mut open, &mut top)?;
            }
            if entry.node == Node::Dir {
                open.push((entry, Vec::new()));
            } else if let Some((_, inside)) = open.last_mut() {
                inside.push(TreeEntry {
                    entry: entry.clone(),
                    subtree: None,
                });
            }
        }
        while !open.is_empty() {
            self.close(&mut open, &mut top)?;
        }
        self.add_tree(tree::encode(&top))
    }

    fn close(
        &self,
        open: &mut Vec<(&Entry, Vec<TreeEntry>)>,
        top: &mut Vec<TreeEntry>,
    ) -> Result<(), Error> {
        if let Some((dir, inside)) = open.pop() {
            let subtree = Some(self.add_tree(tree::encode(&inside))?);
            let into = open.last_mut().map_or(top, |(_, inside)| inside);
            into.push(TreeEntry {
                entry: dir.clone(),
                subtree,
            });
        }
        Ok(())
    }
}

fn no_top(id: &Digest, bad: Malformed) -> Error {
    Error::Corrupt {
        part: CorruptPart::TopTree(*id),
        what: bad.into(),
    }
}

/// The trees of snapshots, read back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trees<'s>(pub(super) &'s ObjectReader);

impl Trees<'_> {
    /// Reads the tree of a directory, of which `extent` counts what it holds.
    pub(super) fn read_tree(
        self,
        id: &Digest,
        dir: &RelPath,
        extent: &mut Extent,
    ) -> Result<Vec<TreeEntry>, Error> {
        let corrupt = |bad: Malformed| Error::Corrupt {
            part: CorruptPart::Tree {
                dir: dir.clone(),
                id: *id,
            },
            what: bad.into(),
        };
        let too_deep = dir.parts().count() > RelPath::LEVELS_MAX;
        // Checked before the read: a tree that many places name would be read for each of them.
        if too_deep || dir.as_bytes().len() > PATH_BYTES_MAX {
            return Err(corrupt(Malformed("it is nested too deep")));
        }
        let bytes = self.0.read_at_most(id, TREE_BYTES_MAX)?;
        tree::decode(&bytes, dir, extent).map_err(corrupt)
    }

    /// The topmost tree holds one entry without a name, the root directory; none where no directory stood.
    pub(super) fn read_root(self, id: &Digest) -> Result<Option<(Entry, Digest)>, Error> {
        let bytes = self.0.read_at_most(id, TREE_BYTES_MAX)?;
        tree::decode_root(&bytes).map_err(|bad| no_top(id, bad))
    }

    /// Reads a whole forest. More than `entries_max` entries are refused, so that a few small trees that name each
    /// other many times cannot take all memory.
    pub(crate) fn manifest(self, root: &Digest, entries_max: u64) -> Result<Manifest, Error> {
        self.manifest_without(root, entries_max, &Digests::default())
    }

    /// The same, leaving out files whose content is missing, and what was in directories whose description is.
    pub(crate) fn manifest_without(
        self,
        root: &Digest,
        entries_max: u64,
        missing: &Digests,
    ) -> Result<Manifest, Error> {
        let entries_max = entries_max.min(ENTRIES_MAX);
        let (entry, subtree) = match self.read_root(root)? {
            Some(root) => root,
            None if entries_max == 0 => return Ok(Manifest::default()),
            None => return Err(no_top(root, Malformed("it holds no directory"))),
        };
        let mut todo = vec![(RelPath::root(), subtree)];
        let mut entries = vec![entry];
        // The number counts the root directory, the extent does not.
        let mut extent = Extent::new(entries_max.saturating_sub(1));
        while let Some((dir, id)) = todo.pop() {
            if missing.contains(&id) {
                continue;
            }
            for TreeEntry { entry, subtree } in self.read_tree(&id, &dir, &mut extent)? {
                if let Some(subtree) = subtree {
                    todo.push((entry.path.clone(), subtree));
                }
                if entry.digest().is_none_or(|id| !missing.contains(&id)) {
                    entries.push(entry);
                }
            }
        }
        Ok(Manifest::new(entries))
    }

    /// Reads of two forests only the directories that differ: the time is that of the difference, not of the whole.
    pub(crate) fn differing(self, a: &Digest, b: &Digest) -> Result<(Manifest, Manifest), Error> {
        let (entry_a, tree_a) = self.read_root(a)?.unzip();
        let (entry_b, tree_b) = self.read_root(b)?.unzip();
        let (mut left, mut right) = (Vec::from_iter(entry_a), Vec::from_iter(entry_b));
        let mut todo = vec![(RelPath::root(), tree_a, tree_b)];
        let (mut extent_a, mut extent_b) = (Extent::default(), Extent::default());
        while let Some((dir, a, b)) = todo.pop() {
            if a == b {
                continue;
            }
            let mut subtrees =
                std::collections::BTreeMap::<RelPath, (Option<Digest>, Option<Digest>)>::new();
            for (id, into, extent, first) in [
                (a, &mut left, &mut extent_a, true),
                (b, &mut right, &mut extent_b, false),
            ] {
                let Some(id) = id else { continue };
                for TreeEntry { entry, subtree } in self.read_tree(&id, &dir, extent)? {
                    if subtree.is_some() {
                        let pair = subtrees.entry(entry.path.clone()).or_default();
                        *(if first { &mut pair.0 } else { &mut pair.1 }) = subtree;
                    }
                    into.push(entry);
                }
            }
            todo.extend(subtrees.into_iter().map(|(path, (a, b))| (path, a, b)));
        }
        Ok((Manifest::new(left), Manifest::new(right)))
    }
}
