//! tmpwatch, tmpreaper, systemd-tmpfiles: remove what is older than some days, file by file.

use super::{Case, files_are, of_kinds, share, timing};
use crate::model::{Diagnosis, Kind};

const RECALL_MIN: f64 = 0.9;
const MISSING_MIN: usize = 3;
/// Where all files are of nearly the same age, age tells nothing.
const SPREAD_MIN_SECS: i64 = 24 * 3600;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let missing = of_kinds(case, &[Kind::Missing]);
    let aged: Vec<i64> = missing
        .iter()
        .filter_map(|hurt| Some(hurt.expected_mtime?.secs))
        .collect();
    let cutoff = *aged.iter().max()?;
    let would: Vec<_> = case
        .expected
        .iter()
        .filter(|file| file.mtime.is_some_and(|mtime| mtime.secs <= cutoff))
        .collect();
    let youngest = case
        .expected
        .iter()
        .filter_map(|file| Some(file.mtime?.secs))
        .max()?;
    let recall = share(aged.len(), would.len().max(aged.len()));
    if aged.len() < missing.len()
        || missing.len() < MISSING_MIN
        || recall < RECALL_MIN
        || youngest < cutoff + SPREAD_MIN_SECS
    {
        return None;
    }
    let gone: std::collections::HashSet<_> = missing.iter().map(|hurt| &hurt.path).collect();
    let mut survivors: Vec<_> = would
        .iter()
        .map(|file| &file.path)
        .filter(|path| !gone.contains(path))
        .cloned()
        .collect();
    survivors.truncate(super::SURVIVORS_MAX);
    let text = format!(
        "{} missing, and all of them are older than what is left{}: a cleaner that goes by age (tmpwatch, systemd-tmpfiles) \
         removes just these.{} Keep the venv out of /tmp and /var/tmp, or exclude it there.",
        files_are(missing.len()),
        timing::shown(crate::model::Time {
            secs: cutoff,
            nanos: 0
        })
        .map(|at| format!(" (none is younger than {at})"))
        .unwrap_or_default(),
        timing::deleted_when(case, &missing)
    );
    Some(Diagnosis {
        survivors,
        ..super::told("age-reaper", text, missing.len(), 1.0, recall)
    })
}
