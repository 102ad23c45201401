//! pip renames what it replaces (`click` to `~lick`) and renames it back or removes it; unless it is interrupted.

use std::collections::HashSet;

use super::super::case::{Case, Hurt};
use super::place::top;
use super::score::{Cause, Score};
use super::words::{count, is, list};
use crate::model::{RelPath, Shown};
use crate::python::dist::{distribution, is_renamed};

/// Speaks where the damaged packages have leftovers of pip, or where there are such leftovers and no damage.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    if case.leftovers.is_empty() {
        return None;
    }
    let owners: HashSet<_> = case
        .hurts
        .iter()
        .filter(|hurt| is_of_leftover(case, hurt))
        .filter_map(|hurt| hurt.package.as_deref())
        .collect();
    let names = list(case.leftovers.iter().map(|path| Shown(path.name())));
    let total = case.leftovers.len();
    let matched: HashSet<_> = case
        .hurts
        .iter()
        .filter(|hurt| {
            is_of_leftover(case, hurt)
                || hurt
                    .package
                    .as_deref()
                    .is_some_and(|name| owners.contains(name))
        })
        .map(|hurt| &hurt.path)
        .collect();
    let hurts: Vec<_> = case.hurts.iter().collect();
    let score = Score::compare(case, &hurts, |file| {
        matched.contains(file.path) || is_renamed_top(case, file.path)
    });
    let leftovers = format!("{} {} left by an interrupted pip", names, is(total));
    let text = if let [_, ..] = case.stranded[..] {
        let names = list(case.stranded.iter().map(|path| Shown(path.name())));
        let total = case.stranded.len();
        format!(
            "{names} {} put aside by a pip that was interrupted before it had put anything \
             complete in {} place. Keep {}, and restore a snapshot, or rename {} back as the \
             findings tell.",
            if total == 1 { "was" } else { "were" },
            if total == 1 { "its" } else { "their" },
            if total == 1 { "it" } else { "them" },
            if total == 1 { "it" } else { "them" },
        )
    } else if hurts.is_empty() {
        format!(
            "{leftovers}. Nothing is damaged; remove {}.",
            if total == 1 { "it" } else { "them" }
        )
    } else {
        format!(
            "{leftovers}, and {} of {} damaged {} to the same packages. Restore, or install them \
             again, and then remove what is left.",
            score.matched.len(),
            count(hurts.len(), "entry"),
            if score.matched.len() == 1 {
                "belongs"
            } else {
                "belong"
            }
        )
    };
    let score = if hurts.is_empty() {
        Score::plain(hurts, 0)
    } else {
        score
    };
    score.diagnosis("interrupted-pip", text)
}

/// Whether damage is in what a leftover once was, or in its distribution.
fn is_of_leftover(case: &Case, hurt: &Hurt) -> bool {
    let is_package = |package: &String| {
        let was = |path: &RelPath| is_renamed(distribution(path.name()), package.as_bytes());
        case.leftovers.iter().any(was)
    };
    is_renamed_top(case, &hurt.path) || hurt.package.as_ref().is_some_and(is_package)
}

/// Whether a path lies in what a leftover once was.
fn is_renamed_top(case: &Case, path: &RelPath) -> bool {
    let was = |name: &[u8]| {
        case.leftovers
            .iter()
            .any(|left| is_renamed(left.name(), name))
    };
    top(path).is_some_and(was)
}
