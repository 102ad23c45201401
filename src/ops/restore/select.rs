//! Which part of the snapshot is restored: all of it, what `--only` names, or with `--heal` the damage alone.

use std::collections::{BTreeMap, HashSet};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Part, Refusal};
use crate::diagnose::{Packages, Progress};
use crate::model::{Change, Class, Entry, Kind, Manifest, Node, PackageChange, RelPath};
use crate::ops::error::Error;
use crate::python::bytecode::{is_bytecode, source_of};
use crate::python::dist::{Row, normalized};
use crate::python::layout::site_above;

/// The paths that are restored; all others stay as they are in the live tree.
pub(super) struct Selection {
    paths: HashSet<RelPath>,
    globs: Option<GlobSet>,
    /// Distributions that come back as a whole: an upgrade of them was half done, or the same build was installed again
    /// with files left out.
    pub(super) whole: Vec<PackageChange>,
    /// Distributions that stay damaged, because the snapshot has another version of them, or none.
    pub(super) left: Vec<PackageChange>,
}

impl Selection {
    /// Whether a path is restored.
    pub(super) fn has(&self, path: &RelPath) -> bool {
        self.paths.contains(path)
            || self
                .globs
                .as_ref()
                .is_some_and(|globs| !matches(globs, path).is_empty())
    }

    /// What is asked for; none where that is everything.
    pub(super) fn select(
        part: &Part,
        expected: &Manifest,
        live: &Manifest,
        packages: &Packages<'_>,
        changes: &[Change],
        is_saved: &dyn Fn(&Row) -> bool,
        is_baseline: bool,
    ) -> Result<Option<Self>, Error> {
        let names = match part {
            Part::Whole => return Ok(None),
            Part::Only(names) => names,
            Part::Heal => {
                let damage = Self::heal(expected, live, packages, changes, &|change| {
                    fits(packages, change, is_saved, is_baseline)
                });
                return Ok(Some(damage));
            }
        };
        let mut paths = HashSet::new();
        let mut patterns = Vec::new();
        for name in names {
            let package = packages.paths_of(&normalized(name));
            if package.is_empty() {
                patterns.push(name.clone());
            } else {
                paths.extend(dirs_of(&package, packages));
            }
            paths.extend(package);
        }
        let globs = globs(&patterns)?;
        for (number, pattern) in patterns.iter().enumerate() {
            let hit = |entry: &Entry| matches(&globs, &entry.path).contains(&number);
            if !expected.entries().iter().any(hit) && !live.entries().iter().any(hit) {
                return Err(Error::NoMatch(pattern.clone()));
            }
        }
        Ok(Some(Self {
            paths,
            globs: Some(globs),
            whole: Vec::new(),
            left: Vec::new(),
        }))
    }

    /// Selects the damage, and the bytecode of every source that is restored: Python would believe old bytecode beside
    /// a source of the same time and size.
    fn heal(
        expected: &Manifest,
        live: &Manifest,
        packages: &Packages<'_>,
        changes: &[Change],
        fits: &dyn Fn(&Change) -> bool,
    ) -> Self {
        let mut paths = HashSet::new();
        let (mut whole, mut left) = (BTreeMap::new(), BTreeMap::new());
        let mut stays: Vec<&RelPath> = Vec::new();
        let damage = |change: &&Change| change.class == Class::Damage;
        for change in changes.iter().filter(damage) {
            let name = change.package.as_deref().unwrap_or_default();
            let is_link = |entry: &Entry| matches!(entry.node, Node::Symlink(_));
            // The damage lies behind a link, which itself is as it was saved.
            let is_kept = change.expected.as_ref().is_none_or(is_link);
            if change.detail.behind.is_some() && is_kept {
                *left.entry(name).or_insert(0) += 1;
            } else if matches!(packages.progress(name), Progress::Half | Progress::Less) {
                *whole.entry(name).or_insert(0) += 1;
            } else if fits(change) {
                paths.insert(change.path.clone());
            } else {
                *left.entry(name).or_insert(0) += 1;
                stays.push(&change.path);
            }
        }
        paths.extend(whole.keys().flat_map(|name| packages.paths_of(name)));
        for change in changes.iter().filter(|change| change.class == Class::Drift) {
            // A file that another distribution shares with them, and whose RECORD proves it good, is no part of the
            // damage.
            let mut witnesses = packages.witnesses(&change.path);
            if witnesses.any(|(dist, _)| !whole.contains_key(dist.name.as_str())) {
                paths.remove(&change.path);
            }
        }
        leave_vain(expected, changes, &stays, &mut paths);
        let told = |found: BTreeMap<&str, u64>| {
            let found = found.into_iter();
            found
                .map(|(name, number)| packages.damaged(name, number))
                .collect()
        };
        let bytecode: Vec<RelPath> = [expected, live]
            .into_iter()
            .flat_map(Manifest::entries)
            .map(|entry| &entry.path)
            .filter(|path| is_bytecode(path))
            .filter(|path| source_of(path).is_some_and(|source| paths.contains(&source)))
            .cloned()
            .collect();
        paths.extend(bytecode);
        Self {
            paths,
            globs: None,
            whole: told(whole),
            left: told(left),
        }
    }
}

