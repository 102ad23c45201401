//! The interpreter that a venv points to is gone or another one, or what points to it is wrong.

use super::super::case::{Case, Hurt};
use super::score::{Cause, Score};
use crate::model::{Kind, Shown};
use crate::python::Culprit;
use crate::python::layout::is_python;

/// So many entries lead to the interpreter. A cause that took more other entries than that took these by the way.
const SIGNPOSTS: usize = 2;

/// Speaks where something is wrong with the interpreter.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    // Where what leads to it is gone, with other files or with all that would tell where it is, or for want of room,
    // nothing says that it changed.
    let swept = case.hurts.iter().filter(|hurt| is_swept(hurt)).count();
    let is_swept = case.full || swept > SIGNPOSTS;
    if case.signpost_gone && (case.culprit == Culprit::Interpreter || is_swept) {
        return None;
    }
    let what = case.interpreter.as_ref()?.trim_end_matches('.');
    let text = match &case.culprit {
        Culprit::Interpreter => format!(
            "The interpreter of this venv changed: {what}. Packages cannot be imported until it is \
             back; a venv for another interpreter has to be made anew."
        ),
        Culprit::Config => format!(
            "pyvenv.cfg does not fit the interpreter of this venv, which is there: {what}. Restore \
             that file from a snapshot, or write into it what is true."
        ),
        Culprit::Link { name, to } => format!(
            "'{}' does not lead to '{}', the interpreter of this venv, which is there: {what}. \
             Restore that link from a snapshot, or link it anew.",
            Shown(name.as_bytes()),
            Shown::path(to)
        ),
    };
    let is_it = |hurt: &&Hurt| match case.culprit {
        Culprit::Config => hurt.path.as_bytes() == b"pyvenv.cfg",
        Culprit::Interpreter | Culprit::Link { .. } => is_link(hurt),
    };
    let hurts: Vec<_> = case.hurts.iter().filter(is_it).collect();
    let number = hurts.len();
    Score::plain(hurts, number).diagnosis("interpreter-changed", text)
}

/// Whether damage took content elsewhere, and may have taken what leads to the interpreter in the same way.
fn is_swept(hurt: &Hurt) -> bool {
    let is_taken = matches!(
        hurt.kind,
        Kind::Missing | Kind::Emptied | Kind::Truncated | Kind::ZeroFilled
    );
    is_taken && hurt.path.as_bytes() != b"pyvenv.cfg" && !is_link(hurt)
}

/// Whether damage is of a link to the interpreter.
fn is_link(hurt: &Hurt) -> bool {
    is_python(&hurt.path)
}
