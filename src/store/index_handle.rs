//! The index as far as it can be had. It is opened when first needed, and made anew where it is gone or damaged. Where
//! it cannot be used it is given up: it makes things fast, and nothing else hangs on it (promise 6).
//!
//! What it alone keeps is the stat cache of each venv and the log. Losing it costs time or a line of the log and
//! never a snapshot, so what cannot be written is a warning: the work that it tells of is done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::Error;
use super::home::Home;
use super::index::{Index, PackRow};
use super::storage::{Area, Storage};
use super::unusable::{IndexFlaw, Unusable};
use crate::disk::PathError;
use crate::disk::lock::{Sharing, lock};
use crate::disk::rooted::Rooted;
use crate::monitor::{Cause, Monitor, StoreWarning};

/// How long to wait at least for whoever opens the index. They hold it for milliseconds, so even a command that does
/// not want to wait for others should not give up.
const GUARD_WAIT: Duration = Duration::from_secs(5);

/// What a new index has of the log of the old one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeptLog {
    /// How many events.
    pub events: u64,
    /// Whether the old log could be read to its end. Where there was no index any more, nobody knows what it held.
    pub whole: bool,
}

/// The index of an open store.
#[derive(Debug)]
pub(crate) struct IndexHandle {
    home: Arc<Home>,
    storage: Arc<dyn Storage>,
    slot: Mutex<Option<Index>>,
    /// Whether it was said that the work goes on without it.
    given_up: AtomicBool,
}

impl IndexHandle {
    pub(super) fn new(home: &Arc<Home>, storage: &Arc<dyn Storage>) -> Self {
        Self {
            home: Arc::clone(home),
            storage: Arc::clone(storage),
            slot: Mutex::default(),
            given_up: AtomicBool::default(),
        }
    }

