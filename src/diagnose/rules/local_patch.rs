//! Somebody edited a file of a package in place.

use super::super::case::{Case, Hurt};
use super::hard_link_aliasing::is_shared;
use super::score::{Cause, Score};
use super::timing::{Fate, fate, utc};
use super::words::{count, list};
use crate::model::{Kind, Time};

/// More edits than this are no patch by hand.
const MANY: usize = 3;

/// Speaks where the only damage is one to three `.py` files, changed after the install and still valid.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    if case.hurts.is_empty() || case.hurts.len() > MANY {
        return None;
    }
    // What others hold as well was not edited for this venv.
    if case.hurts.iter().any(is_shared) {
        return None;
    }
    let edited = case.hurts.iter().map(|hurt| edited(case, hurt));
    let last = edited.collect::<Option<Vec<_>>>()?.into_iter().max()?;
    let hurts: Vec<_> = case.hurts.iter().collect();
    let text = format!(
        "{} {} edited after the install, last at {}, and still valid Python: {}. A restore \
         replaces the edit; save it first if you want to keep it (it will be in the incident \
         snapshot too).",
        count(hurts.len(), "file"),
        if hurts.len() == 1 { "was" } else { "were" },
        utc(last)?,
        list(hurts.iter().map(|hurt| &hurt.path))
    );
    Score::plain(hurts.clone(), hurts.len()).diagnosis("local-patch", text)
}

/// When somebody edited this file, if it looks like an edit.
fn edited(case: &Case, hurt: &Hurt) -> Option<Time> {
    let is_valid = hurt.actual?.valid_python == Some(true);
    match fate(case, hurt)? {
        Fate::Later(time)
            if is_valid && hurt.kind == Kind::Altered && hurt.path.name().ends_with(b".py") =>
        {
            Some(time)
        }
        _ => None,
    }
}
