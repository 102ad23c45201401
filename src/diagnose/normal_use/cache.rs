//! Directories that programs fill at run time, and that other package managers keep.

use crate::model::{Manifest, NormalUse, RelPath};

/// Directories of caches, by their names.
const CACHES: [&[u8]; 10] = [
    b"__pycache__",
    b".cache",
    b".pytest_cache",
    b".mypy_cache",
    b".ruff_cache",
    b".hypothesis",
    b".ipynb_checkpoints",
    b".jedi",
    b".numba_cache",
    b".nv",
];
/// What numba writes for `cache=True`: an index, and machine code.
const NUMBA: [&[u8]; 2] = [b".nbi", b".nbc"];
/// The file in each directory of a cache that follows the Cache Directory Tagging Specification.
const TAG: &[u8] = b"CACHEDIR.TAG";
/// Where the package managers of JavaScript keep what they install.
const NODE: &[u8] = b"node_modules";
/// Their lists of what belongs there: beside that directory, or in it.
const LOCKS: [&[u8]; 4] = [
    b"package-lock.json",
    b"npm-shrinkwrap.json",
    b"yarn.lock",
    b"pnpm-lock.yaml",
];

/// What keeps a path that nobody lists, if it is a cache or of another package manager.
pub(super) fn keeper(path: &RelPath, trees: [&Manifest; 2]) -> Option<NormalUse> {
    let dirs: Vec<RelPath> = std::iter::successors(Some(path.clone()), RelPath::parent)
        .filter(|dir| !dir.is_root())
        .collect();
    // The outermost one has the list.
    if let Some(modules) = dirs.iter().rfind(|dir| dir.name() == NODE) {
        let lock = lock_of(modules, trees);
        return Some(NormalUse::Foreign { lock });
    }
    let is_numba = NUMBA.iter().any(|end| path.name().ends_with(end));
    let is_cache = |dir: &RelPath| {
        let tag = dir.join(TAG).ok();
        let is_tagged = |tag: &RelPath| trees.iter().any(|tree| tree.get(tag).is_some());
        CACHES.contains(&dir.name()) || tag.as_ref().is_some_and(is_tagged)
    };
    (is_numba || dirs.iter().any(is_cache)).then_some(NormalUse::Cache)
}

/// The list of what belongs into a directory of modules, where there is one now.
fn lock_of(modules: &RelPath, [_, after]: [&Manifest; 2]) -> Option<RelPath> {
    let beside = LOCKS
        .iter()
        .filter_map(|lock| modules.parent()?.join(lock).ok());
    let hidden = modules.join(b".package-lock.json").ok();
    let mut locks = beside.chain(hidden);
    locks.find(|lock| after.get(lock).is_some())
}
