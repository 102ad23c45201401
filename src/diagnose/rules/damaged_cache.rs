//! An installer's cache was hurt: the venv stands on it, by links, and what they lead to is gone or damaged there; or
//! it was installed from there afterwards.

use std::collections::BTreeSet;

use super::super::case::{Case, Hurt};
use super::cache::{cached, is_in_caches};
use super::core_dump_cleaner::is_swept;
use super::score::{Cause, Score};
use super::words::{count, is, list, packages};
use crate::model::Shown;

/// Speaks where the damage lies behind links, or came with its install out of a cache that was hurt before.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    behind_links(case).or_else(|| before_the_install(case))
}

/// All damage came with its install, and the caches have it since a time after they unpacked the wheels.
fn before_the_install<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let hurts: Vec<_> = case.hurts.iter().collect();
    let has_changed = |hurt: &&Hurt| {
        let mut entries = case.cached.iter().filter(|entry| entry.changed);
        entries.any(|entry| hurt.package.as_ref() == Some(&entry.package))
    };
    let is_it = is_in_caches(case, &hurts) && hurts.iter().all(has_changed);
    // A sweep for core dumps has a name of its own.
    if !is_it || hurts.iter().all(|hurt| is_swept(hurt)) {
        return None;
    }
    let found = cached(case, &hurts);
    let text = format!(
        "{} {} damaged, all of {}, and nothing of that changed since the install: installed so, from a cache in which \
         it was hurt after the wheel was unpacked there. The wheel is not to blame.{}",
        count(hurts.len(), "file"),
        is(hurts.len()),
        list(packages(&hurts)),
        found.text
    );
    let number = hurts.len();
    let cause = Score::plain(hurts, number).diagnosis("damaged-cache", text)?;
    Some(cause.cured(found.entries, found.cure))
}

fn behind_links<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
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
