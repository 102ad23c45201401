//! Differences in the words of packages: who owns what, what was upgraded, what is damage.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefMutIterator, ParallelIterator};

use super::contents::{TEXT_MAX, bytes};
use super::sides::Sides;
use crate::diagnose::{Packages, classify_directories};
use crate::model::{Change, Class, Entry, Manifest, Node, PackageChange, RelPath};
use crate::python::dist::{Dists, Hash, Read, Record, Row};
use crate::store::Store;
use crate::tree::hash::{hash_file, read_file};
use crate::tree::lead::{read_led, target};

/// What is installed on both sides of a comparison.
pub(super) struct Installed {
    pub(super) expected: Dists,
    pub(super) actual: Dists,
}

impl Installed {
    /// Reads what is installed. A file that is the same on both sides is read from the live one, which is faster.
    pub(super) fn read(sides: &Sides<'_>, before: &Path, after: &Path) -> Self {
        let actual = |path: &RelPath| actual(sides, path);
        let expected = |path: &RelPath| expected(sides, path);
        let actual = Dists::read(sides.actual, bytes(after), &actual);
        // Most RECORDs are the same on both sides, and are held once.
        let lists = actual.all.iter().filter(|dist| dist.unread.is_empty());
        let lists: HashMap<&RelPath, &Arc<Record>> = lists
            .filter_map(|dist| dist.record.as_ref().map(|(path, list)| (path, list)))
            .collect();
        let digest =
            |manifest: &Manifest, path: &RelPath| manifest.get(path).and_then(Entry::digest);
        let known = |path: &RelPath| {
            let is_same = digest(sides.expected, path) == digest(sides.actual, path);
            let list = lists.get(path).filter(|_| is_same && before == after);
            list.map(|list| Arc::clone(list))
        };
        let expected = Dists::read_with(sides.expected, bytes(before), &expected, &known);
        Self { expected, actual }
    }

    /// What an installer wrote in the live tree and could not be read, though the scan could.
    pub(super) fn unread(&self) -> impl Iterator<Item = &RelPath> {
        self.actual.all.iter().flat_map(|dist| &dist.unread)
    }

    /// The comparison itself.
    pub(super) fn compare<'a>(&'a self, sides: &'a Sides<'_>) -> Packages<'a> {
        let agrees = |row: &Row| agrees(sides, row);
        let packages = Packages::new(
            (&self.expected, sides.expected),
            (&self.actual, sides.actual),
            &agrees,
        );
        // A snapshot without packages was taken as it is on purpose.
        match sides.live {
            Some(_) => packages.none_removed_with_all(),
            None => packages,
        }
    }
}

/// Names the owner of each change and gives it its class. Returns what became of packages.
pub(super) fn classify(
    sides: &Sides<'_>,
    packages: &Packages<'_>,
    changes: &mut Vec<Change>,
) -> Vec<PackageChange> {
    let agrees = |row: &Row| agrees(sides, row);
    let read = |path: &RelPath| actual(sides, path);
    changes.par_iter_mut().for_each(|change| {
        change.package = packages.owner(&change.path).map(str::to_owned);
        change.class = packages.class(change, &agrees);
        excuse(packages, change, &read);
    });
    let mut convicted = packages.convicted(&agrees);
    convicted.retain(|change| packages.normal_use(change, &read).is_none());
    let of = |path: &RelPath| convicted.binary_search_by(|one| one.path.cmp(path)).is_ok();
    changes.retain(|change| !of(&change.path));
    changes.extend(convicted);
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    classify_directories(changes);
    packages.changes(changes)
}

/// Makes drift of what comes of normal use.
fn excuse(packages: &Packages<'_>, change: &mut Change, read: Read<'_>) {
    change.detail.normal_use = packages.normal_use(change, read);
    if change.detail.normal_use.is_some() {
        change.class = Class::Drift;
    }
}

fn size_of(manifest: &Manifest, path: &RelPath) -> Option<u64> {
    manifest.get(path)?.size()
}

fn actual(sides: &Sides<'_>, path: &RelPath) -> Option<Vec<u8>> {
    match sides.live {
        // What cannot be read a second time may be in the store.
        Some(root) => read_file(root, path, TEXT_MAX)
            .or_else(|| stored(sides, sides.actual, path))
            .or_else(|| read_led(&target(sides.actual, root.path(), path)?, TEXT_MAX)),
        None => stored(sides, sides.actual, path),
    }
}

fn expected(sides: &Sides<'_>, path: &RelPath) -> Option<Vec<u8>> {
    // What lies behind a link is not saved: both sides have what the link leads to now.
    if let Some(to) = sides
        .live
        .and_then(|root| target(sides.expected, root.path(), path))
    {
        return read_led(&to, TEXT_MAX);
    }
    let digest = sides.expected.get(path)?.digest()?;
    if let Some(content) = sides.adapted.get(path) {
        return Some(content.clone());
    }
    let same = sides
        .actual
        .get(path)
        .is_some_and(|entry| entry.digest() == Some(digest));
    let live = sides.live.filter(|_| same);
    live.and_then(|root| read_file(root, path, TEXT_MAX))
        .or_else(|| stored(sides, sides.expected, path))
}

fn stored(sides: &Sides<'_>, manifest: &Manifest, path: &RelPath) -> Option<Vec<u8>> {
    let entry = manifest.get(path)?;
    if size_of(manifest, path)? > TEXT_MAX {
        return None;
    }
    sides
        .store
        .objects
        .read_at_most(&entry.digest()?, TEXT_MAX)
        .ok()
}

/// Whether the snapshot has a file just as a row says.
pub(super) fn is_saved(sides: &Sides<'_>, row: &Row) -> bool {
    let entry = sides.expected.get(&row.path);
    matches!(row.hash, Hash::Known(..)) && entry.is_some_and(|entry| is_stored(sides, entry, row))
}

/// Whether a file in the store is what a row says; read piece by piece, since libraries may be large.
fn is_stored(sides: &Sides<'_>, entry: &Entry, row: &Row) -> bool {
    let Hash::Known(sum) = &row.hash else {
        return true;
    };
    let (Some(digest), Some(size)) = (entry.digest(), entry.size()) else {
        return false;
    };
    let mut hasher = sum.algorithm().hasher();
    for number in 0..size.div_ceil(Store::PIECE_LEN) {
        match sides.store.objects.read_piece(&digest, number) {
            Ok(piece) => hasher.update(&piece),
            Err(_) => return false,
        }
    }
    *hasher.finalize() == *sum.as_bytes()
}

/// Whether the actual file is what a row says. A row that says nothing is no reason to doubt.
fn agrees(sides: &Sides<'_>, row: &Row) -> bool {
    let Some(entry) = sides.actual.get(&row.path) else {
        return false;
    };
    let Node::File { size, .. } = entry.node else {
        return matches!(entry.node, Node::Symlink(_));
    };
    if row.size.is_some_and(|expected| expected != size) {
        return false;
    }
    let Hash::Known(sum) = &row.hash else {
        return true;
    };
    match sides.live {
        Some(root) => hash_file(root, &row.path, sum.algorithm().hasher())
            .is_some_and(|found| found == sum.as_bytes()),
        None => is_stored(sides, entry, row),
    }
}
