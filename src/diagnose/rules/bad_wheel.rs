//! A wheel that was bad when it was installed: all damage in one distribution, and not younger than its RECORD.

use super::{Case, timing, told};
use crate::model::{Diagnosis, Kind};

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let first = case.hurts.first()?.package.as_ref()?;
    let content = [Kind::Missing, Kind::Emptied, Kind::Truncated, Kind::Altered];
    let fits = case.hurts.iter().all(|hurt| {
        hurt.package.as_ref() == Some(first)
            && content.contains(&hurt.kind)
            && timing::after_install(case, hurt) == Some(false)
    });
    // Hurt since a snapshot that was good is hurt later, unless it was installed anew since.
    let since_good = case.hurts.iter().any(|hurt| {
        let installed = case.installed.get(first);
        hurt.expected_mtime
            .zip(installed)
            .is_some_and(|(then, installed)| installed.secs <= then.secs + 1)
    });
    if !fits || since_good {
        return None;
    }
    let count = case.hurts.len();
    let text = format!(
        "all damage is in {first}, and its files have not changed since it was installed: the wheel, or the installer's cache, was \
         bad already. The same install brings the same damage: run `pip cache purge` or install with `--no-cache-dir`."
    );
    Some(told("bad-wheel", text, count, 1.0, 1.0))
}