/// The directories below a site-packages that hold files of a package and of no other one: they go with it, since
/// RECORD lists files alone.
fn dirs_of(package: &HashSet<RelPath>, packages: &Packages<'_>) -> HashSet<RelPath> {
    let above = |path: &RelPath| std::iter::successors(path.parent(), RelPath::parent);
    let mut dirs: HashSet<RelPath> = package.iter().flat_map(above).collect();
    dirs.retain(|dir| site_above(dir).is_some());
    let files = packages.before.entries().iter().map(|entry| &entry.path);
    let others = files.filter(|path| !package.contains(*path) && packages.owner(path).is_some());
    for dir in others.flat_map(above) {
        dirs.remove(&dir);
    }
    dirs
}

/// Takes out directories that would come back empty: a directory comes back with what it holds, and not for files that
/// stay damaged.
fn leave_vain(
    expected: &Manifest,
    changes: &[Change],
    stays: &[&RelPath],
    paths: &mut HashSet<RelPath>,
) {
    let holds = |dir: &RelPath, path: &RelPath| path != dir && path.is_within(dir);
    let is_file = |path: &RelPath| expected.get(path).is_some_and(|one| one.size().is_some());
    let is_dir = |entry: &Entry| entry.node == Node::Dir;
    let gone = changes.iter().filter(|change| change.kind == Kind::Missing);
    let gone = gone.filter(|change| change.expected.as_ref().is_some_and(is_dir));
    let vain: Vec<&RelPath> = gone
        .map(|change| &change.path)
        .filter(|dir| stays.iter().any(|path| holds(dir, path)))
        .filter(|dir| !paths.iter().any(|path| holds(dir, path) && is_file(path)))
        .collect();
    for dir in vain {
        paths.remove(dir);
    }
}

/// Whether the snapshot has what belongs to a damaged path. What a live RECORD lists has to fit that RECORD; but a
/// baseline may hold what was changed and accepted, if the file still has the same owners.
fn fits(
    packages: &Packages<'_>,
    change: &Change,
    is_saved: &dyn Fn(&Row) -> bool,
    is_baseline: bool,
) -> bool {
    let mut witnesses = packages.witnesses(&change.path).peekable();
    let is_kept = || packages.has_its_owners(&change.path);
    let is_dir = |entry: &Entry| entry.node == Node::Dir;
    if change.expected.is_none() && change.actual.as_ref().is_some_and(is_dir) {
        // An extra directory stays: what is in it is not known to be rubbish.
        return false;
    }
    if witnesses.peek().is_none() {
        let name = change.package.as_deref().unwrap_or_default();
        // A file that no RECORD proves is sure to belong there only if nobody else has written it since.
        return packages.progress(name) != Progress::Done
            && (is_kept() || !packages.is_claimed(&change.path));
    }
    witnesses.any(|(_, row)| is_saved(row)) || is_baseline && change.expected.is_some() && is_kept()
}

/// Patterns as people write them: a plain path means it and all below it; `*` stays within one part of the path.
pub(super) fn globs(patterns: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern.trim_start_matches("./").trim_end_matches('/'))
            .literal_separator(true)
            .build();
        set.add(glob.map_err(|error| {
            let (pattern, why) = (pattern.clone(), error.kind().to_string());
            Refusal::BadPattern { pattern, why }
        })?);
    }
    Ok(set.build().map_err(Refusal::BadPatterns)?)
}

/// The numbers of the patterns that match a path or a directory above it.
pub(super) fn matches(set: &GlobSet, path: &RelPath) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = Some(path.clone());
    while let Some(path) = at.filter(|path| !path.is_root()) {
        found.extend(set.matches(path.as_path()));
        at = path.parent();
    }
    found
}
