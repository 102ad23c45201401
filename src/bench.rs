//! The door through which `benches/` reaches the inner parts. It exists only with the feature `bench`, promises
//! nothing, and is not for users: what they need has its own door (`ops`).

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use crate::ops::bench::{Planned, Restoring, Staged};
pub use crate::store::bench::{Directory, Frame, Objects, Table, insert, load};

use crate::disk::rooted::Rooted;
use crate::model::{Entry, Manifest};
use crate::monitor::Silent;
use crate::tree::Error;
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;
use crate::tree::stream::stream;

/// Finds all that lies below a directory: one walk. Returns how many things those are.
pub fn walk(root: &Path) -> Result<usize, Error> {
    Ok(crate::disk::walk::walk(&Rooted::open(root)?)?.len())
}

/// Walks, reads and hashes a tree, and walks it again, as a `diff` does.
pub fn scan(root: &Path) -> Result<Manifest, Error> {
    let root = Rooted::open(root)?;
    let known = StatCache::default();
    let scan = crate::tree::scan::scan(&root, &known, &DigestsOnly, &Silent::default())?;
    Ok(scan.tree.into_manifest())
}

/// Walks a tree of which every file is known by its state, as a `save` of an unchanged venv does.
#[derive(Debug)]
pub struct Known {
    root: Rooted,
    cache: StatCache,
}

impl Known {
    /// Reads the tree once, so that it is known.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let root = Rooted::open(root)?;
        let none = StatCache::default();
        let scan = crate::tree::scan::scan(&root, &none, &DigestsOnly, &Silent::default())?;
        let cache = scan.stat_cache(None);
        Ok(Self { root, cache })
    }

    /// Scans it again; nothing is read.
    pub fn scan(&self) -> Result<usize, Error> {
        let count = AtomicUsize::new(0);
        stream(&self.root, &self.cache, &Silent::default(), &|found| {
            count.fetch_add(found.manifest().entries().len(), Ordering::Relaxed);
        })?;
        Ok(count.into_inner())
    }

    /// Encodes what is known as the index keeps it, and decodes it again. Returns whether both are equal.
    pub fn keep(&self) -> bool {
        StatCache::decode(&self.cache.encode()) == self.cache
    }
}

/// The entries of a manifest by directory, in order, as their trees will hold them.
pub fn directories(manifest: &Manifest) -> Vec<Directory> {
    let mut inside: std::collections::BTreeMap<_, Vec<Entry>> = std::collections::BTreeMap::new();
    for entry in manifest.entries() {
        if let Some(dir) = entry.path.parent() {
            inside.entry(dir).or_default().push(entry.clone());
        }
    }
    inside
        .into_iter()
        .map(|(dir, entries)| Directory::new(dir, entries))
        .collect()
}
