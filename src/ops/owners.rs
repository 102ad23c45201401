//! Owners that the user namespace of this process does not know. The system shows the overflow ids in their place,
//! which are nobody's.

use std::collections::BTreeSet;

use crate::disk::namespace::KnownIds;
use crate::model::{Lack, Manifest};
use crate::monitor::{EntryWarning, Monitor};

/// Warns of the entries whose owner is not known here, so that the overflow id is saved instead.
pub(super) fn tell_owners(saved: &Manifest, monitor: &dyn Monitor) {
    let (users, groups) = (KnownIds::users(), KnownIds::groups());
    let entries = saved.entries().iter();
    let mut unknown = entries.filter(|one| !users.have(one.meta.uid) || !groups.have(one.meta.gid));
    if let Some(first) = unknown.next() {
        let (first, count) = (&first.path, 1 + unknown.count());
        monitor.warn(EntryWarning::OwnerUnknown { first, count }.into());
    }
}

/// A saved tree with the ids of this namespace: an id that is not known here, but outside of it, becomes what it is
/// here.
pub(super) fn called_as_here(saved: Manifest) -> Manifest {
    let (users, groups) = (KnownIds::users(), KnownIds::groups());
    if users.are_all() && groups.are_all() {
        return saved;
    }
    let here = |known: &KnownIds, id: u32| {
        let other = Some(id).filter(|id| !known.have(*id));
        other.and_then(|id| known.of_outside(id)).unwrap_or(id)
    };
    let mut entries = saved.into_entries();
    for entry in &mut entries {
        entry.meta.uid = here(&users, entry.meta.uid);
        entry.meta.gid = here(&groups, entry.meta.gid);
    }
    Manifest::new(entries)
}

/// As what owners of a saved tree are shown that are not known here. Nobody here can tell whether a file that is shown
/// so still has the owner that was saved, and nobody here can give it that owner.
pub(super) fn unknown_here(saved: &Manifest) -> Vec<Lack> {
    let (users, groups) = (KnownIds::users(), KnownIds::groups());
    if users.are_all() && groups.are_all() {
        return Vec::new();
    }
    let (user, group) = KnownIds::overflow();
    // A tree that was saved outside has the ids of outside, even if the same numbers are somebody else's here.
    let shown = |known: &KnownIds, id: u32, overflow: u32| match known.of_outside(id) {
        Some(_) => None,
        None => Some(overflow),
    };
    let owners = saved.entries().iter();
    let owners: BTreeSet<(u32, u32)> = owners.map(|one| (one.meta.uid, one.meta.gid)).collect();
    let mut lacks = Vec::new();
    for of @ (uid, gid) in owners {
        let users = [Some(uid), shown(&users, uid, user)];
        let groups = [Some(gid), shown(&groups, gid, group)];
        for held in users.iter().flatten() {
            let helds = groups.iter().flatten().map(|gid| (*held, *gid));
            lacks.extend(
                helds
                    .filter(|held| *held != of)
                    .map(|held| Lack::Owner { of, held }),
            );
        }
    }
    lacks
}
