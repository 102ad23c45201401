//! A copy that ran out of space or was cut off: one file ends at a page, and what comes after it is not there.

use super::{Case, PRECISION_MIN, files_are, of_kinds, share, told};
use crate::model::{Diagnosis, Kind, RelPath};

const PAGE: u64 = 4096;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let hurts = of_kinds(
        case,
        &[
            Kind::Truncated,
            Kind::Emptied,
            Kind::Missing,
            Kind::Altered,
            Kind::ZeroFilled,
        ],
    );
    let short: Vec<_> = of_kinds(case, &[Kind::Truncated])
        .into_iter()
        .filter(|hurt| {
            hurt.actual
                .is_some_and(|actual| actual.size > 0 && actual.size % PAGE == 0)
        })
        .collect();
    if short.is_empty() {
        return None;
    }
    let dirs: Vec<RelPath> = short.iter().filter_map(|hurt| hurt.path.parent()).collect();
    let follows = |path: &RelPath| dirs.iter().any(|dir| path.is_within(dir));
    let matched = hurts
        .iter()
        .filter(|hurt| match hurt.kind {
            Kind::Truncated => short.iter().any(|other| other.path == hurt.path),
            Kind::Emptied | Kind::Missing => follows(&hurt.path),
            _ => false,
        })
        .count();
    let precision = share(matched, hurts.len());
    if precision < PRECISION_MIN {
        return None;
    }
    let text = format!(
        "{} cut off at a whole number of pages{}: a copy or an install that ran out of space, or was cut off. Look at the free \
         space and at quotas.",
        files_are(short.len()),
        if matched > short.len() {
            format!(", and {} beside it empty or missing", matched - short.len())
        } else {
            String::new()
        }
    );
    Some(told("short-copy", text, matched, precision, 1.0))
}
