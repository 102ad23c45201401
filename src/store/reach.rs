//! Reach: every object that snapshots need, and what of it is not to be had.

use std::collections::HashMap;

use super::error::Error;
use super::forest::{TREE_BYTES_MAX, Trees};
use super::objects::ByDigest;
use super::reader::ObjectReader;
use super::scrub::Digests;
use super::tree::TreeEntry;
use crate::model::extent::Extent;
use crate::model::{Digest, Entry, Node, RelPath, Snapshot};

/// What some snapshots need.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// Every object: trees, files, segments, documents.
    pub(crate) needed: Digests,
    /// Those of them that cannot be had.
    pub(crate) missing: Digests,
    /// Whether a tree is among them, so that nobody knows what else was needed.
    pub(crate) blind: bool,
    /// Trees at or below which something is missing.
    hurt: Digests,
}

/// What is missing at a place of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gap {
    /// The content of a file.
    File,
    /// All that a directory holds.
    Directory,
    /// What was known beyond bytes: audit, packages, diagnosis. The tree is whole without it.
    Document,
}

/// A place in a snapshot that cannot be restored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hole {
    /// Where; the root for a document.
    pub path: RelPath,
    /// What of it.
    pub gap: Gap,
    /// The object that is not to be had.
    pub object: Digest,
}

