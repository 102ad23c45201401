//! pip renames what it replaces (`click` to `~lick`) and renames it back or removes it; unless it is interrupted.

use std::collections::HashSet;

use super::super::case::{Case, Hurt};
use super::place::top;
use super::score::Score;
use super::words::{count, is, list};
use crate::model::{Diagnosis, RelPath, Shown};

/// What pip puts for the first letters of a name, after [`plain`].
const LEADING: &[u8] = b"~_=%0123456789";

/// Speaks where the damaged packages have leftovers of pip, or where there are such leftovers and no damage.
pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
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
    let score = Score::of(case, &hurts, |file| {
        matched.contains(file.path) || is_renamed_top(case, file.path)
    });
    let leftovers = format!("{} {} left by an interrupted pip", names, is(total));
    let text = if hurts.is_empty() {
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

/// The distribution in the name of its metadata directory: `~lick-8.1.7.dist-info` → `~lick`.
fn distribution(name: &[u8]) -> &[u8] {
    let stem = name
        .strip_suffix(b".dist-info")
        .or_else(|| name.strip_suffix(b".egg-info"));
    let end = stem.and_then(|stem| stem.iter().rposition(|&b| b == b'-'));
    end.filter(|&end| end > 0).map_or(name, |end| &name[..end])
}

/// Whether `left` is `name` with its first letters replaced, or with more put before them.
fn is_renamed(left: &[u8], name: &[u8]) -> bool {
    if !left.starts_with(b"~") && !left.starts_with(b"-") {
        return false;
    }
    let (left, name) = (plain(left), plain(name));
    (0..name.len()).any(|cut| {
        let lead = left.strip_suffix(&name[cut..]).unwrap_or_default();
        !lead.is_empty()
            && (cut == 0 || lead.len() == cut)
            && lead.iter().all(|b| LEADING.contains(b))
    })
}

/// A name in which spellings of the same distribution are equal.
fn plain(name: &[u8]) -> Vec<u8> {
    let spell = |b: &u8| match b {
        b'-' | b'.' => b'_',
        _ => b.to_ascii_lowercase(),
    };
    name.iter().map(spell).collect()
}
