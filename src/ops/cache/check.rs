//! `cache check`: what is bad in the caches of installers, and whom it hurts.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::shared::sharers;
use super::{CacheOptions, resolved};
use crate::cache::{Entry, Scope, Unlisted, Verdict, check};
use crate::model::Installer;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::sharers::known_venvs;
use crate::python::dist::normalized;

/// What a check of caches found.
#[derive(Debug)]
pub struct CacheCheckOutcome {
    /// The caches, in the order in which they were named.
    pub caches: Vec<CacheSummary>,
    /// Entries that are bad.
    pub bad: Vec<Suspect>,
    /// Entries that are unproved: there is nothing to hold them against.
    pub unproved: Vec<Entry>,
    /// How many bad entries name no distribution, if only some distributions were asked for.
    pub nameless: u64,
    /// Halves of pairs and temporary files, which installers pass over.
    pub leftovers: u64,
    /// Paths whose names we do not know; they were not looked into.
    pub unknown: Vec<PathBuf>,
    /// What could not be looked at.
    pub unread: Vec<Unlisted>,
    /// How long it took.
    pub took: Duration,
}

impl CacheCheckOutcome {
    /// The distributions of bad entries, each once.
    pub fn packages(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .bad
            .iter()
            .filter_map(|bad| bad.entry.package.as_deref())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// An entry that is bad.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// The entry.
    pub entry: Entry,
    /// Venvs that share files with it.
    pub venvs: Vec<PathBuf>,
}

/// One cache in numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheSummary {
    /// Whose cache it is.
    pub installer: Installer,
    /// The directory of the cache.
    pub path: PathBuf,
    /// How many entries were looked at.
    pub entries: u64,
    /// How many are proved good.
    pub good: u64,
    /// How many are unproved: there is nothing to hold them against.
    pub unproved: u64,
    /// How many are bad.
    pub bad: u64,
    /// The size of all entries, in bytes.
    pub bytes: u64,
}

/// Reads the caches of installers. Nothing is changed.
pub fn cache_check(
    context: &Context<'_>,
    options: &CacheOptions,
) -> Result<CacheCheckOutcome, Error> {
    let start = Instant::now();
    let caches = resolved(&options.caches)?;
    let packages: Vec<String> = options
        .packages
        .iter()
        .map(|name| normalized(name))
        .collect();
    let scope = Scope {
        packages: &packages,
        indexes: &options.indexes,
    };
    let found = check(&caches, scope, context.monitor)?;
    context.go_on()?;
    let met: HashSet<&str> = found
        .entries
        .iter()
        .filter_map(|one| one.package.as_deref())
        .collect();
    if let Some(name) = packages.iter().find(|name| !met.contains(name.as_str())) {
        return Err(Error::NotCached(name.clone()));
    }
    let summaries = caches.into_iter().map(|(installer, path)| {
        let own = found.entries.iter().filter(|one| one.cache == path);
        let number =
            |of: fn(&Verdict) -> bool| own.clone().filter(|one| of(&one.verdict)).count() as u64;
        CacheSummary {
            installer,
            entries: own.clone().count() as u64,
            good: number(|verdict| matches!(verdict, Verdict::Good(_))),
            unproved: number(|verdict| matches!(verdict, Verdict::Unproved(_))),
            bad: number(|verdict| matches!(verdict, Verdict::Bad(_))),
            bytes: own.clone().map(|one| one.size).sum(),
            path,
        }
    });
    let summaries = summaries.collect();
    let (bad, rest): (Vec<Entry>, Vec<Entry>) = found
        .entries
        .into_iter()
        .partition(|one| matches!(one.verdict, Verdict::Bad(_)));
    let venvs = if bad.is_empty() {
        Vec::new()
    } else {
        venvs(context, options)
    };
    let sharers = sharers(&bad, &venvs);
    let bad = bad
        .into_iter()
        .zip(sharers)
        .map(|(entry, venvs)| Suspect { entry, venvs });
    Ok(CacheCheckOutcome {
        caches: summaries,
        bad: bad.collect(),
        unproved: rest
            .into_iter()
            .filter(|one| matches!(one.verdict, Verdict::Unproved(_)))
            .collect(),
        nameless: found.nameless,
        leftovers: found.leftovers,
        unknown: found.unknown,
        unread: found.unread,
        took: start.elapsed(),
    })
}

/// The venvs that are named, and those of this host that the store knows.
fn venvs(context: &Context<'_>, options: &CacheOptions) -> Vec<PathBuf> {
    let store = context.open().ok();
    let mut venvs = known_venvs(context, store.as_ref());
    venvs.extend(options.venvs.iter().map(|site| site.path().to_owned()));
    venvs.sort();
    venvs.dedup();
    venvs
}
