//! What installers' caches hold of damage that came with an install, and how to be rid of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::case::{Case, Hurt};
use super::timing::came_with_install;
use super::words::{list, packages};
use crate::model::{CacheEntry, Installer, Shown};

/// What there is to tell of the caches.
pub(super) struct Cached {
    /// Where the damage lies, and what to do, in sentences with a space before them.
    pub(super) text: String,
    /// Entries that have the same damage.
    pub(super) entries: Vec<CacheEntry>,
    /// The commands that remove them, each as its arguments.
    pub(super) cure: Vec<Vec<String>>,
}

/// Tells what the caches have of these damaged entries.
pub(super) fn cached(case: &Case, hurts: &[&Hurt]) -> Cached {
    let hurt = packages(hurts);
    let entries = case.cached.iter();
    let entries = entries.filter(|entry| hurt.contains(entry.package.as_str()));
    let entries: Vec<CacheEntry> = entries.cloned().collect();
    let cure = cure(&entries);
    let text = if entries.is_empty() {
        format!(
            " To install again from the same cache would bring the same: `uv cache clean {}`, `pip \
             cache purge` or `--no-cache-dir` first, and compare the wheel's hash with the index.",
            hurt.iter().copied().collect::<Vec<_>>().join(" ")
        )
    } else {
        let paths = entries.iter().map(|entry| {
            let (path, installer) = (Shown(entry.path.as_bytes()), entry.installer.as_str());
            format!("'{path}' of {installer}")
        });
        let commands = cure.iter().map(|words| format!("`{}`", words.join(" ")));
        format!(
            " The same is wrong in the installer's cache: {}. An install from there brings it back: \
             {} first.",
            list(paths),
            list(commands)
        )
    };
    Cached {
        text,
        entries,
        cure,
    }
}

/// Whether all of this damage came with its install, and caches have the same.
pub(super) fn is_in_caches(case: &Case, hurts: &[&Hurt]) -> bool {
    let is_cached = |hurt: &&Hurt| {
        let package = hurt.package.as_deref();
        let mut entries = case.cached.iter();
        came_with_install(case, hurt) && entries.any(|entry| package == Some(&entry.package))
    };
    !hurts.is_empty() && hurts.iter().all(is_cached)
}

/// One command for each cache: pip forgets what it downloaded only as a whole, and what it built by its name.
fn cure(entries: &[CacheEntry]) -> Vec<Vec<String>> {
    let mut caches: BTreeMap<(Installer, &str, bool), BTreeSet<&str>> = BTreeMap::new();
    for entry in entries {
        let is_built = Path::new(&entry.path).extension() == Some("whl".as_ref());
        let key = (entry.installer, entry.cache.as_str(), is_built);
        caches.entry(key).or_default().insert(&entry.package);
    }
    let command = |((installer, cache, is_built), packages): (_, BTreeSet<&str>)| {
        let (words, named) = match (installer, is_built) {
            (Installer::Uv, _) => (["uv", "cache", "clean"], packages),
            (Installer::Pip, true) => (["pip", "cache", "remove"], packages),
            (Installer::Pip, false) => (["pip", "cache", "purge"], BTreeSet::new()),
            // These know no command for one package: what lies there is moved away.
            (Installer::Poetry | Installer::Pdm | Installer::Virtualenv, _) => return None,
        };
        let words = words.into_iter().chain(named).chain(["--cache-dir", cache]);
        Some(words.map(str::to_owned).collect())
    };
    caches.into_iter().filter_map(command).collect()
}