impl Reach {
    /// Walks the trees of snapshots, each tree once. `good` tells whether an object can be had; trees are read as well.
    pub(crate) fn walk<'a>(
        objects: &ObjectReader,
        snapshots: impl IntoIterator<Item = &'a Snapshot>,
        good: impl Fn(&Digest) -> bool,
    ) -> Result<Self, Error> {
        let mut reach = Self::default();
        let mut above: ByDigest<Vec<Digest>> = HashMap::default();
        let mut todo = Vec::new();
        for snapshot in snapshots {
            if let Some(document) = snapshot.document {
                reach.need(objects, document, &good)?;
            }
            todo.push(snapshot.root);
        }
        // Kept apart from `needed`: a file may have the very bytes of a tree, which has to be walked all the same.
        let mut walked = Digests::default();
        while let Some(tree) = todo.pop() {
            if !walked.insert(tree) {
                continue;
            }
            let entries = if reach.need(objects, tree, &good)? {
                tree_if_good(objects, &tree)?
            } else {
                None
            };
            let Some(entries) = entries else {
                reach.missing.insert(tree);
                reach.hurt.insert(tree);
                reach.blind = true;
                continue;
            };
            for TreeEntry { entry, subtree } in entries {
                if let Some(below) = subtree {
                    above.entry(below).or_default().push(tree);
                    todo.push(below);
                } else if let Node::File { digest, .. } = entry.node
                    && !reach.need(objects, digest, &good)?
                {
                    reach.hurt.insert(tree);
                }
            }
        }
        reach.spread(&above);
        Ok(reach)
    }

    /// Notes that an object is needed, with its segments; tells whether all of that can be had.
    fn need(
        &mut self,
        objects: &ObjectReader,
        id: Digest,
        good: &impl Fn(&Digest) -> bool,
    ) -> Result<bool, Error> {
        if !self.needed.insert(id) {
            return Ok(!self.missing.contains(&id));
        }
        let mut whole = good(&id);
        if whole {
            match objects.segments(&id) {
                Ok(None) => {}
                Ok(Some(list)) => {
                    for segment in list.values() {
                        self.needed.insert(*segment);
                        if !good(segment) {
                            self.missing.insert(*segment);
                            whole = false;
                        }
                    }
                }
                Err(Error::Corrupt { .. } | Error::LostObject(_)) => whole = false,
                Err(error) => return Err(error),
            }
        }
        if !whole {
            self.missing.insert(id);
        }
        Ok(whole)
    }

    /// The places of a snapshot that are hurt, sorted by path. A directory that cannot be read after all is one of
    /// them, and the search goes on beside it. Where the forest holds more than one may (`Extent`), nothing more of it
    /// is read, and each hurt directory that is left counts as such a place.
    pub(crate) fn holes(&self, trees: Trees<'_>, snapshot: &Snapshot) -> Result<Vec<Hole>, Error> {
        self.holes_within(trees, snapshot, Extent::default())
    }

    fn holes_within(
        &self,
        trees: Trees<'_>,
        snapshot: &Snapshot,
        mut extent: Extent,
    ) -> Result<Vec<Hole>, Error> {
        let mut holes = Vec::new();
        let mut hole = |path: &RelPath, gap, object| {
            let path = path.clone();
            holes.push(Hole { path, gap, object });
        };
        if let Some(document) = snapshot.document.filter(|id| self.missing.contains(id)) {
            hole(&RelPath::root(), Gap::Document, document);
        }
        let mut todo = vec![(RelPath::root(), snapshot.root)];
        let mut topmost = true;
        while let Some((dir, id)) = todo.pop() {
            let first = std::mem::take(&mut topmost);
            if !self.hurt.contains(&id) {
                continue;
            }
            if self.missing.contains(&id) || extent.is_exceeded() {
                hole(&dir, Gap::Directory, id);
                continue;
            }
            let read = if first {
                trees.read_root(&id).map(topmost_entries)
            } else {
                trees.read_tree(&id, &dir, &mut extent)
            };
            let entries = match read {
                Err(Error::Corrupt { .. } | Error::LostObject(_)) => {
                    hole(&dir, Gap::Directory, id);
                    continue;
                }
                read => read?,
            };
            for TreeEntry { entry, subtree } in entries {
                if let Some(below) = subtree {
                    todo.push((entry.path, below));
                } else if let Some(lost) = entry.digest().filter(|id| self.missing.contains(id)) {
                    hole(&entry.path, Gap::File, lost);
                }
            }
        }
        holes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(holes)
    }

    /// Whether anything of a snapshot is missing, its document included.
    pub(crate) fn hurts(&self, snapshot: &Snapshot) -> bool {
        let document = snapshot.document;
        self.hurt.contains(&snapshot.root) || document.is_some_and(|id| self.missing.contains(&id))
    }

    /// A tree is hurt by what is hurt below it.
    fn spread(&mut self, above: &ByDigest<Vec<Digest>>) {
        let mut todo: Vec<Digest> = self.hurt.iter().copied().collect();
        while let Some(tree) = todo.pop() {
            for parent in above.get(&tree).into_iter().flatten() {
                if self.hurt.insert(*parent) {
                    todo.push(*parent);
                }
            }
        }
    }
}

fn topmost_entries(root: Option<(Entry, Digest)>) -> Vec<TreeEntry> {
    let entry = |(entry, below)| TreeEntry {
        entry,
        subtree: Some(below),
    };
    Vec::from_iter(root.map(entry))
}

