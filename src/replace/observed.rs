//! The replaced tree as it was read, and the one answer to what has changed in it since.
//!
//! Who read it in this process knows the state of each entry. After a crash only what the keeper has is known, and of
//! the tree perhaps only what a removal left.

use super::disk::inode::Inode;
use super::error::Error;
use super::goal::Live;
use super::keeper::{Keeper, Kept, Late, Whole};
use super::merge;
use super::route::Route;
use super::stage::Staged;
use crate::disk::again::still_holds;
use crate::disk::mapped::Mapped;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::{is_inside, is_own_name};
use crate::model::compare::compare;
use crate::model::{Digest, Entry, Kind, Manifest, Node, RelPath};
use crate::monitor::{Monitor, RestoreWarning};
use crate::tree::hash::read_file;
use crate::tree::scan::{Scan, scan};
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::{Record, StatCache};

/// What is known of the replaced tree.
pub(super) enum Observed<'a> {
    /// This process read it, and knows what both trees share.
    Read {
        live: &'a Live,
        staged: &'a Staged<'a>,
    },
    /// An earlier process read it: what the keeper has, and the new tree, as the journal names it.
    Kept { kept: Kept, staged: Inode },
}

/// The replaced tree at a second look.
pub(super) struct Sight {
    /// Whether something in it is not as it is kept.
    pub(super) changed: bool,
    /// All that it holds, where that had to be read.
    found: Option<Scan>,
}

impl<'a> Observed<'a> {
    /// As this process read it.
    pub(super) fn read(staged: &'a Staged<'_>, live: &'a Live) -> Self {
        Self::Read { live, staged }
    }

    /// All that it held when it was read; none where an earlier process read it.
    pub(super) fn entries(&self) -> Option<&'a Manifest> {
        match self {
            Self::Read { live, .. } => Some(live.scan.manifest()),
            Self::Kept { .. } => None,
        }
    }

    /// Looks whether something has changed.
    pub(super) fn look(&self, old: &Rooted, monitor: &dyn Monitor) -> Result<Sight, Error> {
        match self {
            Self::Read { live, .. } => Ok(Sight {
                changed: !live.scan.unstable.is_empty() || self.moved(old).unwrap_or(true),
                found: None,
            }),
            Self::Kept { kept, .. } => {
                let found = scan(old, &StatCache::default(), &DigestsOnly, monitor)?;
                let whole = merge::over(&kept.newest, found.manifest());
                Ok(Sight {
                    changed: whole != kept.newest || !found.unstable.is_empty(),
                    found: Some(found),
                })
            }
        }
    }

    /// Adds what has changed to what is kept. Returns the tree as it was read now; none where nothing is kept at all.
    pub(super) fn add_to(
        &self,
        keeper: &dyn Keeper,
        old: &Rooted,
        monitor: &dyn Monitor,
    ) -> Result<Option<Scan>, Error> {
        if keeper.receipt().incident.is_none() {
            return Ok(None);
        }
        let add = |known: &mut dyn Iterator<Item = Record>, whole: Whole<'_>| {
            keeper.add(Late {
                old,
                known,
                whole,
                monitor,
            })
        };
        let added = match self {
            Self::Read { live, staged } => {
                // The change time of the files that were linked moved with the link.
                let reused = staged.reused.files(&staged.plan.goal.manifest);
                let reused = reused.filter_map(|(entry, stat)| {
                    let has_xattrs = !entry.meta.xattrs.is_empty();
                    Some(Record::new(stat, entry.digest()?, has_xattrs))
                });
                let inside =
                    matches!(staged.plan.route, Route::InPlace(_)) && staged.space.work.is_inside();
                let root = live.scan.manifest().get(&RelPath::root());
                let root = root.filter(|_| inside);
                add(
                    &mut live.scan.records().chain(reused),
                    Whole::Found { root },
                )
            }
            Self::Kept { kept, .. } => {
                let over = |found| merge::over(&kept.newest, &found);
                add(&mut std::iter::empty(), Whole::Over(&over))
            }
        };
        added.map(Some)
    }

    /// Tells what came or changed in the replaced tree so late that the new one does not have it, though it is no part
    /// of what was replaced.
    pub(super) fn tell_left(&self, found: &Scan, monitor: &dyn Monitor) {
        let Self::Read { live, staged } = self else {
            return;
        };
        let (goal, before) = (&staged.plan.goal, live.scan.manifest());
        if !staged.plan.how.part {
            return;
        }
        let late = compare(before, found.manifest()).into_iter();
        let late = late.filter(|one| !(staged.plan.how.is_noise)(one));
        let mut left = late.filter_map(|one| {
            let entry = one.expected.or(one.actual)?;
            let is_time = entry.node == Node::Dir && one.kind == Kind::Mtime;
            let came = one.expected.is_none() && goal.manifest.get(&entry.path).is_none();
            let is_other = came || goal.stays.contains(&entry.path);
            (is_other && !is_time).then_some(&entry.path)
        });
        if let Some(first) = left.next() {
            let more = left.count();
            monitor.warn(RestoreWarning::LeftBehind { first, more }.into());
        }
    }

    /// The files that the new tree shares with the old one and that changed through it, each with the state by which it
    /// is the same file.
    pub(super) fn written_through(
        &self,
        sight: &Sight,
        new: &Rooted,
    ) -> Result<Vec<(Entry, Stat)>, Error> {
        match self {
            Self::Read { .. } if !sight.changed => Ok(Vec::new()),
            Self::Read { staged, .. } => {
                let goal = &staged.plan.goal.manifest;
                let shared = staged.reused.shared();
                let paths = shared.written_through(new, goal);
                let files = shared.files(goal);
                let wanted = files.filter(|(entry, stat)| {
                    stat.is_file() && paths.binary_search(&entry.path).is_ok()
                });
                Ok(wanted.map(|(entry, stat)| (entry.clone(), *stat)).collect())
            }
            // Another tree was put there since; it shares nothing.
            Self::Kept { staged, .. } if !Inode::of(new)?.is(*staged) => Ok(Vec::new()),
            Self::Kept { kept, .. } => {
                let Some(found) = &sight.found else {
                    return Ok(Vec::new());
                };
                let changed = found.tree.iter().filter_map(|(entry, stat)| {
                    // It was taken over because it had been found good: it must still be that.
                    let then = kept.first.get(&entry.path)?;
                    let same = (then.size(), then.digest(), &then.meta)
                        == (entry.size(), entry.digest(), &entry.meta);
                    let shared = || new.stat_below(&entry.path, true);
                    let shared = || shared().is_ok_and(|there| there.same_inode(stat));
                    (stat.is_file() && !same && shared()).then(|| (then.clone(), *stat))
                });
                Ok(changed.collect())
            }
        }
    }

    /// Whether anything in the tree is not as it was read, or taken over. Its root was renamed, which moves only its
    /// change time; or our own staging lies in it, which moves more.
    pub(super) fn moved(&self, old: &Rooted) -> Result<bool, Error> {
        let Self::Read { live, staged } = self else {
            return Ok(true);
        };
        let is_held = |path: &RelPath, then: &Stat, now: &Stat| {
            let reused = staged.reused.stat_of(path);
            // The change time of a file that was linked moved with the link.
            let linked = reused.filter(|reused| reused.same_inode(then));
            now.held_still(linked.unwrap_or(then))
        };
        let known = live
            .scan
            .tree
            .iter()
            .map(|(entry, stat)| (&entry.path, stat));
        let is_same = has_same_root(live, old)? && still_holds(old, known, is_inside, is_held)?;
        let is_shared = |path: &RelPath, then: &Stat| {
            let reused = staged.reused.stat_of(path);
            reused.is_some_and(|reused| reused.same_inode(then))
        };
        Ok(!is_same || is_written_through_memory(live, old, &is_shared))
    }
}

