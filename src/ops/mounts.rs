//! What something is mounted over is never looked at and stays as it stands (promise 11): of a tree that is expected it
//! is left out.

use std::collections::BTreeMap;

use crate::model::shortfall::Shortfall;
use crate::model::{Entry, Lack, Manifest, Node, RelPath};
use crate::monitor::{EntryWarning, Monitor};
use crate::replace::regrouped;

/// The tree that is expected, with all that something is mounted over, now or when it was saved, as it stands in the
/// live tree. Returns it with where something is mounted now.
pub(super) fn leave_mounts(expected: Manifest, live: &Manifest) -> (Manifest, Shortfall) {
    let mut mounts = Shortfall::default();
    let now = live.mounts().map(|entry| &entry.path);
    // Of what lay below a mount nothing is known; that nothing stands there by now is a difference all the same.
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
        // What holds it stays as well.
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

/// Names what a save leaves out for that.
pub(super) fn tell_mounts(saved: &Manifest, monitor: &dyn Monitor) {
    for mount in saved.mounts() {
        monitor.warn(EntryWarning::Mounted(&mount.path).into());
    }
}
