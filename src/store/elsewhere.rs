//! Opens and makes stores wherever they lie. Of one in a bucket this host has a directory of its own: with the index,
//! the lock that its processes share, and copies of what was read.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Store;
use super::error::{Error, NotInBucket};
use super::header;
use super::home::{self, Home};
use super::location::{BucketUrl, Location};
use super::storage::{self, Over, Storage};
use super::terms;
use crate::disk::atomic;
use crate::disk::lock::Sharing;
use crate::disk::rooted::Rooted;
use crate::monitor::Monitor;

impl Store {
    /// Makes a store, unless there is one.
    pub(crate) fn create(
        location: &Location,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        let Some(url) = location.bucket() else {
            return Self::create_dir(location.name(), wait, monitor);
        };
        let (_, storage) = reach(location, &url)?;
        let is_there = header::check(location.name(), &*storage);
        if !matches!(is_there, Err(Error::NoStore(_))) {
            is_there?;
            return terms::admit(location, &*storage);
        }
        terms::admit(location, &*storage)?;
        // Several may write the same header.
        Ok(header::put(&*storage, Over::Nothing)?)
    }

    /// Opens a store and takes its shared lock, waiting at most `wait`.
    pub(crate) fn open(
        location: &Location,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<Self, Error> {
        let Some(url) = location.bucket() else {
            return Self::open_dir(location.name(), wait, monitor);
        };
        let (top, storage) = reach(location, &url)?;
        storage.foresee();
        header::check(location.name(), &*storage)?;
        let home = Home::new(location.name(), top, wait, false)?.of_bucket();
        home.lock_or_fail(Sharing::Shared, wait.max(Duration::from_secs(1)), monitor)?;
        Ok(Self::new(home, storage))
    }

    /// What only a store in a directory can do is refused before anything else is done.
    pub(crate) fn refuse_elsewhere(location: &Location, what: NotInBucket) -> Result<(), Error> {
        match location.bucket() {
            Some(_) => Err(Error::Elsewhere(what)),
            None => Ok(()),
        }
    }
}

/// Makes the directory on this host that belongs to a store, if it is none itself. A fence lets nobody make it later.
pub(crate) fn make_home(location: &Location) -> Result<Option<PathBuf>, Error> {
    let home = location.on_this_host();
    if let (Some(home), Some(_)) = (&home, location.bucket()) {
        atomic::make_private_dir(home)?;
    }
    Ok(home)
}

/// What reaches the bucket in which a store lies; an error where it lies in a directory.
pub(super) fn in_bucket(location: &Location) -> Result<Arc<dyn Storage>, Error> {
    match location.bucket() {
        Some(url) => Ok(reach(location, &url)?.1),
        None => Err(Error::InDirectory(location.name().to_owned())),
    }
}

/// The directory on this host of a store in a bucket, and what reaches the bucket.
fn reach(location: &Location, url: &BucketUrl) -> Result<(Arc<Rooted>, Arc<dyn Storage>), Error> {
    let home = make_home(location)?.ok_or(Error::Homeless)?;
    let top = home::open_top(&home)?;
    home::check_owner(&top)?;
    home::make_lock_file(&top)?;
    let storage = storage::choose_bucket(url, location.access(), &top)?;
    Ok((top, storage))
}
