//! `find -empty -delete`, or a copy to a store that skips empty objects: takes `__init__.py` and `py.typed`.

use super::{Case, files_are, timing, weigh};
use crate::model::Diagnosis;

const RECALL_MIN: f64 = 0.9;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let fit = weigh(case, |_, size| size == Some(0)).filter(|fit| fit.recall >= RECALL_MIN)?;
    let text = format!(
        "{} missing, and all of them are files that are meant to be empty (such as __init__.py and py.typed): `find -empty \
         -delete`, or a sync that skips empty files, removes just these.{}",
        files_are(fit.matched.len()),
        timing::deleted_when(case, &fit.matched)
    );
    Some(fit.told("empty-file-cleaner", text))
}
