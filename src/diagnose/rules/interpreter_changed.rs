//! Another interpreter: nothing is missing, and nothing works.

use super::{Case, share, told};
use crate::model::Diagnosis;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let problem = case.interpreter.as_ref()?;
    let is_python = |path: &crate::model::RelPath| {
        path.name().starts_with(b"python") && path.parent().is_some_and(|dir| dir.name() == b"bin")
    };
    let count = case
        .hurts
        .iter()
        .filter(|hurt| is_python(&hurt.path))
        .count();
    let recall = share(count, count);
    let text = format!(
        "the interpreter of the venv is not the one that it was made for: {problem}. Python was upgraded or removed on this \
         machine; install that version again, or make the venv anew."
    );
    Some(told("interpreter-changed", text, count, 1.0, recall))
}
