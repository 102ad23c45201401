//! What shall stand there, what stands there now, and how the one is to become the other.

use std::collections::HashSet;
use std::fs::File;

use crate::disk::mapped::Mapped;
use crate::disk::rooted::Rooted;
use crate::disk::space::{Need, on_disk};
use crate::disk::stat::Stat;
use crate::model::compare::{Difference, compare};
use crate::model::{Entry, Manifest, Node, RelPath};
use crate::tree::scan::Scan;

/// The tree that stands at the place, and what was read of it.
pub(crate) struct Live {
    pub(crate) root: Rooted,
    pub(crate) scan: Scan,
    /// The lock of another program, which lies in the tree and which we hold. It is given up when the tree stands at
    /// its place no more.
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
    /// What of that came or changed after the tree was first read. Both trees never share it: of what they share, who
    /// comes after a crash knows only how it was then.
    pub(super) late: HashSet<RelPath>,
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

impl Goal {
    /// A tree of which some paths are not replaced.
    pub(crate) fn new(manifest: Manifest, stays: HashSet<RelPath>) -> Self {
        Self {
            manifest,
            stays,
            late: HashSet::new(),
        }
    }

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
        // What is written through memory has no new times, so its state proves nothing. What is not replaced goes over
        // all the same, with the process that writes in it.
        let mapped = Mapped::within(&live.root);
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
                let is_mapped = !stays && mapped.has(stat.dev, stat.ino);
                if entry.size().is_some() && (is_mapped || self.late.contains(&entry.path)) {
                    return None;
                }
                let good = same(entry, there, stat) && !groups.contains(&entry.path);
                let good = good || stays && (how.may_link || stat.nlink == 1);
                good.then_some(*stat)
            })
            .collect()
    }

    /// What the staged tree will take: of each entry that is written, which is told of it and its proof. Files that are
    /// taken over cost nothing, or little where blocks are shared.
    pub(crate) fn need(
        &self,
        proofs: &[Option<Stat>],
        is_written: impl Fn(&Entry, Option<&Stat>) -> bool,
    ) -> Need {
        let mut need = Need::default();
        let entries = self.manifest.entries().iter().zip(proofs);
        for (entry, _) in entries.filter(|(entry, proof)| is_written(entry, proof.as_ref())) {
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

    /// The paths that must be staged: every file that differs in any way, the rest of its group of links, and the
    /// directories above them.
    pub(super) fn differing(&self, live: Option<&Live>) -> HashSet<RelPath> {
        let Some(live) = live else {
            return HashSet::new();
        };
        let target = &self.manifest;
        let mut files = differing_files(target, live.scan.manifest());
        // Files that stay may only lose another name of theirs, by which nothing else of them changes.
        files.retain(|path| !self.stays.contains(path));
        let groups: HashSet<&RelPath> = target
            .entries()
            .iter()
            .filter(|entry| files.contains(&entry.path))
            .filter_map(link_to)
            .chain(files.iter())
            .collect();
        let whole_groups: Vec<RelPath> = target
            .entries()
            .iter()
            .filter(|entry| {
                link_to(entry).is_some_and(|first| groups.contains(first))
                    || groups.contains(&entry.path)
            })
            .filter(|entry| entry.size().is_some())
            .map(|entry| entry.path.clone())
            .collect();
        files.extend(whole_groups);
        let mut all = files.clone();
        for path in files {
            let mut above = path.parent().filter(|path| !path.is_root());
            while let Some(dir) = above {
                above = dir.parent().filter(|path| !path.is_root());
                all.insert(dir);
            }
        }
        all
    }
}

/// The first name of the group of hard links of an entry that is not itself the first.
pub(crate) fn link_to(entry: &Entry) -> Option<&RelPath> {
    match &entry.node {
        Node::File { link_to, .. } => link_to.as_ref(),
        _ => None,
    }
}

fn differing_files(target: &Manifest, live: &Manifest) -> HashSet<RelPath> {
    let differing = compare(target, live)
        .into_iter()
        .filter_map(|difference| difference.expected);
    differing
        .filter(|entry| entry.node != Node::Dir)
        .map(|entry| entry.path.clone())
        .collect()
}
