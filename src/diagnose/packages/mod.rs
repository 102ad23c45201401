//! Damage or drift: a change is drift where its package was upgraded, reinstalled, added or removed as a whole, and
//! the new RECORD agrees with the bytes.

mod proof;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::left_out::left_out;
use super::standing::{Agrees, is_whole, rows, standing, stood};
use super::versions::direction;
use crate::model::{Change, Class, Detail, Kind, Manifest, PackageChange, PackageState, RelPath};
use crate::python::bytecode::{is_bytecode, made_of};
use crate::python::dist::{Dist, Dists, Hash, Row, is_renamed};
use crate::python::layout::is_conda_list;
use proof::Proof;

/// What both sides have installed.
pub(crate) struct Packages<'a> {
    pub(crate) expected: &'a Dists,
    pub(crate) actual: &'a Dists,
    pub(crate) before: &'a Manifest,
    pub(crate) after: &'a Manifest,
    /// By name.
    pub(super) both: BTreeMap<&'a str, Both<'a>>,
}

/// One distribution on both sides; of several of one name, the one that stands there.
#[derive(Clone, Copy)]
pub(super) struct Both<'a> {
    pub(super) old: Option<&'a Dist>,
    pub(super) new: Option<&'a Dist>,
    pub(super) step: Step,
}

/// What became of one distribution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// It is meant to be as it was.
    Same,
    /// Another version stands there.
    Version,
    /// The same version was installed anew.
    Again,
    /// The same build was installed anew, and files were left out.
    Less,
    /// It is new.
    Added,
    /// It is new, and its install did not come to its end.
    Begun,
    /// It is gone with all its files.
    Removed,
}

/// How far an upgrade, a reinstallation or a new installation came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// There was none.
    None,
    /// It came to its end, whatever was damaged since.
    Done,
    /// It did not come to its end.
    Half,
    /// It came to its end, and left out files of the build that was there before.
    Less,
}

impl<'a> Packages<'a> {
    /// Compares what is installed.
    pub(crate) fn new(
        (expected, before): (&'a Dists, &'a Manifest),
        (actual, after): (&'a Dists, &'a Manifest),
        agrees: Agrees<'_>,
    ) -> Self {
        let mut packages = Self {
            expected,
            actual,
            before,
            after,
            both: BTreeMap::new(),
        };
        let names: BTreeSet<&'a str> = expected
            .all
            .iter()
            .chain(&actual.all)
            .map(|dist| dist.name.as_str())
            .collect();
        for name in names {
            let new = standing(actual.all_named(name), after, agrees);
            let old = stood(expected.all_named(name), before, new);
            let step = packages.step(old, new, agrees);
            packages.both.insert(name, Both { old, new, step });
        }
        packages
    }

    /// Takes no package for removed on purpose where none is left at all: by `pip uninstall` one by one hardly anybody
    /// comes to that, and `save` takes it for damage as well.
    pub(crate) fn none_removed_with_all(mut self) -> Self {
        if self.actual.all.is_empty() {
            for one in self.both.values_mut() {
                one.step = Step::Same;
            }
        }
        self
    }

    fn step(&self, old: Option<&Dist>, new: Option<&Dist>, agrees: Agrees<'_>) -> Step {
        match (old, new) {
            (Some(old), Some(new)) if !is_whole(new) || same_record(self, old, new) => Step::Same,
            (Some(old), Some(new)) if old.version != new.version => Step::Version,
            (Some(old), Some(new)) if self.lists_what_is_there(old, new, agrees) => {
                if left_out(old, new) {
                    Step::Less
                } else {
                    Step::Again
                }
            }
            (Some(old), None) if self.is_gone(old) => Step::Removed,
            (Some(_), _) => Step::Same,
            (None, Some(new)) if new.unfinished.is_some() => Step::Begun,
            (None, _) => Step::Added,
        }
    }

    /// Whether a new RECORD of the same version can be believed: it lists all that is still there of the old one, it
    /// agrees with the bytes of files that did not change, and it lists itself.
    fn lists_what_is_there(&self, old: &Dist, new: &Dist, agrees: Agrees<'_>) -> bool {
        let Some((_, record)) = &new.record else {
            return false;
        };
        let kept = rows(old)
            .filter(|row| matches!(row.hash, Hash::Known(..)))
            .filter(|row| self.after.get(&row.path).is_some())
            .all(|row| {
                let again = record.row(&row.path);
                again.is_some_and(|again| matches!(again.hash, Hash::Known(..)))
            });
        let right = rows(new)
            .filter(|row| self.before.get(&row.path) == self.after.get(&row.path))
            .filter(|row| self.after.get(&row.path).is_some())
            .all(agrees);
        // What conda writes of a package stands beside what the package holds.
        let lists_itself = new
            .record
            .as_ref()
            .is_some_and(|(path, record)| is_conda_list(path) || record.row(path).is_some());
        kept && right && lists_itself
    }

