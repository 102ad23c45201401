//! Who else has a name for an inode: an installer that links files from its cache shares their damage with it.

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::model::{Entry, Manifest, Node, RelPath};

/// An inode of a file system: device and number, as the kernel's `stat` gives them.
pub(crate) type Inode = (u64, u64);

/// How many names each group of hard links has inside of a tree, by its first path.
pub(crate) struct Inside<'a>(HashMap<&'a RelPath, u32>);

impl<'a> Inside<'a> {
    /// Counts the names of each group.
    pub(crate) fn new(manifest: &'a Manifest) -> Self {
        let mut groups = HashMap::new();
        for entry in manifest.entries() {
            if let Node::File {
                link_to: Some(first),
                ..
            } = &entry.node
            {
                *groups.entry(first).or_insert(1) += 1;
            }
        }
        Self(groups)
    }

    /// How many of the names of a file are outside of the tree. None of a directory: its links are what lies in it.
    pub(crate) fn elsewhere(&self, entry: &Entry, nlink: u32) -> u32 {
        let first = match &entry.node {
            Node::File {
                link_to: Some(first),
                ..
            } => first,
            Node::File { .. } => &entry.path,
            _ => return 0,
        };
        nlink.saturating_sub(self.0.get(first).copied().unwrap_or(1))
    }
}

/// A cache may be huge; what is not found in this many entries is not found.
const ENTRIES_MAX: usize = 2_000_000;

/// Looks for other names of some inodes below some directories, without following links. The first that is met counts.
pub(crate) fn find_names(dirs: &[PathBuf], wanted: &HashSet<Inode>) -> HashMap<Inode, PathBuf> {
    let mut found = HashMap::new();
    let mut todo: Vec<PathBuf> = dirs.to_vec();
    let mut seen = 0;
    while let Some(dir) = todo.pop() {
        for entry in entries(&dir) {
            seen += 1;
            if seen > ENTRIES_MAX || found.len() == wanted.len() {
                return found;
            }
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                todo.push(entry.path());
            } else if wanted.contains(&(meta.dev(), meta.ino())) {
                let inode = (meta.dev(), meta.ino());
                found.entry(inode).or_insert_with(|| entry.path());
            }
        }
    }
    found
}

fn entries(dir: &Path) -> impl Iterator<Item = std::fs::DirEntry> {
    std::fs::read_dir(dir).into_iter().flatten().flatten()
}
