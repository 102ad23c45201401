//! A sweep for core dumps takes every `core.*`, and `core.py` is a common name for a module.

use super::super::case::Case;
use super::score::Score;
use super::timing::{is_born_bad, sentence};
use crate::model::{Diagnosis, RelPath};

/// One missing file alone is a sign only if it is at least this share of what a sweep would take.
const ENOUGH_FOR_ONE: f64 = 0.5;

/// Speaks where what is missing is named `core.*`.
pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let score = Score::of_missing(case, |file| is_core(file.path));
    let enough = match score.matched.len() {
        0 => false,
        1 => score.of == 1 && score.recall() >= ENOUGH_FOR_ONE,
        _ => true,
    };
    if !enough || is_born_bad(case, &score.matched) {
        return None;
    }
    let text = format!(
        "{}: all match core.*, which `find -name 'core.*' -delete`, a core-dump cleaner, \
         removes.{} Look in cron and timers before you restore.",
        score.tally(),
        sentence(case, &score.matched)
    );
    score.diagnosis("core-dump-cleaner", text)
}

/// Whether a sweep for core dumps takes this.
fn is_core(path: &RelPath) -> bool {
    path.name() == b"core" || path.name().starts_with(b"core.")
}
