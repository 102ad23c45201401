//! Owners that the user namespace of this process does not know. The system shows the overflow ids in their place,
//! which are nobody's.

use std::collections::BTreeSet;

use crate::disk::namespace::KnownIds;
use crate::model::acl::{self, Whose};
use crate::model::{Lack, Manifest, Meta};
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
    let mut unknown = saved
        .entries()
        .iter()
        .filter(|one| names_unknown(&one.meta));
    if let Some(first) = unknown.next() {
        let (first, count) = (&first.path, 1 + unknown.count());
        monitor.warn(EntryWarning::NamedUnknown { first, count }.into());
    }
}

/// Whether an access list names somebody who is not known here.
fn names_unknown(meta: &Meta) -> bool {
    let lists = meta.xattrs.iter().filter(|(name, _)| acl::is_list(name));
    let mut ids = lists.flat_map(|(_, list)| acl::ids(list));
    ids.any(|(_, id)| id == acl::UNKNOWN)
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
        let lists = entry.meta.xattrs.iter_mut();
        for (_, list) in lists.filter(|(name, _)| acl::is_list(name)) {
            *list = acl::with_ids(list, |whose, id| {
                let known = match whose {
                    Whose::User => &users,
                    Whose::Group => &groups,
                };
                Some(here(known, id))
                    .filter(|id| known.have(*id))
                    .unwrap_or(acl::UNKNOWN)
            });
        }
    }
    Manifest::new(entries)
}

/// Attributes of a saved tree that this process does not see, or cannot give: `trusted.*` is for root of the system
/// alone, and a list that names somebody who is not known here can be given to nothing.
pub(super) fn unseen_here(saved: &Manifest) -> Vec<Lack> {
    let is_root = rustix::process::geteuid().is_root() && KnownIds::users().are_all();
    let entries = saved.entries().iter();
    let attributes =
        entries.flat_map(|entry| entry.meta.xattrs.iter().map(move |(name, _)| (entry, name)));
    let unseen = attributes.filter(|(entry, name)| {
        !is_root && name.starts_with(b"trusted.")
            || acl::is_list(name) && names_unknown(&entry.meta)
    });
    let names: BTreeSet<&[u8]> = unseen.map(|(_, name)| name.as_slice()).collect();
    let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    names
        .into_iter()
        .map(|one| Lack::Xattr { name: name(one) })
        .collect()
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
