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
use super::terms::{self, Terms};
use crate::disk::atomic;
use crate::disk::lock::Sharing;
use crate::disk::rooted::Rooted;
use crate::monitor::Monitor;

/// What came of trying a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Probed {
    /// Whether the trial made the store.
    pub(crate) is_new: bool,
    /// What stands in the store now.
    pub(crate) terms: Terms,
    /// What the server's clock said, in seconds since 1970.
    pub(crate) clock: i64,
}

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

    /// Tries the server of a store in a bucket, and writes into the store what came of it. Makes the store, where there
    /// is none and `makes` says so.
    pub(crate) fn probe(
        location: &Location,
        makes: bool,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<Probed, Error> {
        let storage = in_bucket(location)?;
        let is_new = match header::check(location.name(), &*storage) {
            Err(Error::NoStore(_)) if makes => true,
            done => done.map(|()| false)?,
        };
        let probe = terms::probe(location, &*storage)?;
        // From a server that gives no ranges nothing could be read back, so no store is made there.
        let is_new = is_new && probe.0.promises.ranges;
        if is_new {
            Self::create(location, wait, monitor)?;
        }
        Ok(Probed {
            is_new,
            terms: probe.0,
            clock: probe.1,
        })
    }

    /// What only a store in a directory can do is refused before anything else is done.
    pub(crate) fn refuse_elsewhere(location: &Location, what: NotInBucket) -> Result<(), Error> {
        match location.bucket() {
            Some(_) => Err(Error::Elsewhere(what)),
            None => Ok(()),
        }
    }
}

/// Makes the directory on this host that belongs to a store in a bucket; a store in a directory is its own. Early: a
/// fence (`disk/fence.rs`) lets nobody make it later.
pub(crate) fn make_home(location: &Location) -> Result<Option<PathBuf>, Error> {
    let home = location.on_this_host();
    if let (Some(home), Some(_)) = (&home, location.bucket()) {
        atomic::make_private_dir(home).map_err(Error::NoHome)?;
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
pub(super) fn reach(
    location: &Location,
    url: &BucketUrl,
) -> Result<(Arc<Rooted>, Arc<dyn Storage>), Error> {
    let home = make_home(location)?.ok_or(Error::Homeless)?;
    let top = home::open_top(&home)?;
    home::check_owner(&top)?;
    home::make_lock_file(&top)?;
    let storage = storage::choose_bucket(url, location.access(), &top)?;
    Ok((top, storage))
}
