//! `find -name 'core.*' -delete`: meant for core dumps, takes every `core.py`.

use super::{Case, files_are, timing, weigh};
use crate::model::{Diagnosis, RelPath};

/// Cleaners often run on a part of the tree, so many may survive; but most must be gone.
const RECALL_MIN: f64 = 0.25;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let fit = weigh(case, |path, _| is_core(path)).filter(|fit| fit.recall >= RECALL_MIN)?;
    let count = fit.matched.len();
    let others = match fit.survivors.len() {
        0 => "none like them survives".to_owned(),
        survivors => format!("{survivors} of {} like them survive", count + survivors),
    };
    let text = format!(
        "{} missing and {others}: all match core.*, which `find -name 'core.*' -delete`, a core-dump cleaner, removes.{} \
         Look in cron and timers before you restore.",
        files_are(count),
        timing::deleted_when(case, &fit.matched)
    );
    Some(fit.told("core-dump-cleaner", text))
}

fn is_core(path: &RelPath) -> bool {
    path.name().starts_with(b"core.")
}
