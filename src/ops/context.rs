//! What every operation is given: where the store is, on which host, at what time, and who listens.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::error::Error;
use crate::disk::clock::quiet_after;
use crate::disk::mapped::Mapped;
use crate::disk::rooted::Rooted;
use crate::model::{Time, VenvId};
use crate::monitor::{Monitor, Status};
use crate::store::{self, Location, Store};
use crate::tree::Site;

/// The surroundings of an operation, as the caller sees them.
pub struct Context<'a> {
    /// The store.
    pub store: Location,
    /// The name of this host: its machine-id, or its host name.
    pub host: String,
    /// What people call this host; the same where it is known by nothing else.
    pub host_name: String,
    /// When the operation began.
    pub now: Timestamp,
    /// How long to wait for locks.
    pub lock_wait: Duration,
    /// Who listens.
    pub monitor: &'a dyn Monitor,
}

impl Context<'_> {
    /// Opens the store.
    pub(super) fn open(&self) -> Result<Store, Error> {
        Ok(Store::open(&self.store, self.lock_wait, self.monitor)?)
    }

    /// Opens another store, which a journal names.
    pub(super) fn open_other(&self, name: &Path) -> Result<Store, store::Error> {
        Store::open(&self.store.other(name), self.lock_wait, self.monitor)
    }

    /// The files of a tree that somebody may write in through memory, so that their times prove nothing. The listener
    /// is told of them, since they are read though they look unchanged.
    pub(super) fn mapped(&self, root: &Rooted) -> Mapped {
        let mapped = Mapped::within(root);
        if let Some(first) = mapped.paths.first() {
            let more = mapped.paths.len() - 1;
            self.monitor.status(Status::Mapped { first, more });
        }
        mapped
    }

    /// Refuses a store inside the venv, or around it: the store would save itself, and a restore would remove it.
    pub(super) fn refuse_nesting(&self, site: &Site) -> Result<(), Error> {
        let Some(store) = self.store.on_this_host() else {
            return Ok(());
        };
        let store = match Site::resolve(&store) {
            Ok(store) => store.path().to_owned(),
            Err(_) => std::path::absolute(&store).unwrap_or(store),
        };
        if store.starts_with(site.path()) || site.path().starts_with(&store) {
            return Err(Error::Nested {
                store,
                venv: site.path().to_owned(),
            });
        }
        Ok(())
    }

    /// The identity of the venv at a place.
    pub(super) fn venv_id(&self, site: &Site) -> VenvId {
        VenvId::new(&self.host, site.path())
    }

    /// The key of a venv in the stat cache.
    pub(super) fn cache_key(venv: &VenvId) -> String {
        format!(
            "{}\0{}",
            venv.host,
            data_encoding::HEXLOWER.encode(std::os::unix::ffi::OsStrExt::as_bytes(
                venv.path().as_os_str()
            ))
        )
    }

    /// The time from which on change times prove nothing, on the file system of a directory: a file that changed since
    /// then could change again without a trace. None where every change leaves a trace.
    pub(super) fn racy(&self, dir: &Rooted) -> Result<Option<Time>, Error> {
        let Some(age) = quiet_after(dir)? else {
            return Ok(None);
        };
        let before = self.now.checked_sub(age).unwrap_or(Timestamp::MIN);
        Ok(Some(Time {
            secs: before.as_nanosecond().div_euclid(1_000_000_000) as i64,
            nanos: before.as_nanosecond().rem_euclid(1_000_000_000) as u32,
        }))
    }

    /// The same surroundings with another listener.
    pub(super) fn heard_by<'b>(&self, monitor: &'b dyn Monitor) -> Context<'b> {
        Context {
            store: self.store.clone(),
            host: self.host.clone(),
            host_name: self.host_name.clone(),
            now: self.now,
            lock_wait: self.lock_wait,
            monitor,
        }
    }

    /// Fails if the person asked to stop.
    pub(super) fn go_on(&self) -> Result<(), Error> {
        if self.monitor.cancelled() {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }
}
