//! What probably did it: one rule per file, each a pure function that speaks only where the damage has its shape.

mod age_reaper;
mod bad_wheel;
mod cache;
mod caught_in_the_act;
mod core_dump_cleaner;
mod damaged_cache;
mod empty_file_cleaner;
mod file;
mod hard_link_aliasing;
mod ignore_file_excludes;
mod interpreter_changed;
mod interrupted_install;
mod interrupted_pip;
mod local_patch;
mod permissions;
mod place;
mod power_loss;
mod rsync_cvs_exclude;
mod score;
mod short_copy;
mod timing;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use super::case::{Case, Hurt};
use crate::model::{Diagnosis, Kind, RelPath};
use score::Cause;
use timing::came_with_install;

/// Every rule, in the order of its name.
const RULES: [for<'a> fn(&'a Case<'_>) -> Option<Cause<'a>>; 16] = [
    age_reaper::rule,
    bad_wheel::rule,
    caught_in_the_act::rule,
    core_dump_cleaner::rule,
    damaged_cache::rule,
    empty_file_cleaner::rule,
    hard_link_aliasing::rule,
    ignore_file_excludes::rule,
    interpreter_changed::rule,
    interrupted_install::rule,
    interrupted_pip::rule,
    local_patch::rule,
    permissions::rule,
    power_loss::rule,
    rsync_cvs_exclude::rule,
    short_copy::rule,
];

/// Causes without those that only look like another one that is there.
fn without_lookalikes<'a>(case: &Case, mut causes: Vec<Cause<'a>>) -> Vec<Cause<'a>> {
    let has =
        |causes: &[Cause<'_>], name: &str| causes.iter().any(|one| one.diagnosis.rule == name);
    // What lies in a cache was never written here, so nothing here tells when it went.
    if has(&causes, "damaged-cache") {
        causes.retain(|one| {
            !matches!(
                &*one.diagnosis.rule,
                "bad-wheel" | short_copy::NAME | "power-loss"
            )
        });
    }
    // Where a copy ended in the midst of a distribution, that looks as if an installer had.
    if has(&causes, short_copy::NAME) && short_copy::ends_copy(case) {
        causes.retain(|one| one.diagnosis.rule != interrupted_install::NAME);
    }
    // What an installer never came to write also looks like a copy that was cut short, or like a wheel without it.
    if has(&causes, interrupted_install::NAME) {
        let looks_alike =
            |name: &str| name == "bad-wheel" || name == short_copy::NAME && !case.full;
        causes.retain(|one| !looks_alike(&one.diagnosis.rule));
    }
    causes
}

/// All causes that fit: what was seen, then what is inferred; the one that explains most first.
pub(crate) fn diagnose(case: &Case) -> Vec<Diagnosis> {
    let causes: Vec<Cause<'_>> = RULES.iter().filter_map(|rule| rule(case)).collect();
    let causes = without_lookalikes(case, causes);
    let explained = causes.iter().flat_map(|cause| &cause.explained);
    let explained: HashSet<&RelPath> = explained.map(|hurt| &hurt.path).collect();
    let mut unexplained: BTreeMap<Kind, usize> = BTreeMap::new();
    for hurt in case
        .hurts
        .iter()
        .filter(|hurt| !explained.contains(&hurt.path))
    {
        *unexplained.entry(hurt.kind).or_default() += 1;
    }
    let told = |cause: Cause<'_>| Diagnosis {
        of: case.hurts.len(),
        unexplained: unexplained.clone(),
        ..cause.diagnosis
    };
    let mut found: Vec<_> = causes.into_iter().map(told).collect();
    found.sort_by(|a, b| {
        let is_seen = |one: &Diagnosis| one.rule == caught_in_the_act::NAME;
        is_seen(b)
            .cmp(&is_seen(a))
            .then_with(|| b.explains.cmp(&a.explains))
            .then_with(|| a.rule.cmp(&b.rule))
    });
    found
}

/// The damage that came with an install, as far as times and inodes tell: an installer's cache may have it as well.
pub(crate) fn brought<'a>(case: &'a Case<'_>) -> Vec<&'a Hurt> {
    let hurts = case.hurts.iter();
    hurts
        .filter(|hurt| hurt.package.is_some() && came_with_install(case, hurt))
        .collect()
}

/// Whether the bytes of what is there are wrong.
fn is_content(hurt: &Hurt) -> bool {
    matches!(
        hurt.kind,
        Kind::Emptied | Kind::Truncated | Kind::ZeroFilled | Kind::Altered
    )
}
