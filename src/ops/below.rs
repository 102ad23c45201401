//! Where paths lead that a person names for a machine whose files lie below a directory of this one.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use crate::sweep::Root;

/// Where a path leads that a person gave. Below `root`, which is resolved, links lead where that machine follows them.
pub fn resolve_below(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let is_root = |dir: &&Path| fs::canonicalize(dir).is_ok_and(|dir| dir == root);
    let outermost = path.ancestors().filter(is_root).last();
    let below = outermost.and_then(|dir| path.strip_prefix(dir).ok());
    match below.filter(|below| stays_below(below)) {
        Some(below) => Root(root.to_owned()).led(&root.join(below)),
        None => fs::canonicalize(path),
    }
}

/// Whether a path never goes back to above where it begins.
fn stays_below(path: &Path) -> bool {
    let mut depth = 0_i32;
    path.components().all(|part| {
        depth += if part == Component::ParentDir { -1 } else { 1 };
        depth >= 0
    })
}
