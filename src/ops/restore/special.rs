//! FIFOs, sockets, devices, set-id bits and file capabilities: recorded, and made anew only when asked for. What of it stands in
//! the live tree goes over into the new one as it is, since that gives nobody anything.

use std::collections::HashSet;

use super::taken::Taken;
use super::target::Target;
use crate::disk::meta::restorable;
use crate::model::{Entry, Manifest, Node, RelPath, Special};
use crate::monitor::Monitor;

/// What a restore may do with them.
#[derive(Clone, Copy)]
pub(super) struct Specials<'a> {
    /// What stands there now.
    pub(super) live: &'a Manifest,
    /// Whether what stands there may stand in the new tree: it shares inodes with the old one, or is the old one, changed in place.
    pub(super) may_link: bool,
    /// Whether they are made anew.
    pub(super) preserve: bool,
    pub(super) monitor: &'a dyn Monitor,
}

impl Specials<'_> {
    /// The same target without what will not be in the new tree, with a word on each.
    pub(super) fn settle(&self, target: Target) -> Target {
        let entries = target.manifest.into_entries().into_iter();
        let manifest = Manifest::new(entries.filter_map(|entry| self.entry(entry)).collect());
        Target { manifest, ..target }
    }

    fn entry(&self, entry: Entry) -> Option<Entry> {
        let there = self.live.get(&entry.path).filter(|_| self.may_link);
        if matches!(entry.node, Node::Special(_)) {
            let stands = there.filter(|there| stands_for(there, &entry));
            return stands
                .cloned()
                .or_else(|| made_anew(entry, self.preserve, self.monitor));
        }
        if there == Some(&entry) {
            return Some(entry);
        }
        made_anew(entry, self.preserve, self.monitor)
    }
}

/// Whether what stands there is what was saved. A service makes its socket anew at each start, and a FIFO has another time after
/// each use: the one that stands there is the one in use. A device must be the very same, with the same rights.
pub(super) fn stands_for(there: &Entry, saved: &Entry) -> bool {
    let rights = |entry: &Entry| (entry.meta.mode, entry.meta.uid, entry.meta.gid);
    let in_use = matches!(saved.node, Node::Special(Special::Socket | Special::Fifo));
    there.node == saved.node && (in_use || rights(there) == rights(saved))
}

/// What of an entry may be made anew.
pub(super) fn made_anew(mut entry: Entry, preserve: bool, monitor: &dyn Monitor) -> Option<Entry> {
    if let Node::Special(special) = &entry.node
        && (!preserve || matches!(special, Special::Socket))
    {
        let kind = entry.node.type_name();
        monitor.warn(&format!("'{}' is a {kind}; it is not restored", entry.path));
        return None;
    }
    let meta = restorable(&entry.meta, preserve);
    if meta != entry.meta {
        monitor.warn(&format!("'{}' had set-id bits or file capabilities; they are not restored without --preserve-special", entry.path));
        entry.meta = meta;
    }
    Some(entry)
}

/// The same once more for what is written afresh though it stood as it was saved: its group of hard links is.
pub(super) fn settle_written(
    target: &mut Target,
    written: &HashSet<RelPath>,
    preserve: bool,
    monitor: &dyn Monitor,
) {
    let entries = std::mem::take(&mut target.manifest)
        .into_entries()
        .into_iter();
    let settled = entries.filter_map(|entry| {
        if entry.node != Node::Dir && written.contains(&entry.path) {
            made_anew(entry, preserve, monitor)
        } else {
            Some(entry)
        }
    });
    target.manifest = Manifest::new(settled.collect());
}

/// The same once more for what could not be taken over after all: it moved meanwhile.
pub(super) fn settle_taken(
    target: &mut Target,
    taken: Taken,
    preserve: bool,
    monitor: &dyn Monitor,
) -> Taken {
    let entries = std::mem::take(&mut target.manifest).into_entries();
    let mut settled = Vec::with_capacity(entries.len());
    let mut states = Vec::with_capacity(entries.len());
    for (entry, state) in entries.into_iter().zip(taken.into_states()) {
        let entry = match state {
            Some(_) => Some(entry),
            None => made_anew(entry, preserve, monitor),
        };
        if let Some(entry) = entry {
            settled.push(entry);
            states.push(state);
        }
    }
    target.manifest = Manifest::new(settled);
    Taken::new(states)
}
