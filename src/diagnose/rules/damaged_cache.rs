//! The venv stands on an installer's cache, by links, and what they lead to is gone or damaged there.

use std::collections::BTreeSet;

use super::super::case::Case;
use super::score::{Cause, Score};
use super::words::{count, is, list};
use crate::model::Shown;

/// Speaks where the damage lies behind links.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let hurts = case.hurts.iter();
    let matched: Vec<_> = hurts.filter(|hurt| hurt.behind.is_some()).collect();
    let caches: BTreeSet<&str> = matched
        .iter()
        .filter_map(|hurt| hurt.behind.as_deref())
        .collect();
    if caches.is_empty() {
        return None;
    }
    let shown = list(
        caches
            .iter()
            .map(|cache| format!("'{}'", Shown(cache.as_bytes()))),
    );
    let cure = if matched.iter().all(|hurt| hurt.saved) {
        "The snapshot has what the links led to: a restore puts that in their places."
    } else {
        "A snapshot of links cannot mend that; let the installer bring it back, without links (uv: `--reinstall \
         --link-mode=copy`, pdm: \
         `install.cache_method` or `install.cache false`, virtualenv: without `--symlink-app-data`)."
    };
    let text = format!(
        "{} {} gone or damaged in the cache {shown}, into which this venv links: it was cleaned or hurt, not the \
         venv, and every venv \
         that stands on it has the same. {cure}",
        count(matched.len(), "file"),
        is(matched.len()),
    );
    Score::plain(matched, case.hurts.len()).diagnosis("damaged-cache", text)
}
