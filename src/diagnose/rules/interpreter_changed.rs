//! The interpreter that a venv points to is gone or another one.

use super::super::case::{Case, Hurt};
use super::score::Score;
use crate::model::Diagnosis;

/// Speaks where something is wrong with the interpreter.
pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let what = case.interpreter.as_ref()?.trim_end_matches('.');
    let links: Vec<_> = case.hurts.iter().filter(|hurt| is_link(hurt)).collect();
    let text = format!(
        "The interpreter of this venv changed: {what}. Packages cannot be imported until it is \
         back; a venv for another interpreter has to be made anew."
    );
    let number = links.len();
    Score::plain(links, number).diagnosis("interpreter-changed", text)
}

/// Whether damage is of a link to the interpreter.
fn is_link(hurt: &Hurt) -> bool {
    hurt.path.as_bytes().starts_with(b"bin/python")
}
