//! What changes, file by file, where directories cannot be exchanged: crash-safe through the journal, but not atomic.

use std::collections::HashSet;

use super::outcome::Wrong;
use super::plan::Plan;
use super::stage::Staged;
use crate::diagnose::classify;
use crate::disk::journal::{PathText, Step};
use crate::disk::rooted::Rooted;
use crate::model::compare::compare;
use crate::model::{Class, Kind, Manifest, Node, RelPath};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::tree::scan::scan;
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;

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

/// What a restore in place made up its mind about when it was staged. The venv may be read once more after that.
pub(super) struct Choice {
    /// What lies in staging.
    pub(super) staged: HashSet<RelPath>,
    /// What goes of that which the snapshot does not have, where only a part is restored: not what came since.
    pub(super) goes: Option<HashSet<RelPath>>,
}

impl Choice {
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let live = plan.live.as_ref().map(|live| &live.scan.manifest);
        let entries = live.map_or(&[][..], Manifest::entries).iter();
        let is_extra = |path: &&RelPath| plan.target.manifest.get(path).is_none();
        let extras = entries.map(|entry| &entry.path).filter(is_extra).cloned();
        Self {
            staged: changed(plan),
            goes: (!plan.options.part.is_whole()).then(|| extras.collect()),
        }
    }
}

/// The steps from the live tree to the target: make room, make directories, place files, settle the directories. What is not restored is
/// left alone, whatever it has become since.
pub(super) fn steps(staged: &Staged<'_>) -> Vec<Step> {
    let plan = &staged.plan;
    let Some(live) = &plan.live else {
        return Vec::new();
    };
    let target = &plan.target.manifest;
    let goes = staged
        .choice
        .as_ref()
        .and_then(|choice| choice.goes.as_ref());
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
        let is_extra = difference.kind == Kind::Extra;
        let came = is_extra && goes.is_some_and(|goes| !goes.contains(&path));
        if came || plan.target.stays.contains(&path) {
            continue;
        }
        let gone = is_extra
            || is_dir(difference.expected) != is_dir(difference.actual)
                && difference.actual.is_some();
        if gone && !remove.last().is_some_and(|above| path.is_within(above)) {
            remove.push(path.clone());
        }
        if is_dir(difference.expected) && !is_dir(difference.actual) {
            mkdir.push(path);
        }
    }
    let changed = changed(plan);
    let place = target
        .entries()
        .iter()
        .filter(|entry| entry.node != Node::Dir && changed.contains(&entry.path));
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
pub(super) fn restless(staged: &Staged<'_>) -> Option<RelPath> {
    let scan = &staged.plan.live.as_ref()?.scan;
    let mut lost = scan.unreadable.iter().chain(&scan.unstable).peekable();
    lost.peek()?;
    let steps = steps(staged);
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
