//! Cleaners of temporary directories take what is older than some days, file by file.

use std::collections::HashSet;

use super::super::case::{Case, Hurt};
use super::place::top;
use super::score::{Cause, ENOUGH, Score, missing_files};
use super::timing::{sentence, utc};
use super::words::packages;
use crate::model::Time;

/// Without so many seconds between the oldest and the newest file, age tells nothing: an install writes all at once.
const SPREAD: i64 = 24 * 60 * 60;

/// So many old packages go at once neither by hand nor with the tools that every venv begins with.
const MANY_PACKAGES: usize = 3;

/// Speaks where nearly all files older than some time are missing, and little else.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let cutoff = cutoff(case)?;
    let score = Score::of_missing(case, |file| file.mtime.is_some_and(|mtime| mtime <= cutoff));
    let enough = score.matched.len() >= 2 && score.recall() >= ENOUGH;
    if !enough || !(is_mixed(case, &score.matched, cutoff) || is_wide(case, &score.matched, cutoff))
    {
        return None;
    }
    let text = format!(
        "{}: they are the oldest, all from before {}, and younger ones survive. Cleaners of \
         temporary directories (tmpwatch, systemd-tmpfiles) remove files by age.{} Keep the venv \
         where none of them works.",
        score.tally(),
        utc(Time {
            secs: cutoff.secs.saturating_add(60),
            nanos: 0
        })?,
        sentence(case, &score.matched)
    );
    score.diagnosis("age-reaper", text)
}

/// The age that tells the missing from the others best.
fn cutoff(case: &Case) -> Option<Time> {
    let missing = missing_files(case);
    let mut gone: Vec<_> = missing
        .iter()
        .filter_map(|hurt| hurt.expected_mtime)
        .collect();
    let mut all: Vec<_> = case.expected.iter().filter_map(|file| file.mtime).collect();
    gone.sort_unstable();
    all.sort_unstable();
    let (oldest, newest) = all.first().zip(all.last())?;
    if newest.secs.saturating_sub(oldest.secs) < SPREAD {
        return None;
    }
    let least = (missing.len() as f64 * ENOUGH).ceil() as usize;
    let until = |times: &[Time], cutoff| times.partition_point(|time| *time <= cutoff);
    let fit = |cutoff: &Time| {
        let (hit, would_hit) = (until(&gone, *cutoff), until(&all, *cutoff));
        hit as f64 * hit as f64 / would_hit.max(1) as f64
    };
    let cutoffs = gone.iter().skip(least.saturating_sub(1)).copied();
    cutoffs.max_by(|a, b| fit(a).total_cmp(&fit(b)))
}

/// Whether younger files survive beside the missing ones: who removes a package takes both.
fn is_mixed(case: &Case, gone: &[&Hurt], cutoff: Time) -> bool {
    let hit: HashSet<_> = gone.iter().map(|hurt| &hurt.path).collect();
    let dirs: HashSet<_> = gone.iter().filter_map(|hurt| hurt.path.parent()).collect();
    case.expected
        .iter()
        .filter(|file| file.mtime.is_some_and(|mtime| mtime > cutoff) && !hit.contains(&*file.path))
        .filter_map(|file| file.path.parent())
        .any(|dir| top(&dir).is_some() && dirs.contains(&dir))
}

/// Whether so many packages are hit, and younger ones not, that age is what they have in common.
fn is_wide(case: &Case, gone: &[&Hurt], cutoff: Time) -> bool {
    let younger = |mtime: Time| mtime > cutoff;
    packages(gone).len() >= MANY_PACKAGES
        && case
            .expected
            .iter()
            .any(|file| file.mtime.is_some_and(younger))
}
