//! All that a replacement will do, before it does anything.

use std::collections::HashSet;
use std::fs::File;

use super::contents::Contents;
use super::disk::journal::Workplace;
use super::error::{Error, Unreplaced};
use super::keep::Keep;
use super::keeper::Keeper;
use super::route::{Bound, Route};
use crate::disk::rooted::Rooted;
use crate::disk::space::{Need, on_disk};
use crate::disk::stat::Stat;
use crate::model::compare::Difference;
use crate::model::{Entry, Manifest, Node, RelPath};
use crate::tree::Site;
use crate::tree::scan::Scan;

/// The tree that stands at the place, and what was read of it.
pub(crate) struct Live {
    pub(crate) root: Rooted,
    pub(crate) scan: Scan,
    /// A lock of others that lies in it and that is held: given up where the tree stands at its place no more.
    pub(crate) lock: Option<File>,
}

impl Live {
    /// A tree in which no lock of others is held.
    pub(crate) fn new(root: Rooted, scan: Scan) -> Self {
        Self {
            root,
            scan,
            lock: None,
        }
    }
}

/// What shall stand there in the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Goal {
    pub(crate) manifest: Manifest,
    /// What is not replaced, and so stays as it stands in the live tree, with all other names that it has.
    pub(crate) stays: HashSet<RelPath>,
}

/// How it is to be done.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a wish of the caller, and none depends on another"
)]
pub(crate) struct How {
    /// Whether files may have a name in both trees for a while: not where the old one stays.
    pub(crate) may_link: bool,
    /// The same of sockets, FIFOs and devices, which have no content: also where the old tree only stays since
    /// something in it cannot be read.
    pub(crate) may_link_special: bool,
    /// Whether FIFOs, devices, set-id bits and capabilities are made anew.
    pub(crate) preserve: bool,
    /// Whether an empty directory that stands there gives its place, and anything else makes it fail.
    pub(crate) into_empty: bool,
    /// Whether only a part is replaced: what came since is nobody's to remove then.
    pub(crate) part: bool,
    /// Which differences count for nothing where a tree was changed in place and read once more.
    pub(crate) is_noise: fn(&Difference<'_>) -> bool,
}

/// A replacement that is settled.
pub(crate) struct Plan<'a> {
    pub(super) contents: &'a dyn Contents,
    pub(super) keeper: &'a dyn Keeper,
    pub(super) place: Site,
    pub(super) goal: Goal,
    pub(super) live: Option<Live>,
    pub(super) how: How,
    pub(super) route: Route,
    pub(super) keep: Option<Keep>,
}

impl<'a> Plan<'a> {
    /// Settles by which way it is done. `keep` tells why the replaced tree stays, where it does.
    pub(crate) fn new(
        contents: &'a dyn Contents,
        keeper: &'a dyn Keeper,
        place: &Site,
        goal: Goal,
        live: Option<Live>,
        how: How,
        keep: Option<Keep>,
    ) -> Self {
        let route = Route::choose(place, &goal, live.as_ref(), how);
        Self {
            contents,
            keeper,
            place: place.clone(),
            goal,
            live,
            how,
            route,
            keep,
        }
    }

    /// Where staging and journal will lie.
    pub(super) fn workplace(&self) -> Result<Workplace, Error> {
        Ok(match self.route {
            Route::Place { .. } | Route::Exchange => {
                Workplace::beside(self.place.open_parent()?, self.place.name())
            }
            Route::InPlace(_) => Workplace::inside(self.in_place()?),
        })
    }

    /// The tree that is changed in place: the one that was read, whatever its path means by now.
    pub(super) fn in_place(&self) -> Result<Rooted, Error> {
        match &self.live {
            Some(live) => Ok(live.root.known_as(self.place.path())?),
            None => Ok(self.place.open()?),
        }
    }

    /// Why nothing is done where the old tree would have to stay and cannot.
    pub(super) fn cannot_keep(&self, why: &Bound) -> Error {
        let why = why.clone();
        Error::Refused(match self.keep {
            Some(Keep::Unread(_)) => Unreplaced::LosesUnread(why),
            _ => Unreplaced::CannotKeep(why),
        })
    }
}

impl Goal {
    /// The state of each live file that may be taken over, in the order of the goal's entries: proved good, of the
    /// right attributes, and with no other name through which the new tree would stay shared. What is not replaced
    /// stays as it is, with all its names.
    pub(crate) fn proofs(&self, live: Option<&Live>, how: How) -> Vec<Option<Stat>> {
        let entries = self.manifest.entries();
        let Some(live) = live else {
            return vec![None; entries.len()];
        };
        let same = |entry: &Entry, there: &Entry, stat: &Stat| {
            let single =
                |node: &Node| matches!(node, Node::File { link_to: None, .. } | Node::Special(_));
            single(&entry.node)
                && stat.nlink == 1
                && entry.node == there.node
                && entry.meta == there.meta
        };
        let groups: HashSet<&RelPath> = entries.iter().filter_map(link_to).collect();
        let mut pairs = live.scan.tree.iter().peekable();
        entries
            .iter()
            .map(|entry| {
                while pairs
                    .next_if(|(there, _)| there.path < entry.path)
                    .is_some()
                {}
                let (there, stat) = pairs.next_if(|(there, _)| there.path == entry.path)?;
                let stays = self.stays.contains(&entry.path)
                    && (entry.size(), entry.digest()) == (there.size(), there.digest())
                    && entry.size().is_some();
                let good = same(entry, there, stat) && !groups.contains(&entry.path);
                let good = good || stays && (how.may_link || stat.nlink == 1);
                good.then_some(*stat)
            })
            .collect()
    }

    /// What the staged tree will take. Files that are taken over cost nothing, or little where blocks are shared.
    pub(crate) fn need(&self, proofs: &[Option<Stat>]) -> Need {
        let mut need = Need::default();
        let entries = self.manifest.entries().iter();
        for (entry, _) in entries.zip(proofs).filter(|(_, proof)| proof.is_none()) {
            need.inodes += 1;
            let bytes = match &entry.node {
                Node::File {
                    size,
                    link_to: None,
                    ..
                } => on_disk(*size),
                Node::Dir => 4096,
                _ => 0,
            };
            need.bytes = need.bytes.saturating_add(bytes);
        }
        need
    }
}

/// The first name of the group of hard links of an entry that is not itself the first.
pub(crate) fn link_to(entry: &Entry) -> Option<&RelPath> {
    match &entry.node {
        Node::File { link_to, .. } => link_to.as_ref(),
        _ => None,
    }
}