/// Whether a file that a process has mapped to write in holds something else by now: its times need not tell. One of
/// many bytes counts as that, and one that the new tree shares is not lost with the old one.
fn is_written_through_memory(
    live: &Live,
    old: &Rooted,
    is_shared: &dyn Fn(&RelPath, &Stat) -> bool,
) -> bool {
    let mapped = Mapped::within(old);
    live.scan.tree.iter().any(|(entry, stat)| {
        let is_wanted = mapped.has(stat.dev, stat.ino) && !is_shared(&entry.path, stat);
        let Some(digest) = entry.digest().filter(|_| is_wanted) else {
            return false;
        };
        let now = read_file(old, &entry.path, MAPPED_MAX);
        now.is_none_or(|now| Digest::of(&now) != digest)
    })
}

/// How many bytes of a mapped file are read once more.
const MAPPED_MAX: u64 = 64 << 20;

/// Whether the root holds the names that it held and is what it was. Its change time says nothing after a rename, so
/// its names are listed.
fn has_same_root(live: &Live, old: &Rooted) -> Result<bool, Error> {
    let entries = live.scan.manifest().entries().iter();
    let before =
        entries.filter(|entry| !entry.path.is_root() && entry.path.parent_bytes().is_empty());
    let names = old.names()?;
    let is_own = |name: &&Vec<u8>| is_own_name(name);
    let own = names.iter().filter(is_own).count();
    let now = old.stat()?;
    let mut then = live
        .scan
        .tree
        .state(&RelPath::root())
        .copied()
        .unwrap_or(now);
    then.ctime = now.ctime;
    if own > 0 {
        (then.mtime, then.size) = (now.mtime, now.size);
    }
    Ok(names.len() - own == before.count() && now.same_state(&then))
}