    /// From now on the work goes without an index, and no warning says so.
    pub(super) fn do_without(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    fn slot(&self) -> MutexGuard<'_, Option<Index>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the index, making it anew where it is gone or damaged. Where it cannot be written there is none.
    fn open(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        let mut slot = self.slot();
        // SQLite works by paths and with files beside the database: as root in another user's directory, that would
        // be to write wherever they want.
        if slot.is_some() || self.home.is_foreign || self.given_up.load(Ordering::Relaxed) {
            return Ok(());
        }
        let _guard = self.guard(monitor)?;
        let made = match Index::open(self.home.top().path(), self.home.wait) {
            Err(Unusable::Absent) => {
                // A host that never used a store in a bucket has lost nothing.
                let is_new = self.home.is_of_bucket;
                if !is_new && !self.storage.names(Area::Packs)?.is_empty() {
                    monitor.warn(StoreWarning::IndexMissing.into());
                }
                Index::create(self.home.top().path(), self.home.wait, &[])
            }
            Err(Unusable::Damaged(why)) => self.recreate(why, monitor),
            done => done,
        };
        *slot = match made {
            Ok(index) => Some(index),
            Err(Unusable::ReadOnly | Unusable::Absent) => None,
            Err(Unusable::Damaged(why)) => {
                self.go_on_without(&why, monitor);
                None
            }
            Err(Unusable::Failed(error)) => {
                let error = error.explained(self.home.top());
                self.go_on_without(&error, monitor);
                None
            }
        };
        Ok(())
    }

    /// Makes a damaged index anew; where that fails, the damage is why there is none.
    fn recreate(&self, why: IndexFlaw, monitor: &dyn Monitor) -> Result<Index, Unusable> {
        let Ok((index, log)) = self.renew() else {
            self.go_on_without(&why, monitor);
            return Err(Unusable::Damaged(why));
        };
        let warning = StoreWarning::IndexDamaged {
            cause: &why,
            log_is_whole: log.whole,
        };
        monitor.warn(warning.into());
        Ok(index)
    }

    /// Says once that the index is of no use.
    fn go_on_without(&self, why: Cause<'_>, monitor: &dyn Monitor) {
        if !self.given_up.swap(true, Ordering::Relaxed) {
            monitor.warn(StoreWarning::IndexUnusable(why).into());
        }
    }

    /// One at a time: a process must not make the index anew under another that just did.
    fn guard(&self, monitor: &dyn Monitor) -> Result<Rooted, Error> {
        // The directory is opened anew: a lock belongs to an opening, and this lock has to go with the guard.
        let guard = self.home.top().enter(b".")?;
        let (path, wait) = (self.home.path(), self.home.wait.max(GUARD_WAIT));
        if lock(guard.fd(), path, Sharing::Exclusive, wait, monitor)? {
            return Ok(guard);
        }
        Err(Error::Locked(path.to_owned()))
    }

    /// Runs work on the index. A failure of the index is a warning: nothing but speed depends on it.
    pub(super) fn with<T>(
        &self,
        monitor: &dyn Monitor,
        work: impl FnOnce(&mut Index) -> Result<T, Unusable>,
    ) -> Result<Option<T>, Error> {
        self.open(monitor)?;
        let mut slot = self.slot();
        let Some(index) = slot.as_mut() else {
            return Ok(None);
        };
        match work(index) {
            Ok(value) => Ok(Some(value)),
            Err(Unusable::Damaged(why)) => {
                let _guard = self.guard(monitor)?;
                match self.recreate(why, monitor) {
                    Ok(index) => *slot = Some(index),
                    Err(_) => *slot = None,
                }
                Ok(None)
            }
            Err(Unusable::Failed(error)) => {
                let error = error.explained(self.home.top());
                self.go_on_without(&error, monitor);
                Ok(None)
            }
            Err(Unusable::ReadOnly | Unusable::Absent) => Ok(None),
        }
    }

    /// Adds and drops rows of packs in one transaction, if the index is open. Returns whether it could take that.
    pub(super) fn take_if_open(&self, add: &[PackRow], drop: &[String]) -> bool {
        let mut slot = self.slot();
        slot.as_mut()
            .is_some_and(|index| index.change_packs(add, drop).is_ok())
    }

    /// Tries the index once more, though it was given up.
    pub(super) fn try_again(&self) {
        self.given_up.store(false, Ordering::Relaxed);
    }

    /// Makes the index anew, whatever it holds now.
    pub(super) fn rebuild(&self, monitor: &dyn Monitor) -> Result<KeptLog, Error> {
        if self.home.is_foreign {
            let why = "it belongs to another user, who must do that";
            let error = std::io::Error::new(std::io::ErrorKind::PermissionDenied, why);
            return Err(PathError::new("write the index in", self.home.path(), error).into());
        }
        let guard = self.guard(monitor)?;
        let made = self.renew();
        drop(guard);
        let path = || self.home.top().path().join(Index::NAME);
        let error = match made {
            Ok((index, log)) => {
                *self.slot() = Some(index);
                return Ok(log);
            }
            Err(Unusable::Failed(source)) => {
                let source = source.explained(self.home.top());
                let path = path();
                return Err(Error::Index { path, source });
            }
            Err(Unusable::Damaged(why)) => std::io::Error::other(why),
            Err(_) => std::io::ErrorKind::PermissionDenied.into(),
        };
        Err(PathError::new("make the index", &path(), error).into())
    }

    /// Makes an empty index in the place of the old one, which keeps all of its log that can be read.
    fn renew(&self) -> Result<(Index, KeptLog), Unusable> {
        let store = self.home.top().path();
        let (events, whole) = Index::salvage_log(store, self.home.wait)?;
        let index = Index::create(store, self.home.wait, &events)?;
        let events = events.len() as u64;
        Ok((index, KeptLog { events, whole }))
    }

    /// The stat cache of a venv.
    pub(crate) fn stat_cache(
        &self,
        venv: &str,
        monitor: &dyn Monitor,
    ) -> Result<Option<Vec<u8>>, Error> {
        Ok(self
            .with(monitor, |index| index.stat_cache(venv))?
            .flatten())
    }

    /// Keeps the stat cache of a venv.
    pub(crate) fn set_stat_cache(&self, venv: &str, body: &[u8], monitor: &dyn Monitor) {
        self.set_stat_caches(&[(venv, body)], monitor);
    }

    /// Keeps several of them, and what else is kept by a key, in one transaction.
    pub(crate) fn set_stat_caches(&self, rows: &[(&str, &[u8])], monitor: &dyn Monitor) {
        if rows.is_empty() {
            return;
        }
        let done = self.with(monitor, |index| index.set_stat_caches(rows));
        if let Err(error) = done {
            monitor.warn(StoreWarning::StatesNotNoted(&error).into());
        }
    }

    /// Appends an event to the log.
    pub(crate) fn append_log(&self, event: &str, monitor: &dyn Monitor) {
        let done = self.with(monitor, |index| index.append_log(event));
        if let Err(error) = done {
            monitor.warn(StoreWarning::LogUnwritten(&error).into());
        }
    }

    /// All events of the log, oldest first.
    pub(crate) fn log_events(&self, monitor: &dyn Monitor) -> Result<Vec<String>, Error> {
        Ok(self.with(monitor, |index| index.log())?.unwrap_or_default())
    }
}
