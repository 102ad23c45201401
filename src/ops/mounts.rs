//! What something is mounted over is never looked at and stays as it stands (promise 11), so it is left out of the tree
//! that is expected.

use std::collections::BTreeMap;

use crate::model::shortfall::Shortfall;
use crate::model::{Entry, Lack, Manifest, Node, RelPath};
use crate::monitor::{EntryWarning, Monitor};
use crate::replace::regrouped;

/// The tree that is expected, but as the live tree is wherever something is mounted over it, now or when it was saved.
/// Returns the places as well where something is mounted now.
pub(super) fn leave_mounts(expected: Manifest, live: &Manifest) -> (Manifest, Shortfall) {
    let mut mounts = Shortfall::default();
    let now = live.mounts().map(|entry| &entry.path);
    // Nothing is known of what lay below a mount when it was saved. If nothing stands there by now, that is a
    // difference all the same.
    let then = expected.mounts().map(|entry| &entry.path);
    let then = then.filter(|path| live.get(path).is_some());
    let all: Vec<RelPath> = now.chain(then).cloned().collect();
    if all.is_empty() {
        return (expected, mounts);
    }
    let is_left = |path: &RelPath| all.iter().any(|mount| path.is_within(mount));
    let saved = expected.into_entries().into_iter();
    let saved = saved.filter(|entry| !is_left(&entry.path));
    let mut entries: BTreeMap<RelPath, (Entry, bool)> = saved
        .map(|entry| (entry.path.clone(), (entry, true)))
        .collect();
    for entry in live.entries().iter().filter(|one| is_left(&one.path)) {
        entries.insert(entry.path.clone(), (entry.clone(), false));
    }
    for mount in live.mounts() {
        mounts.add(Lack::Mount, &mount.path);
        // The directories that hold the mount stay as well.
        for dir in std::iter::successors(mount.path.parent(), RelPath::parent) {
            let is_dir = entries
                .get(&dir)
                .is_some_and(|(one, _)| one.node == Node::Dir);
            if !is_dir && let Some(there) = live.get(&dir) {
                entries.insert(dir, (there.clone(), false));
            }
        }
    }
    (regrouped(entries), mounts)
}

/// Warns of each mount, which a save leaves out.
pub(super) fn tell_mounts(saved: &Manifest, monitor: &dyn Monitor) {
    for mount in saved.mounts() {
        monitor.warn(EntryWarning::Mounted(&mount.path).into());
    }
}
