//! Never written, or deleted later, and when. An installer writes RECORD last; deleting a name changes the time of the
//! directory that held it.

use super::{Case, Hurt};
use crate::model::Time;

/// What is later than RECORD by more than this was not the installer's.
const SLACK_SECS: i64 = 1;

/// Whether something happened after the package was installed; none where the times are not known.
pub(super) fn after_install(case: &Case, hurt: &Hurt) -> Option<bool> {
    let installed = case.installed.get(hurt.package.as_ref()?)?;
    Some(changed(case, hurt)?.secs > installed.secs + SLACK_SECS)
}

/// When it happened, as far as times tell.
pub(super) fn changed(case: &Case, hurt: &Hurt) -> Option<Time> {
    match hurt.actual {
        Some(actual) => Some(actual.mtime),
        None => case.dirs.get(&hurt.path.parent()?).copied(),
    }
}

/// The sentence that dates deletions, with a blank before it; empty where nothing can be said.
pub(super) fn deleted_when(case: &Case, missing: &[&Hurt]) -> String {
    let later: Vec<Option<bool>> = missing
        .iter()
        .map(|hurt| after_install(case, hurt))
        .collect();
    if later.iter().all(|later| *later == Some(true)) {
        let last = missing.iter().filter_map(|hurt| changed(case, hurt)).max();
        return match last.and_then(shown) {
            Some(last) if missing.len() == 1 => {
                format!(" It was deleted after the install, at {last}.")
            }
            Some(last) => format!(" They were deleted after the install, the last at {last}."),
            None => String::new(),
        };
    }
    if later.iter().all(|later| *later == Some(false)) {
        return " Their directories have not changed since the install: they were never written."
            .to_owned();
    }
    String::new()
}

/// A time in UTC: the library does not know the zone of who reads.
pub(super) fn shown(time: Time) -> Option<String> {
    let time = jiff::Timestamp::new(time.secs, 0).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
