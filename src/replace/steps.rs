//! What changes, file by file, where directories cannot be exchanged: crash-safe through the journal, but not atomic.

use std::collections::HashSet;

use super::disk::step::{PathText, Step};
use super::error::Error;
use super::plan::{Goal, Live, Plan, link_to};
use super::route::InPlace;
use crate::disk::rooted::Rooted;
use crate::model::compare::compare;
use crate::model::{Kind, Manifest, Node, RelPath};
use crate::monitor::{Monitor, RestoreWarning};
use crate::tree::scan::scan;
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;

/// What is not as it should be after files were replaced one by one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// Where.
    pub path: RelPath,
    /// How.
    pub kind: Kind,
}

/// The paths that must be staged: every file that differs in any way, the rest of its group of links, and the
/// directories above them.
pub(super) fn changed(goal: &Goal, live: Option<&Live>) -> HashSet<RelPath> {
    let Some(live) = live else {
        return HashSet::new();
    };
    let target = &goal.manifest;
    let mut files = differing_files(target, live.scan.manifest());
    // They only lose a name of theirs, by which nothing of them changes.
    files.retain(|path| !goal.stays.contains(path));
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

fn differing_files(target: &Manifest, live: &Manifest) -> HashSet<RelPath> {
    let differing = compare(target, live)
        .into_iter()
        .filter_map(|difference| difference.expected);
    differing
        .filter(|entry| entry.node != Node::Dir)
        .map(|entry| entry.path.clone())
        .collect()
}

/// The steps from the live tree to the goal: make room, make directories, place files, settle the directories. What
/// is not replaced is left alone, whatever it has become since.
pub(super) fn steps(plan: &Plan<'_>, in_place: &InPlace) -> Vec<Step> {
    let Some(live) = &plan.live else {
        return Vec::new();
    };
    let target = &plan.goal.manifest;
    let goes = in_place.goes.as_ref();
    let mut remove: Vec<RelPath> = Vec::new();
    let mut mkdir = Vec::new();
    for difference in compare(target, live.scan.manifest()) {
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
        if came || plan.goal.stays.contains(&path) {
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
    let changed = changed(&plan.goal, plan.live.as_ref());
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
        .chain(settle.map(Step::attributes))
        .collect()
}

/// Something that the steps replace and of which nobody keeps the content, since it never held still.
pub(super) fn restless(plan: &Plan<'_>, in_place: &InPlace) -> Option<RelPath> {
    let scan = &plan.live.as_ref()?.scan;
    let mut lost = scan.unreadable.iter().chain(&scan.unstable).peekable();
    lost.peek()?;
    let steps = steps(plan, in_place);
    let replaced = |path: &RelPath| {
        steps.iter().any(|step| match step {
            Step::Remove(gone) => gone.path().is_some_and(|gone| path.is_within(&gone)),
            Step::Place(there) => there.path().as_ref() == Some(path),
            Step::Mkdir(_) | Step::Attributes { .. } => false,
        })
    };
    lost.find(|path| replaced(path)).cloned()
}

/// Reads the tree once more after it was changed in place: nobody verified it as a whole before.
pub(super) fn wrong(
    plan: &Plan<'_>,
    there: &Rooted,
    monitor: &dyn Monitor,
) -> Result<Vec<Wrong>, Error> {
    let scan = scan(there, &StatCache::default(), &DigestsOnly, monitor)?;
    // What is noise, or new, or was not replaced, is not ours.
    let wrong: Vec<Wrong> = compare(&plan.goal.manifest, scan.manifest())
        .into_iter()
        .filter_map(|difference| {
            let path = &difference.expected.or(difference.actual)?.path;
            let kind = difference.kind;
            let ours = kind != Kind::Extra && !plan.goal.stays.contains(path);
            (ours && !(plan.how.is_noise)(&difference)).then(|| Wrong {
                path: path.clone(),
                kind,
            })
        })
        .collect();
    for Wrong { path, kind } in &wrong {
        let kind = *kind;
        monitor.warn(RestoreWarning::ChangedAgain { path, kind }.into());
    }
    Ok(wrong)
}
