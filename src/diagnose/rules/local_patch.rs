//! A change by hand: valid Python, younger than the install. Nobody wants to lose it in silence.

use super::{Case, timing, told};
use crate::model::{Diagnosis, Kind};

const FILES_MAX: usize = 3;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let is_patch = |hurt: &super::Hurt| {
        hurt.kind == Kind::Altered
            && hurt.path.name().ends_with(b".py")
            && hurt
                .actual
                .is_some_and(|actual| actual.valid_python == Some(true) && actual.nlink <= 1)
            && timing::after_install(case, hurt) == Some(true)
    };
    if case.hurts.is_empty() || case.hurts.len() > FILES_MAX || !case.hurts.iter().all(is_patch) {
        return None;
    }
    let names: Vec<String> = case
        .hurts
        .iter()
        .map(|hurt| format!("'{}'", hurt.path))
        .collect();
    let text = format!(
        "{} valid Python and changed after the install: probably a patch by hand. A restore replaces it; the incident snapshot \
         keeps it.",
        if names.len() == 1 {
            format!("{} is", names[0])
        } else {
            format!("{} are", names.join(", "))
        }
    );
    Some(told("local-patch", text, case.hurts.len(), 1.0, 1.0))
}
