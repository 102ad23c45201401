//! FIFOs, sockets, devices, set-id bits and file capabilities: recorded, and made anew only when asked for. What of
//! these stands in the live tree goes over into the new one as it is, since that gives nobody a new right.

use std::collections::HashSet;

use super::reused::Reused;
use crate::disk::meta::restorable;
use crate::model::shortfall::Shortfall;
use crate::model::{Entry, Lack, Manifest, Node, RelPath, Special};
use crate::monitor::{EntryWarning, Monitor, Silent};

/// What a replacement may do with them.
#[derive(Clone, Copy)]
pub(crate) struct Specials<'a> {
    /// What stands there now.
    pub(crate) live: &'a Manifest,
    /// Whether what stands there may stand in the new tree: it shares inodes with the old one, or is the old one,
    /// changed in place.
    pub(crate) may_link: bool,
    /// Whether they are made anew.
    pub(crate) preserve: bool,
}

impl Specials<'_> {
    /// The same tree without what will not be in the new one; and what that is, which the outcome tells.
    pub(crate) fn admitted(&self, target: Manifest) -> (Manifest, Shortfall) {
        let mut left = Shortfall::default();
        let mut entries = target.into_entries();
        entries.retain_mut(|entry| self.admits(entry, &mut left));
        (Manifest::new(entries), left)
    }

    fn admits(&self, entry: &mut Entry, left: &mut Shortfall) -> bool {
        let there = self.live.get(&entry.path).filter(|_| self.may_link);
        if there == Some(entry) {
            return true;
        }
        let is_kept = !(self.preserve && matches!(entry.node, Node::File { .. }));
        if let Some(there) = there.filter(|there| is_kept && stands_for(there, entry)) {
            *entry = there.clone();
            return true;
        }
        let name = entry.node.type_name().to_owned();
        let had_rights = restorable(entry, self.preserve) != entry.meta;
        let is_made = make_anew(entry, self.preserve, &Silent::default());
        if !is_made {
            left.add(Lack::Special { name }, &entry.path);
        } else if had_rights {
            left.add(Lack::Rights, &entry.path);
        }
        is_made
    }
}

/// Whether what stands there is what was saved. A service makes its socket anew at each start, and a FIFO has another
/// time after each use: the one that stands there is the one in use. A device must be the very same, with the same
/// rights; and so must a file that gives rights to whoever runs it, whatever its time.
pub(crate) fn stands_for(there: &Entry, saved: &Entry) -> bool {
    let rights = |entry: &Entry| (entry.meta.mode, entry.meta.uid, entry.meta.gid);
    let is_same = || there.node == saved.node && rights(there) == rights(saved);
    match saved.node {
        Node::Special(Special::Socket | Special::Fifo) => there.node == saved.node,
        Node::Special(_) => is_same(),
        Node::File { .. } => {
            is_same()
                && there.meta.xattrs == saved.meta.xattrs
                && restorable(saved, false) != saved.meta
        }
        _ => false,
    }
}

/// Whether an entry may be made anew; what of it may not is taken from it.
pub(crate) fn make_anew(entry: &mut Entry, preserve: bool, monitor: &dyn Monitor) -> bool {
    if let Node::Special(special) = &entry.node
        && (!preserve || matches!(special, Special::Socket))
    {
        let warning = EntryWarning::NotMade {
            path: &entry.path,
            type_name: entry.node.type_name(),
        };
        monitor.warn(warning.into());
        return false;
    }
    let meta = restorable(entry, preserve);
    if meta != entry.meta {
        monitor.warn(EntryWarning::PrivilegesLeftOut(&entry.path).into());
        entry.meta = meta;
    }
    true
}

/// The same for entries that are written afresh though they stood as they were saved, since their group of hard links
/// is.
pub(crate) fn admit_written(
    target: &mut Manifest,
    written: &HashSet<RelPath>,
    preserve: bool,
    monitor: &dyn Monitor,
) {
    let mut entries = std::mem::take(target).into_entries();
    entries.retain_mut(|entry| {
        let is_written = entry.node != Node::Dir && written.contains(&entry.path);
        !is_written || make_anew(entry, preserve, monitor)
    });
    *target = Manifest::new(entries);
}

/// The same for entries that could not be taken over after all, since they changed meanwhile.
pub(crate) fn admit_reused(
    target: &mut Manifest,
    taken: &mut Reused,
    preserve: bool,
    monitor: &dyn Monitor,
) {
    taken.retain(target, |entry, state| {
        state.is_some() || make_anew(entry, preserve, monitor)
    });
}
