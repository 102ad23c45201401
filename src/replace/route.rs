//! By which way the new tree gets to its place. Decided once; there is one fall-back, from a rename to file by file.

use std::collections::HashSet;
use std::sync::Arc;

use super::error::Bound;
use super::goal::{Goal, How, Live};
use crate::disk::limits::links_are_protected;
use crate::disk::meta::SETGID;
use crate::disk::namespace::KnownIds;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::{Entry, Manifest, Meta, Node, RelPath};
use crate::tree::{Site, Standing};

/// The way, with what only that way needs.
#[derive(Clone, Debug)]
pub(super) enum Route {
    /// Nothing stands there, or an empty directory that gives its place.
    Place { vacate: bool },
    /// The new tree is exchanged with the one that stands there.
    Exchange,
    /// File by file within the tree that stands there.
    InPlace(InPlace),
}

/// A replacement file by file.
#[derive(Clone, Debug)]
pub(super) struct InPlace {
    /// Why the tree cannot be exchanged.
    pub(super) why: Bound,
    /// What lies in staging: all that differs.
    pub(super) staged: HashSet<RelPath>,
    /// Where only a part is replaced: the paths that go since the new tree does not have them. What came later is not
    /// among them.
    pub(super) goes: Option<HashSet<RelPath>>,
}

impl InPlace {
    /// What a replacement in place changes, as far as the trees are known now.
    pub(super) fn plan(why: Bound, goal: &Goal, live: Option<&Live>, how: How) -> Self {
        let entries = live
            .map_or(&[][..], |live| live.scan.manifest().entries())
            .iter();
        let is_extra = |path: &&RelPath| goal.manifest.get(path).is_none();
        let extras = entries.map(|entry| &entry.path).filter(is_extra).cloned();
        Self {
            why,
            staged: goal.differing(live),
            goes: how.part.then(|| extras.collect()),
        }
    }
}

impl Route {
    /// Whether the new tree gets to its place as a whole.
    pub(super) fn is_by_name(&self) -> bool {
        matches!(self, Self::Place { .. } | Self::Exchange)
    }

    /// Which way leads there.
    pub(super) fn choose(place: &Site, goal: &Goal, live: Option<&Live>, how: How) -> Self {
        let Some(there) = live else {
            return match place.standing() {
                Standing::Other => Self::Exchange,
                Standing::Nothing | Standing::Directory => Self::Place { vacate: false },
            };
        };
        let why = if there.scan.manifest().mounts().next().is_some() {
            Some(Bound::HoldsMount)
        } else if holds_uncopiable(goal, there.scan.manifest(), how) {
            Some(Bound::HoldsUncopiable)
        } else if holds_foreign(goal, there.scan.manifest(), how) {
            Some(Bound::HoldsForeign)
        } else {
            bound(place, &there.root)
        };
        match why {
            Some(why) => Self::InPlace(InPlace::plan(why, goal, live, how)),
            None if how.into_empty => Self::Place { vacate: true },
            None => Self::Exchange,
        }
    }
}

/// Whether something in the goal is there already and cannot be built a second time. Only a part keeps such entries
/// in the goal.
fn holds_uncopiable(goal: &Goal, live: &Manifest, how: How) -> bool {
    goal.manifest.entries().iter().any(|entry| {
        let cannot = match entry.node {
            Node::Unreadable(_) => true,
            Node::Special(_) => !how.may_link_special,
            _ => false,
        };
        cannot && live.get(&entry.path) == Some(entry)
    })
}

/// Whether something of another owner stands as it shall be, that this user can neither link into a new tree
/// (`protected_hardlinks`) nor make anew.
fn holds_foreign(goal: &Goal, live: &Manifest, how: How) -> bool {
    let me = Owners::of_process();
    let may_link = how.may_link && !links_are_protected();
    goal.manifest.entries().iter().any(|entry| {
        let is_bound = entry.size().is_none() || !may_link;
        !me.may_give(&entry.meta) && stands(entry, live) && is_bound
    })
}

/// Whether something stands as it shall be; of a directory only its owners count, since the rest can be set.
pub(crate) fn stands(entry: &Entry, live: &Manifest) -> bool {
    let owner = |entry: &Entry| (entry.meta.uid, entry.meta.gid);
    live.get(&entry.path).is_some_and(|there| match entry.node {
        Node::Dir => there.node == Node::Dir && owner(there) == owner(entry),
        _ => there == entry,
    })
}

/// To whom this process can give what it makes.
pub(crate) struct Owners {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
    known: (KnownIds, KnownIds),
}

