//! By which way the new tree gets to its place. Decided once; there is one fall-back, from a rename to file by file.

use std::borrow::Cow;
use std::collections::HashSet;

use super::plan::{Goal, How, Live};
use crate::disk::limits::links_are_protected;
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
    pub(super) why: Cow<'static, str>,
    /// What lies in staging: all that differs.
    pub(super) staged: HashSet<RelPath>,
    /// What goes of that which the new tree does not have, where only a part is replaced: not what came since.
    pub(super) goes: Option<HashSet<RelPath>>,
}

impl InPlace {
    /// What a replacement in place changes, as far as the trees are known now.
    pub(super) fn of(
        why: impl Into<Cow<'static, str>>,
        goal: &Goal,
        live: Option<&Live>,
        how: How,
    ) -> Self {
        let entries = live
            .map_or(&[][..], |live| live.scan.manifest.entries())
            .iter();
        let is_extra = |path: &&RelPath| goal.manifest.get(path).is_none();
        let extras = entries.map(|entry| &entry.path).filter(is_extra).cloned();
        Self {
            why: why.into(),
            staged: super::steps::changed(goal, live),
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
    pub(super) fn of(place: &Site, goal: &Goal, live: Option<&Live>, how: How) -> Self {
        let Some(there) = live else {
            return match place.standing() {
                Standing::Other => Self::Exchange,
                Standing::Nothing | Standing::Directory => Self::Place { vacate: false },
            };
        };
        let why = if there.scan.manifest.mounts().next().is_some() {
            Some("something is mounted inside the venv".into())
        } else if holds_uncopiable(goal, &there.scan.manifest, how) {
            Some("it holds things that cannot be copied".into())
        } else if holds_foreign(goal, &there.scan.manifest, how) {
            Some("it holds files of others, which only they or root can make anew".into())
        } else {
            bound(place, &there.root)
        };
        match why {
            Some(why) => Self::InPlace(InPlace::of(why, goal, live, how)),
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
    let me = rustix::process::geteuid();
    if me.is_root() {
        return false;
    }
    let may_link = how.may_link && !links_are_protected();
    let mut groups: Vec<u32> = rustix::process::getgroups()
        .unwrap_or_default()
        .iter()
        .map(|group| group.as_raw())
        .collect();
    groups.push(rustix::process::getegid().as_raw());
    let is_foreign = |meta: &Meta| meta.uid != me.as_raw() || !groups.contains(&meta.gid);
    let owner = |entry: &Entry| (entry.meta.uid, entry.meta.gid);
    goal.manifest.entries().iter().any(|entry| {
        let stands = live.get(&entry.path).is_some_and(|there| match entry.node {
            Node::Dir => there.node == Node::Dir && owner(there) == owner(entry),
            _ => there == entry,
        });
        is_foreign(&entry.meta) && stands && (entry.size().is_none() || !may_link)
    })
}

/// Why a tree cannot be exchanged for another, as far as that can be told before.
pub(crate) fn bound(place: &Site, live: &Rooted) -> Option<Cow<'static, str>> {
    if live.stat().is_ok_and(|stat| stat.mount_root) {
        return Some("the venv is a mount point".into());
    }
    let parent = match place.open_parent() {
        Ok(parent) => parent,
        Err(error) => return Some(error.to_string().into()),
    };
    let me = rustix::process::geteuid();
    let sticky = |stat: &Stat| stat.mode & 0o1000 != 0 && stat.uid != me.as_raw() && !me.is_root();
    let kept_by_other = parent.stat().is_ok_and(|stat| sticky(&stat))
        && live.stat().is_ok_and(|stat| stat.uid != me.as_raw());
    let unwritable = !parent.may_write() || kept_by_other;
    unwritable.then_some("its directory may not be written".into())
}
