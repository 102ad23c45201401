//! Everything a restore will do, before it does anything.

use std::collections::HashSet;

use super::RestoreOptions;
use super::target::Target;
use crate::disk::journal::Workplace;
use crate::disk::rooted::Rooted;
use crate::disk::space::{Need, on_disk};
use crate::disk::stat::Stat;
use crate::model::{Entry, Node, RelPath, SnapshotId};
use crate::monitor::Monitor;
use crate::ops::error::Error;
use crate::ops::snapshot::Incident;
use crate::ops::snapshot::Live;
use crate::store::Store;
use crate::tree::Site;

/// How the new tree will get to its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Route {
    /// By an exchange with the venv.
    Exchange,
    /// File by file, for the reason given.
    InPlace(&'static str),
}

impl Keep {
    /// What could not be read is not in the incident snapshot, and a restore destroys nothing (promise 4). What only never held
    /// still is saved once it is out of the way.
    pub(super) fn of(
        options: &RestoreOptions,
        live: &Live,
        target: &Target,
        monitor: &dyn Monitor,
    ) -> Self {
        if options.keep_old {
            return Self::Asked;
        }
        let scan = &live.scan;
        let mut lost = scan.unreadable.iter().filter(|path| {
            !scan.unstable.contains(path) && target.manifest.get(path) != scan.manifest.get(path)
        });
        let Some(first) = lost.next() else {
            return Self::No;
        };
        let more = match lost.count() {
            0 => String::new(),
            more => format!(", nor can {more} more"),
        };
        monitor.warn(&format!(
            "'{first}' cannot be read{more}: no snapshot can hold that, so the replaced tree stays beside the venv"
        ));
        Self::Unread
    }
}

/// A restore that is settled.
pub(super) struct Plan<'a> {
    pub(super) store: &'a Store,
    pub(super) place: Site,
    pub(super) target: Target,
    pub(super) live: Option<Live>,
    pub(super) incident: Incident,
    pub(super) snapshot: SnapshotId,
    pub(super) options: &'a RestoreOptions,
    pub(super) route: Route,
    /// Whether the replaced tree stays beside the venv.
    pub(super) keep: Keep,
}

/// Whether the replaced tree stays beside the venv.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keep {
    No,
    /// The person asked for it.
    Asked,
    /// Something in it could not be read, and would be lost with it.
    Unread,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        store: &'a Store,
        place: &Site,
        target: Target,
        live: Option<Live>,
        incident: Incident,
        snapshot: SnapshotId,
        options: &'a RestoreOptions,
    ) -> Self {
        let keep = if options.keep_old {
            Keep::Asked
        } else {
            Keep::No
        };
        let plan = Self {
            store,
            place: place.clone(),
            target,
            live,
            incident,
            snapshot,
            options,
            route: Route::Exchange,
            keep,
        };
        plan.keeping(keep)
    }

    /// The same, where the replaced tree stays for that reason.
    pub(super) fn keeping(self, keep: Keep) -> Self {
        let plan = Self { keep, ..self };
        let route = route(&plan);
        Self { route, ..plan }
    }

    /// Whether files may have a name in both trees for a while: not where the old one stays.
    pub(super) fn may_link(&self) -> bool {
        !self.options.copy && self.keep == Keep::No
    }

    /// The same of sockets, FIFOs and devices, which have no content: also where the old one only stays since something in it
    /// cannot be read.
    pub(super) fn may_link_special(&self) -> bool {
        !self.options.copy && self.keep != Keep::Asked
    }

    /// Where staging and journal will lie.
    pub(super) fn workplace(&self) -> Result<Workplace, Error> {
        Ok(match self.route {
            Route::Exchange => Workplace::beside(self.place.open_parent()?, self.place.name()),
            Route::InPlace(_) => Workplace::inside(self.in_place()?),
        })
    }

    /// The venv that is changed in place: the one that was scanned, whatever its path means by now.
    pub(super) fn in_place(&self) -> Result<Rooted, Error> {
        match &self.live {
            Some(live) => Ok(live.root.known_as(self.place.path())?),
            None => Ok(self.place.open()?),
        }
    }

    /// The state of each live file that may be taken over, in the order of the target's entries: proved good, of the right
    /// attributes, and with no other name through which the new tree would stay shared. What is not restored stays as it is, with
    /// all its names.
    pub(super) fn proofs(&self) -> Vec<Option<Stat>> {
        let entries = self.target.manifest.entries();
        let Some(live) = &self.live else {
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
        let may_link = self.may_link();
        let mut pairs = live
            .scan
            .manifest
            .entries()
            .iter()
            .zip(&live.scan.stats)
            .peekable();
        entries
            .iter()
            .map(|entry| {
                while pairs
                    .next_if(|(there, _)| there.path < entry.path)
                    .is_some()
                {}
                let (there, stat) = pairs.next_if(|(there, _)| there.path == entry.path)?;
                let stays = self.target.stays.contains(&entry.path)
                    && (entry.size(), entry.digest()) == (there.size(), there.digest())
                    && entry.size().is_some();
                let good = same(entry, there, stat) && !groups.contains(&entry.path);
                let good = good || stays && (may_link || stat.nlink == 1);
                good.then_some(*stat)
            })
            .collect()
    }

    /// What the staged tree will take. Files that are taken over cost nothing, or little where blocks are shared.
    pub(super) fn need(&self, proofs: &[Option<Stat>]) -> Need {
        let mut need = Need::default();
        let entries = self.target.manifest.entries().iter();
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
pub(super) fn link_to(entry: &Entry) -> Option<&RelPath> {
    match &entry.node {
        Node::File { link_to, .. } => link_to.as_ref(),
        _ => None,
    }
}

fn route(plan: &Plan<'_>) -> Route {
    let Some(live) = &plan.live else {
        return Route::Exchange;
    };
    // Only `--only` and `--heal` keep such entries in the target; they cannot be built a second time.
    if plan.target.manifest.entries().iter().any(|entry| {
        (matches!(entry.node, Node::Unreadable(_))
            || matches!(entry.node, Node::Special(_)) && !plan.may_link_special())
            && live.scan.manifest.get(&entry.path) == Some(entry)
    }) {
        return Route::InPlace("it holds things that cannot be copied");
    }
    bound(&plan.place, &live.root).map_or(Route::Exchange, Route::InPlace)
}

/// Why a venv cannot be exchanged for another, as far as that can be told before.
pub(super) fn bound(place: &Site, live: &Rooted) -> Option<&'static str> {
    if live.stat().is_ok_and(|stat| stat.mount_root) {
        return Some("the venv is a mount point");
    }
    let Ok(parent) = place.open_parent() else {
        return Some("its directory cannot be opened");
    };
    let me = rustix::process::geteuid();
    let sticky = |stat: &Stat| stat.mode & 0o1000 != 0 && stat.uid != me.as_raw() && !me.is_root();
    let kept_by_other = parent.stat().is_ok_and(|stat| sticky(&stat))
        && live.stat().is_ok_and(|stat| stat.uid != me.as_raw());
    let unwritable = !parent.may_write() || kept_by_other;
    unwritable.then_some("its directory may not be written")
}
