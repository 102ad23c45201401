//! What changes, file by file, where directories cannot be exchanged: crash-safe through the journal, but not atomic.

use std::collections::HashSet;

use super::disk::step::{PathText, Step};
use super::error::Error;
use super::plan::Plan;
use super::route::InPlace;
use crate::disk::rooted::Rooted;
use crate::model::compare::compare;
use crate::model::{Kind, Node, RelPath};
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
    let changed = plan.goal.differing(plan.live.as_ref());
    let place = target
        .entries()
        .iter()
        .filter(|entry| entry.node != Node::Dir && changed.contains(&entry.path));
    let place: Vec<&RelPath> = place.map(|entry| &entry.path).collect();
    let touched: HashSet<RelPath> = remove
        .iter()
        .chain(&mkdir)
        .chain(place.iter().copied())
        .filter_map(RelPath::parent)
        .collect();
    let dirs = target.entries().iter().rev();
    let settle = dirs
        .filter(|entry| entry.node == Node::Dir)
        .filter_map(|entry| {
            if !plan.goal.stays.contains(&entry.path) {
                return Some(Step::attributes(entry, false));
            }
            // Our staging may lie in the root.
            let is_touched = entry.path.is_root() || touched.contains(&entry.path);
            let there = live.scan.manifest().get(&entry.path);
            there
                .filter(|_| is_touched)
                .map(|there| Step::attributes(there, true))
        });
    remove
        .iter()
        .map(|path| Step::Remove(PathText::new(path)))
        .chain(mkdir.iter().map(|path| Step::Mkdir(PathText::new(path))))
        .chain(place.iter().map(|path| Step::Place(PathText::new(path))))
        .chain(settle)
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
