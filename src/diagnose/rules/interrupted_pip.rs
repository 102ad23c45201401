//! pip that was killed: it renames what it replaces to `~…` and removes that in the end.

use super::{Case, PRECISION_MIN, share, told};
use crate::model::{Diagnosis, RelPath};

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    if case.leftovers.is_empty() {
        return None;
    }
    let belongs = |package: &Option<String>| {
        let package = package.as_deref().unwrap_or_default();
        case.leftovers
            .iter()
            .any(|leftover| is_of(leftover, package))
    };
    let matched = case
        .hurts
        .iter()
        .filter(|hurt| belongs(&hurt.package))
        .count();
    let precision = if case.hurts.is_empty() {
        1.0
    } else {
        share(matched, case.hurts.len())
    };
    if precision < PRECISION_MIN {
        return None;
    }
    let names: Vec<String> = case
        .leftovers
        .iter()
        .take(3)
        .map(|path| format!("'{}'", String::from_utf8_lossy(path.name())))
        .collect();
    let more = if case.leftovers.len() > 3 {
        " and others"
    } else {
        ""
    };
    let text = format!(
        "pip was interrupted while it replaced a package, and left {}{more}. {}",
        names.join(", "),
        if matched > 0 {
            "The damage is in what it was replacing."
        } else {
            "Nothing else is hurt; they can be removed."
        }
    );
    Some(told("interrupted-pip", text, matched, precision, 1.0))
}

/// Whether a leftover is of a package: pip replaces letters at the beginning of the name by `~`.
fn is_of(leftover: &RelPath, package: &str) -> bool {
    let name = String::from_utf8_lossy(leftover.name())
        .to_lowercase()
        .replace('_', "-");
    let rest = name.trim_start_matches('~');
    let stem = rest.split('-').next().unwrap_or_default();
    let package = package.replace('_', "-");
    !package.is_empty()
        && (package.ends_with(rest)
            || !stem.is_empty()
                && package
                    .split('-')
                    .next()
                    .is_some_and(|first| first.ends_with(stem)))
}
