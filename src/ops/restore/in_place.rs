//! What changes, file by file, where directories cannot be exchanged: crash-safe through the journal, but not atomic.

use std::collections::HashSet;

use super::outcome::Wrong;
use super::plan::Plan;
use crate::diagnose::classify;
use crate::disk::journal::{PathText, Step};
use crate::disk::rooted::Rooted;
use crate::model::compare::compare;
use crate::model::{Class, Kind, Manifest, Node, RelPath};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::venv::scan::scan;
use crate::venv::sink::DigestsOnly;
use crate::venv::stat_cache::StatCache;

/// The paths that must be staged: every file that differs in any way, the rest of its group of links, and the directories
/// above them.
pub(super) fn changed(plan: &Plan<'_>) -> HashSet<RelPath> {
    let Some(live) = &plan.live else {
        return HashSet::new();
    };
    let target = &plan.target.manifest;
    let mut files = differing_files(target, &live.scan.manifest);
    // They only lose a name of theirs, by which nothing of them changes.
    files.retain(|path| !plan.target.stays.contains(path));
    let groups: HashSet<&RelPath> = target
        .entries()
        .iter()
        .filter(|entry| files.contains(&entry.path))
        .filter_map(super::plan::link_to)
        .chain(files.iter())
        .collect();
    let whole_groups: Vec<RelPath> = target
        .entries()
        .iter()
        .filter(|entry| {
            super::plan::link_to(entry).is_some_and(|first| groups.contains(first))
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

fn differing_files(target: &Manifest, live: &Manifest) -> HashSet<RelPath> {
    let differing = compare(target, live)
        .into_iter()
        .filter_map(|difference| difference.expected);
    differing
        .filter(|entry| entry.node != Node::Dir)
        .map(|entry| entry.path.clone())
        .collect()
}

/// The steps from the live tree to the target: make room, make directories, place files, settle the directories.
pub(super) fn steps(plan: &Plan<'_>) -> Vec<Step> {
    let Some(live) = &plan.live else {
        return Vec::new();
    };
    let target = &plan.target.manifest;
    let mut remove: Vec<RelPath> = Vec::new();
    let mut mkdir = Vec::new();
    for difference in compare(target, &live.scan.manifest) {
        let is_dir = |entry: Option<&crate::model::Entry>| {
            entry.is_some_and(|entry| entry.node == Node::Dir)
        };
        let path = difference
            .expected
            .or(difference.actual)
            .map(|entry| entry.path.clone())
            .unwrap_or_default();
        let gone = difference.kind == Kind::Extra
            || is_dir(difference.expected) != is_dir(difference.actual)
                && difference.actual.is_some();
        if gone && !remove.last().is_some_and(|above| path.is_within(above)) {
            remove.push(path.clone());
        }
        if is_dir(difference.expected) && !is_dir(difference.actual) {
            mkdir.push(path);
        }
    }
    let staged = changed(plan);
    let place = target
        .entries()
        .iter()
        .filter(|entry| entry.node != Node::Dir && staged.contains(&entry.path));
    let settle = target
        .entries()
        .iter()
        .rev()
        .filter(|entry| entry.node == Node::Dir);
    remove
        .iter()
        .map(|path| Step::Remove(PathText::new(path)))
        .chain(mkdir.iter().map(|path| Step::Mkdir(PathText::new(path))))
        .chain(place.map(|entry| Step::Place(PathText::new(&entry.path))))
        .chain(settle.map(Step::settle))
        .collect()
}

/// Something that the steps replace and of which no snapshot has the content, since it never held still.
pub(super) fn restless(plan: &Plan<'_>) -> Option<RelPath> {
    let scan = &plan.live.as_ref()?.scan;
    let mut lost = scan.unreadable.iter().chain(&scan.unstable).peekable();
    lost.peek()?;
    let steps = steps(plan);
    let replaced = |path: &RelPath| {
        steps.iter().any(|step| match step {
            Step::Remove(gone) => gone.path().is_some_and(|gone| path.is_within(&gone)),
            Step::Place(there) => there.path().as_ref() == Some(path),
            Step::Mkdir(_) | Step::Settle { .. } => false,
        })
    };
    lost.find(|path| replaced(path)).cloned()
}

/// Reads the venv once more after it was changed in place: nobody verified it as a whole before.
pub(super) fn wrong(
    context: &Context<'_>,
    plan: &Plan<'_>,
    venv: &Rooted,
) -> Result<Vec<Wrong>, Error> {
    let scan = scan(venv, &StatCache::default(), &DigestsOnly, context.monitor)?;
    // Bytecode that Python wrote meanwhile is noise, and what is new, or was not restored, is not ours.
    let wrong: Vec<Wrong> = compare(&plan.target.manifest, &scan.manifest)
        .into_iter()
        .filter_map(|difference| {
            let (expected, actual) = (difference.expected, difference.actual);
            let (path, kind) = (&expected.or(actual)?.path, difference.kind);
            let ours = kind != Kind::Extra && !plan.target.stays.contains(path);
            let noise = classify(path, kind, expected, actual, false) == Class::Noise;
            (ours && !noise).then(|| Wrong {
                path: path.clone(),
                kind,
            })
        })
        .collect();
    for Wrong { path, kind } in &wrong {
        context.monitor.warn(&format!(
            "'{path}' is {} again after it was replaced: something else writes in the venv",
            kind.as_str()
        ));
    }
    Ok(wrong)
}
