//! What probably did it: one rule per file, each a pure function that speaks only where the damage has its shape.

mod age_reaper;
mod bad_wheel;
mod core_dump_cleaner;
mod empty_file_cleaner;
mod file;
mod hard_link_aliasing;
mod ignore_file_excludes;
mod interpreter_changed;
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

use super::case::{Case, Hurt};
use crate::model::{Diagnosis, Kind};

/// Every rule, in the order of its name.
const RULES: [fn(&Case) -> Option<Diagnosis>; 13] = [
    age_reaper::rule,
    bad_wheel::rule,
    core_dump_cleaner::rule,
    empty_file_cleaner::rule,
    hard_link_aliasing::rule,
    ignore_file_excludes::rule,
    interpreter_changed::rule,
    interrupted_pip::rule,
    local_patch::rule,
    permissions::rule,
    power_loss::rule,
    rsync_cvs_exclude::rule,
    short_copy::rule,
];

/// All causes that fit, the one that explains most first.
pub(crate) fn diagnose(case: &Case) -> Vec<Diagnosis> {
    let mut found: Vec<_> = RULES.iter().filter_map(|rule| rule(case)).collect();
    found.sort_by(|a, b| {
        b.explains
            .cmp(&a.explains)
            .then_with(|| a.rule.cmp(&b.rule))
    });
    found
}

/// Whether the bytes of what is there are wrong.
fn is_content(hurt: &Hurt) -> bool {
    matches!(
        hurt.kind,
        Kind::Emptied | Kind::Truncated | Kind::ZeroFilled | Kind::Altered
    )
}
