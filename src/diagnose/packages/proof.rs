//! What the live RECORDs prove of a file, whoever owned it in the snapshot: a path may have several owners, and lose
//! one.

use super::{Packages, Step, same_record};
use crate::diagnose::standing::Agrees;
use crate::diagnose::standing::{is_whole, rows};
use crate::model::{Change, Class, Detail, Kind, Node, RelPath};
use crate::python::bytecode::is_bytecode;
use crate::python::dist::{Dist, Form, Hash, Row};

/// What the live RECORDs prove of the bytes of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Proof {
    /// They are what one of its owners says.
    Good,
    /// They are what none of its owners says, or the file is gone.
    Bad,
    /// No owner says anything that can be checked, or only the mode or the like differs.
    None,
}

impl Packages<'_> {
    /// The live distributions that say which bytes belong to a path, each with its row. A RECORD that is itself damaged
    /// says nothing: it comes back from the snapshot.
    pub(crate) fn witnesses<'a>(
        &'a self,
        path: &'a RelPath,
    ) -> impl Iterator<Item = (&'a Dist, &'a Row)> {
        let is_known = |row: &Row| matches!(row.hash, Hash::Known(..)) && !is_bytecode(&row.path);
        let listers = self.actual.listers(path);
        listers.filter(move |(dist, row)| is_known(row) && self.is_trusted(dist))
    }

    /// Whether a live RECORD lists a path, whatever it says of it. One that is itself damaged does not count.
    pub(crate) fn is_claimed(&self, path: &RelPath) -> bool {
        let mut listers = self.actual.listers(path);
        listers.any(|(dist, _)| self.is_trusted(dist))
    }

    fn is_trusted(&self, dist: &Dist) -> bool {
        let Some(one) = self.both.get(dist.name.as_str()) else {
            return false;
        };
        let stands = one.new.is_some_and(|new| new.info == dist.info);
        let kept = |old| same_record(self, old, dist);
        stands && is_whole(dist) && (one.step != Step::Same || one.old.is_some_and(kept))
    }

    /// What the live RECORDs prove of a changed file.
    pub(super) fn proof(&self, change: &Change, agrees: Agrees<'_>) -> Proof {
        if matches!(change.kind, Kind::Mode | Kind::Owner | Kind::Link) {
            return Proof::None;
        }
        // A link is judged by what it leads to, which is not read here.
        let there = change.actual.as_ref().map(|entry| &entry.node);
        if matches!(there, Some(Node::Symlink(_))) {
            return Proof::None;
        }
        if self.witnesses(&change.path).next().is_none() {
            Proof::None
        } else if there.is_none() || self.is_refuted(&change.path, agrees) {
            Proof::Bad
        } else {
            Proof::Good
        }
    }

    /// The class of a change of which no RECORD proves anything. Where an owner was removed since, what lies there was
    /// written by one that is left.
    pub(super) fn unproved(&self, change: &Change) -> Class {
        let rewritten = matches!(change.kind, Kind::Altered | Kind::Type);
        if rewritten && change.actual.is_some() && self.lost_an_owner(&change.path) {
            Class::Drift
        } else {
            change.class
        }
    }

    /// Whether an entry is the info directory of a distribution of which nothing tells what it is, and which is new:
    /// the audit calls that damage as well.
    pub(in crate::diagnose) fn is_ruined(&self, change: &Change) -> bool {
        let is_it = |dist: &Dist| {
            let is_read = dist.unread.is_empty() && dist.form == Form::DistInfo;
            dist.info == change.path && dist.metadata.is_none() && is_read
        };
        change.kind == Kind::Extra && self.actual.info_owner(&change.path).is_some_and(is_it)
    }

    /// Whether one that listed a file in the snapshot lists it no more, and another one does.
    fn lost_an_owner(&self, path: &RelPath) -> bool {
        let live = |name: &str| self.actual.listers(path).any(|(dist, _)| dist.name == name);
        let mut before = self.expected.listers(path);
        self.actual.listers(path).next().is_some() && before.any(|(dist, _)| !live(&dist.name))
    }

    /// Whether a file has the very owners that it had in the snapshot, and each says of it what it said.
    pub(crate) fn has_its_owners(&self, path: &RelPath) -> bool {
        // Distributions are sorted by name on both sides.
        let before = self.expected.listers(path);
        let after = self.actual.listers(path);
        let told = |(dist, row): (&Dist, &Row)| (dist.name.clone(), row.hash.clone());
        before.map(told).eq(after.map(told))
    }

    /// Whether live RECORDs tell which bytes belong to a path, and other ones stand there.
    fn is_refuted(&self, path: &RelPath, agrees: Agrees<'_>) -> bool {
        let mut rows = self.witnesses(path).map(|(_, row)| row).peekable();
        rows.peek().is_some() && !rows.any(agrees)
    }

    /// Whether a directory of a path is a link, so that the tree does not tell what stands there.
    fn is_behind_link(&self, path: &RelPath) -> bool {
        let dirs = std::iter::successors(path.parent(), RelPath::parent);
        let mut entries = dirs.filter_map(|dir| self.after.get(&dir));
        entries.any(|entry| matches!(entry.node, Node::Symlink(_)))
    }

    /// Files that a live RECORD proves damaged though they do not differ from the snapshot: one that is not there and
    /// never was, bytes of an owner that is gone, or what an installer writes last and never wrote.
    pub(crate) fn convicted(&self, agrees: Agrees<'_>) -> Vec<Change> {
        let installed = |step: Step| !matches!(step, Step::Same | Step::Removed);
        let dists = self
            .both
            .values()
            .filter_map(|one| Some((one.new?, one.step)));
        let mut found = Vec::new();
        for (dist, step) in dists {
            let known = rows(dist).filter(|row| matches!(row.hash, Hash::Known(..)));
            for row in known.filter(|row| !is_bytecode(&row.path)) {
                let (before, after) = (self.before.get(&row.path), self.after.get(&row.path));
                let kind = match (before, after) {
                    (None, None)
                        if installed(step)
                            && !self.after.hides(&row.path)
                            && !self.is_behind_link(&row.path) =>
                    {
                        Kind::Missing
                    }
                    (Some(before), Some(after))
                        if before.digest().is_some()
                            && before.digest() == after.digest()
                            && !self.has_its_owners(&row.path)
                            && self.is_refuted(&row.path, agrees) =>
                    {
                        Kind::Altered
                    }
                    _ => continue,
                };
                let reason = match kind {
                    Kind::Missing => format!("RECORD of {} {} lists it", dist.name, dist.version),
                    _ => format!("RECORD of {} {} says other bytes", dist.name, dist.version),
                };
                found.push(Change {
                    path: row.path.clone(),
                    kind,
                    class: Class::Damage,
                    package: Some(dist.name.clone()),
                    expected: before.cloned(),
                    actual: after.cloned(),
                    detail: Detail {
                        reason: Some(reason),
                        ..Detail::default()
                    },
                });
            }
        }
        let news = self.both.values().filter_map(|one| one.new);
        found.extend(news.filter_map(|new| self.written_last(new)));
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found.dedup_by(|other, first| other.path == first.path);
        found
    }
}