impl Owners {
    pub(crate) fn of_process() -> Self {
        let groups = rustix::process::getgroups().unwrap_or_default();
        let gid = rustix::process::getegid().as_raw();
        Self {
            uid: rustix::process::geteuid().as_raw(),
            gid,
            groups: groups
                .iter()
                .map(|group| group.as_raw())
                .chain([gid])
                .collect(),
            known: (KnownIds::users(), KnownIds::groups()),
        }
    }

    /// The owner and group of all that this process makes.
    pub(crate) fn own(&self) -> (u32, u32) {
        (self.uid, self.gid)
    }

    /// Whether names in a directory of such attributes can be changed. Access lists may say more, and the owner may
    /// give the right to itself.
    pub(crate) fn may_write(&self, meta: &Meta) -> bool {
        let by_group = self.groups.contains(&meta.gid) && meta.mode & 0o020 != 0;
        let has_list = meta
            .xattrs
            .iter()
            .any(|(name, _)| name == b"system.posix_acl_access");
        let by_mode = by_group || meta.mode & 0o002 != 0 || has_list;
        self.is_root_of(meta) || meta.uid == self.uid || by_mode
    }

    /// Whether it can have the owners that are wanted: those of others only root gives.
    pub(crate) fn may_give(&self, meta: &Meta) -> bool {
        self.is_root_of(meta) || meta.uid == self.uid && self.groups.contains(&meta.gid)
    }

    /// What comes of a directory that has some attributes where others are wanted, if it is not what is wanted. Only
    /// its owner and root can change any, and whoever is not of its group loses the set-group-id bit by any other mode.
    pub(crate) fn held(&self, wanted: &Meta, now: &Meta) -> Option<Meta> {
        if self.is_root_of(now) {
            return None;
        }
        if now.uid != self.uid {
            return Some(now.clone());
        }
        let is_kept = (wanted.mode ^ now.mode) & !SETGID == 0 && now.mode & SETGID != 0;
        if wanted.mode & SETGID == 0 || is_kept || self.groups.contains(&now.gid) {
            return None;
        }
        let mode = wanted.mode & !SETGID;
        Some(Meta {
            mode,
            ..wanted.clone()
        })
    }

    /// Root has its rights only over owners that its namespace knows.
    fn is_root_of(&self, meta: &Meta) -> bool {
        let (users, groups) = &self.known;
        self.uid == 0 && users.have(meta.uid) && groups.have(meta.gid)
    }
}

/// Why a tree cannot be exchanged for another, as far as that can be told before.
pub(crate) fn bound(place: &Site, live: &Rooted) -> Option<Bound> {
    if live.stat().is_ok_and(|stat| stat.mount_root) {
        return Some(Bound::MountPoint);
    }
    let parent = match place.open_parent() {
        Ok(parent) => parent,
        Err(error) => return Some(Bound::Unopened(Arc::new(error))),
    };
    let me = rustix::process::geteuid();
    let sticky = |stat: &Stat| stat.mode & 0o1000 != 0 && stat.uid != me.as_raw() && !me.is_root();
    let kept_by_other = parent.stat().is_ok_and(|stat| sticky(&stat))
        && live.stat().is_ok_and(|stat| stat.uid != me.as_raw());
    let unwritable = !parent.may_write() || kept_by_other;
    unwritable.then_some(Bound::Unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_a_directory_is_known_before_it_is_changed() {
        let me = Owners {
            uid: 7,
            gid: 7,
            groups: vec![7],
            known: (KnownIds::users(), KnownIds::groups()),
        };
        let meta = |uid, gid, mode| Meta {
            mode,
            uid,
            gid,
            ..Meta::default()
        };
        // Of one's own group anything can be had, of another one all but the bit, unless it stands and nothing else
        // is to be changed; of another user nothing.
        for (owner, wanted, now, held) in [
            ((7, 7), 0o2755, 0o755, None),
            ((7, 9), 0o2755, 0o755, Some(0o755)),
            ((7, 9), 0o2755, 0o2755, None),
            ((7, 9), 0o2755, 0o2775, Some(0o755)),
            ((7, 9), 0o755, 0o2755, None),
            ((7, 9), 0o755, 0o700, None),
            ((8, 7), 0o775, 0o755, Some(0o755)),
        ] {
            let of = |mode| meta(owner.0, owner.1, mode);
            let found = me.held(&of(wanted), &of(now)).map(|held| held.mode);
            assert_eq!(found, held, "{owner:?}: {wanted:o} over {now:o}");
        }
    }
}
