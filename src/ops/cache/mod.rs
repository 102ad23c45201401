//! `cache`: the caches of installers, checked and cleared of what is bad. What an entry is and how it is judged stands
//! in the room `cache`. Here the entries meet the venvs that share their files, and the store.

mod check;
mod quarantine;
mod record;
mod release;
mod shared;

use std::path::PathBuf;

pub use check::{CacheCheckOutcome, CacheSummary, Suspect, cache_check};
pub use quarantine::{Kept, QuarantineOutcome, cache_quarantine};
pub use record::Quarantined;
pub use release::{ReleaseOptions, ReleaseOutcome, cache_release};

use super::error::Error;
use crate::cache::installer_of;
use crate::disk::error::At;
use crate::disk::rooted::Rooted;
use crate::model::Installer;
use crate::tree::Site;

/// Which caches, and which of their entries.
#[derive(Clone, Debug, Default)]
pub struct CacheOptions {
    /// Directories that may be caches.
    pub caches: Vec<CacheDir>,
    /// Names of distributions, in any spelling; all where there are none.
    pub packages: Vec<String>,
    /// URLs of indexes, by which relative links of cached pages are understood.
    pub indexes: Vec<String>,
    /// Venvs that may share files with entries, beside those that the store knows.
    pub venvs: Vec<Site>,
}

/// A directory that may be a cache.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheDir {
    /// Its path.
    pub path: PathBuf,
    /// Whose it is; if none, the names in it tell.
    pub installer: Option<Installer>,
    /// Whether a person named it: then it must be there.
    pub is_named: bool,
}

/// The caches that are there: each directory once, resolved.
fn resolved(dirs: &[CacheDir]) -> Result<Vec<(Installer, PathBuf)>, Error> {
    let mut found: Vec<(Installer, PathBuf)> = Vec::new();
    for dir in dirs {
        let opened = std::fs::canonicalize(&dir.path)
            .at("open directory", &dir.path)
            .and_then(|path| Ok((Rooted::open(&path)?.names()?, path)));
        let (names, path) = match opened {
            Ok(opened) => opened,
            Err(error) if !dir.is_named && error.is_absent() => continue,
            // The directory belongs to somebody else; whether it is a cache cannot be known.
            Err(error) if !dir.is_named && error.is_denied() => continue,
            Err(error) => return Err(error.into()),
        };
        let installer = dir.installer.or_else(|| installer_of(&names));
        match installer {
            Some(_) if found.iter().any(|(_, other)| *other == path) => {}
            Some(installer) => found.push((installer, path)),
            None if dir.is_named && !names.is_empty() => return Err(Error::NoCache(path)),
            None => {}
        }
    }
    Ok(found)
}