/// The entries of a tree, of whatever place; the topmost one gives the root directory.
fn tree_if_good(objects: &ObjectReader, id: &Digest) -> Result<Option<Vec<TreeEntry>>, Error> {
    let bytes = match objects.read_at_most(id, TREE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(Error::Corrupt { .. } | Error::LostObject(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    if let Ok(root) = super::tree::decode_root(&bytes) {
        return Ok(Some(topmost_entries(root)));
    }
    Ok(super::tree::decode(&bytes, &RelPath::root(), &mut Extent::default()).ok())
}

#[cfg(test)]
mod tests {
    use super::super::Packer;
    use super::super::storage::Area;
    use super::super::tree::encode;
    use super::super::trial::{Trial, snapshot};
    use super::*;
    use crate::model::{Meta, Time};

    fn entry(name: &str, node: Node, subtree: Option<Digest>) -> TreeEntry {
        let meta = Meta {
            mode: 0o755,
            uid: 0,
            gid: 0,
            mtime: Time { secs: 0, nanos: 0 },
            xattrs: Vec::new(),
        };
        let path = RelPath::new(name.as_bytes()).unwrap_or_default();
        let entry = Entry { path, meta, node };
        TreeEntry { entry, subtree }
    }

    fn dir(name: &str, below: Digest) -> TreeEntry {
        entry(name, Node::Dir, Some(below))
    }

    fn add(packer: &Packer<'_>, entries: &[TreeEntry]) -> Digest {
        packer.add_tree(encode(entries)).unwrap()
    }

    fn lost(name: &str) -> TreeEntry {
        let (size, digest) = (4, Digest::of(b"lost"));
        let node = Node::File {
            size,
            digest,
            link_to: None,
        };
        entry(name, node, None)
    }

    #[test]
    fn a_directory_that_cannot_be_walked_hides_no_hole_beside_it() {
        let trial = Trial::new();
        let (store, monitor) = (&trial.store, &trial.monitor);
        let packer = store.packer(monitor).unwrap();
        let holed = add(&packer, &[lost("lost")]);
        let deep =
            (0..=RelPath::LEVELS_MAX).fold(holed, |below, _| add(&packer, &[dir("d", below)]));
        let both = add(&packer, &[dir("a", holed), dir("m", deep), dir("z", holed)]);
        let whole = snapshot(add(&packer, &[dir("", both)]), "");
        // Its topmost tree is one of those below.
        let headless = snapshot(both, "");
        packer.finish().unwrap();
        let snapshots = [&whole, &headless];
        let reach = Reach::walk(&store.objects, snapshots, |id| store.objects.has(id)).unwrap();
        let told = |snapshot| {
            assert!(reach.hurts(snapshot));
            let holes = reach.holes(store.trees(), snapshot).unwrap();
            holes
                .into_iter()
                .map(|hole| (hole.path.to_string(), hole.gap))
                .collect::<Vec<_>>()
        };
        let holes = told(&whole);
        assert_eq!(holes.len(), 3, "{holes:?}");
        assert_eq!(holes[0], ("a/lost".to_owned(), Gap::File));
        assert!(holes[1].0.starts_with("m/d/d") && holes[1].1 == Gap::Directory);
        assert_eq!(holes[2], ("z/lost".to_owned(), Gap::File));
        assert_eq!(
            told(&headless),
            [(RelPath::root().to_string(), Gap::Directory)]
        );
    }
    #[test]
    fn of_a_forest_beyond_measure_nothing_more_is_read() {
        // A few trees that name each other many times were read at every place that was waiting.
        let trial = Trial::new();
        let (store, monitor) = (&trial.store, &trial.monitor);
        let packer = store.packer(monitor).unwrap();
        let early = add(&packer, &[lost("one")]);
        packer.finish().unwrap();
        let packs = store.storage.names(Area::Packs).unwrap();
        let packer = store.packer(monitor).unwrap();
        let long = add(&packer, &[lost("one"), lost("two")]);
        let all = add(&packer, &[dir("a", early), dir("m", early), dir("z", long)]);
        let snapshot = snapshot(add(&packer, &[dir("", all)]), "");
        packer.finish().unwrap();
        let reach = Reach::walk(&store.objects, [&snapshot], |id| store.objects.has(id)).unwrap();
        // Whoever reads it from now on hears that it is not there.
        store.storage.delete(Area::Packs, &packs).unwrap();
        store.objects.forget_frames();
        let within = |entries| reach.holes_within(store.trees(), &snapshot, Extent::new(entries));
        within(5).unwrap_err();
        let holes = within(4).unwrap();
        let told: Vec<_> = holes.iter().map(|hole| hole.path.to_string()).collect();
        assert_eq!(told, ["a", "m", "z"]);
        assert!(holes.iter().all(|hole| hole.gap == Gap::Directory));
    }
}
