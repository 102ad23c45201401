//! A sweep for core dumps takes every `core.*`, and `core.py` is a common name for a module.

use super::super::case::{Case, Hurt};
use super::cache::cached;
use super::score::{Cause, Score};
use super::timing::{is_born_bad, never_were_written, sentence};
use crate::model::{Kind, RelPath};

/// One missing file alone is a sign only if it is at least this share of what a sweep would take.
const ENOUGH_FOR_ONE: f64 = 0.5;

/// Speaks where what is missing is named `core.*`.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let score = Score::of_missing(case, |file| is_core(file.path));
    let enough = match score.matched.len() {
        0 => false,
        1 => score.of == 1 && score.recall() >= ENOUGH_FOR_ONE,
        _ => true,
    };
    if !enough || is_born_bad(case, &score.matched) {
        return None;
    }
    let told = |rest: &str| {
        format!(
            "{}: all match core.*, which `find -name 'core.*' -delete`, a core-dump cleaner, \
             removes.{}{rest}",
            score.tally(),
            sentence(case, &score.matched)
        )
    };
    if !never_were_written(case, &score.matched) {
        let text = told(" Look in cron and timers before you restore.");
        return score.diagnosis("core-dump-cleaner", text);
    }
    // What the sweep took was gone before it could come into this venv.
    let found = cached(case, &score.matched);
    let text = told(&format!(
        " So the sweep was in the installer's cache, or where the wheels were built.{}",
        found.text
    ));
    let cause = score.diagnosis("core-dump-cleaner", text)?;
    Some(cause.cured(found.entries, found.cure))
}

/// Whether a sweep for core dumps explains damage.
pub(super) fn is_swept(hurt: &Hurt) -> bool {
    hurt.kind == Kind::Missing && is_core(&hurt.path)
}

/// Whether a sweep for core dumps takes this.
pub(super) fn is_core(path: &RelPath) -> bool {
    path.name() == b"core" || path.name().starts_with(b"core.")
}