    /// Whether nothing is left of what a distribution had, but what others own and what Python writes.
    fn is_gone(&self, old: &Dist) -> bool {
        let mut own = rows(old).filter(|row| !is_bytecode(&row.path));
        let gone = |path: &RelPath| self.after.get(path).is_none() && !self.after.hides(path);
        own.all(|row| gone(&row.path) || self.actual.owner(&row.path).is_some())
            && gone(&old.info)
            && !self.was_interrupted(old)
    }

    /// Whether a pip that was killed put the distribution aside: it renames what it removes to `~` and the rest of the
    /// name, and removes that in the end.
    fn was_interrupted(&self, old: &Dist) -> bool {
        let aside = |name: &[u8]| {
            let mut leftovers = self.actual.leftovers.iter();
            leftovers.any(|leftover| is_renamed(leftover.path.name(), name))
        };
        let top = |row: &Row| -> Option<Vec<u8>> {
            let mut sites = self.expected.layout.sites.iter();
            let below = sites.find_map(|site| row.path.below(site))?;
            below.split(|&b| b == b'/').next().map(<[u8]>::to_vec)
        };
        aside(old.info.name()) || rows(old).filter_map(top).any(|top| aside(&top))
    }

    /// The distribution that a change belongs to: one that lists it, or the source that it is the bytecode of.
    pub(crate) fn owner(&self, path: &RelPath) -> Option<&'a str> {
        let of = |path: &RelPath| {
            self.actual
                .owner(path)
                .or_else(|| self.expected.owner(path))
                .map(|dist| dist.name.as_str())
        };
        of(path).or_else(|| made_of(path).and_then(|source| of(&source)))
    }

    /// The class of a change whose content alone says `class`.
    pub(crate) fn class(&self, change: &Change, agrees: Agrees<'_>) -> Class {
        let step = change
            .package
            .as_deref()
            .and_then(|name| self.both.get(name))
            .map_or(Step::Same, |one| one.step);
        let unread = change.kind == Kind::Unreadable;
        if change.detail.behind.is_some() || self.is_of_remnant(change) && !unread {
            return Class::Damage;
        }
        if change.class == Class::Noise || unread {
            return change.class;
        }
        if self.is_ruined(change) {
            return Class::Damage;
        }
        match self.proof(change, agrees) {
            Proof::Good => return Class::Drift,
            Proof::Bad => return Class::Damage,
            Proof::None if step == Step::Same => return self.unproved(change),
            Proof::None => {}
        }
        let there = change.actual.is_some();
        match self.row(&change.path) {
            Some(_) if there && is_bytecode(&change.path) => change.class,
            // The file is right if it is what one of its owners says.
            _ if there && self.actual.rows(&change.path).any(agrees) => Class::Drift,
            Some(_) => Class::Damage,
            None if change.kind == Kind::Extra => change.class,
            None if there => change.class,
            None if matches!(step, Step::Again | Step::Less) && !self.is_info(&change.path) => {
                Class::Damage
            }
            None => Class::Drift,
        }
    }

    /// Whether a change lies in an info directory that is not whole and beside which another one stands: what is left
    /// of an install that was taken back, or of a removal that did not come to its end.
    fn is_of_remnant(&self, change: &Change) -> bool {
        let Some(dist) = self.actual.info_owner(&change.path) else {
            return false;
        };
        let standing = self.both.get(&*dist.name).and_then(|one| one.new);
        standing.is_some_and(|new| new.info != dist.info && is_whole(new)) && !is_whole(dist)
    }

    /// Whether a path lies in the info directory of a distribution, or is what conda wrote of it: that of the same
    /// version may hold other files, and has another name where that is another build.
    fn is_info(&self, path: &RelPath) -> bool {
        self.expected.info_owner(path).is_some() || is_conda_list(path)
    }

    /// The missing INSTALLER of an install that did not come to its end, as a change; none if a side has the file.
    pub(super) fn written_last(&self, dist: &Dist) -> Option<Change> {
        dist.unfinished.as_ref()?;
        let path = dist.info.join(b"INSTALLER").ok()?;
        let is_told = self.before.get(&path).is_some() || self.after.get(&path).is_some();
        (!is_told).then(|| Change {
            path,
            kind: Kind::Missing,
            class: Class::Damage,
            package: Some(dist.name.clone()),
            expected: None,
            actual: None,
            detail: Detail {
                reason: Some(format!(
                    "{} {} was not installed to its end",
                    dist.name, dist.version
                )),
                ..Detail::default()
            },
        })
    }

    /// What became of each distribution that is not as it was.
    pub(crate) fn changes(&self, changes: &[Change]) -> Vec<PackageChange> {
        let mut damaged: BTreeMap<&str, u64> = BTreeMap::new();
        for change in changes
            .iter()
            .filter(|change| change.class == Class::Damage)
        {
            if let Some(name) = &change.package {
                *damaged.entry(name.as_str()).or_default() += 1;
            }
        }
        let mut found = Vec::new();
        for (name, one) in &self.both {
            let damaged = damaged.get(name).copied().unwrap_or(0);
            let package = self.damaged(name, damaged);
            let state = match one.step {
                _ if damaged > 0 => PackageState::Damaged,
                Step::Same => continue,
                Step::Version => direction(package.expected.as_deref(), package.actual.as_deref()),
                Step::Again | Step::Less => PackageState::Reinstalled,
                Step::Added | Step::Begun => PackageState::Added,
                Step::Removed => PackageState::Removed,
            };
            found.push(PackageChange { state, ..package });
        }
        found
    }

    /// Whether damage of a package can be mended file by file.
    pub(crate) fn progress(&self, name: &str) -> Progress {
        let Some(one) = self.both.get(name) else {
            return Progress::None;
        };
        let versions = one.old.zip(one.new);
        let other_version = versions.is_some_and(|(old, new)| old.version != new.version);
        let is_read = versions.is_none_or(|(_, new)| new.unread.is_empty());
        match one.step {
            Step::Less => Progress::Less,
            Step::Begun => Progress::Half,
            // RECORD is written last: what is not there went later.
            Step::Version | Step::Added | Step::Again => Progress::Done,
            // Without its METADATA and RECORD nobody knows what the new version consists of.
            Step::Same if other_version && is_read => Progress::Half,
            Step::Same if other_version => Progress::Done,
            Step::Same | Step::Removed => Progress::None,
        }
    }

    /// What RECORD of the live distribution says of a file.
    pub(crate) fn row(&self, path: &RelPath) -> Option<&'a Row> {
        let new = self.both.get(self.owner(path)?)?.new?;
        new.record.as_ref()?.1.row(path)
    }

    /// A package with its versions on both sides and the number of its damaged entries.
    pub(crate) fn damaged(&self, name: &str, damaged: u64) -> PackageChange {
        let one = self.both.get(name);
        let version = |dist: &Dist| dist.version.clone();
        PackageChange {
            name: name.to_owned(),
            expected: one.and_then(|one| one.old).map(version),
            actual: one.and_then(|one| one.new).map(version),
            state: PackageState::Damaged,
            damaged,
        }
    }

    /// Every path that a distribution has on either side: its files, its info directory, its bytecode, and
    /// the scripts of an install that was not finished.
    pub(crate) fn paths_of(&self, name: &str) -> HashSet<RelPath> {
        let mut paths = HashSet::new();
        for (dists, manifest) in [(self.expected, self.before), (self.actual, self.after)] {
            for dist in dists.all.iter().filter(|dist| dist.name == name) {
                let begun = dist.unfinished.iter().flat_map(|begun| &begun.scripts);
                let listed: HashSet<&RelPath> =
                    rows(dist).map(|row| &row.path).chain(begun).collect();
                let own = manifest
                    .entries()
                    .iter()
                    .map(|entry| &entry.path)
                    .filter(|path| {
                        listed.contains(path)
                            || path.is_within(&dist.info)
                            || path.name().ends_with(b".pyc")
                                && made_of(path).is_some_and(|source| listed.contains(&source))
                    });
                paths.extend(own.cloned());
            }
        }
        paths
    }
}

/// Whether the RECORDs of two distributions are the same. If one of them lies behind a link, no tree has its digest,
/// and their rows are compared.
pub(super) fn same_record(packages: &Packages<'_>, old: &Dist, new: &Dist) -> bool {
    let digest = |dist: &Dist, manifest: &Manifest| {
        let (path, _) = dist.record.as_ref()?;
        manifest.get(path)?.digest()
    };
    let digests = (digest(old, packages.before), digest(new, packages.after));
    match digests {
        (Some(old), Some(new)) => old == new,
        _ => old.record.is_some() && old.record == new.record,
    }
}
