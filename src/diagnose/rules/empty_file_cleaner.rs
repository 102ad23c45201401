//! `find -empty -delete` takes the files that are meant to be empty: `__init__.py`, `py.typed`, `REQUESTED`.

use super::super::case::Case;
use super::score::{Cause, ENOUGH, Score};
use super::timing::{is_born_bad, sentence};

/// Speaks where nearly all files that should be empty are missing, and little else.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let score = Score::of_missing(case, |file| file.size == Some(0));
    let enough = score.matched.len() >= 2 && score.recall() >= ENOUGH;
    if !enough || is_born_bad(case, &score.matched) {
        return None;
    }
    let text = format!(
        "{}: all should be empty, as many __init__.py and py.typed are. `find -empty -delete` \
         removes such files, and some storage syncs skip them.{} Look there before you restore.",
        score.tally(),
        sentence(case, &score.matched)
    );
    score.diagnosis("empty-file-cleaner", text)
}
