//! The directory of a store on this host: whose it is, the lock, and what is this host's own, the index.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use super::error::{Error, Untrusted};
use crate::disk::PathError;
use crate::disk::atomic;
use crate::disk::error::At;
use crate::disk::lock::{Sharing, lock};
use crate::disk::rooted::Rooted;
use crate::monitor::Monitor;

/// The file that is locked.
pub(super) const LOCK: &str = "lock";

/// A store's directory, held open. It stays the same directory, whatever its path leads to later.
#[derive(Debug)]
pub(super) struct Home {
    path: PathBuf,
    top: Arc<Rooted>,
    lock_file: File,
    /// How long to wait for others.
    pub(super) wait: Duration,
    /// Whether root has opened the store of another user.
    pub(super) is_foreign: bool,
    /// Whether the store itself lies in a bucket, and other hosts use it that no lock here keeps out.
    pub(super) is_of_bucket: bool,
}

impl Home {
    /// Holds a directory whose file for locking is there. Nothing is locked yet.
    pub(super) fn new(
        path: &Path,
        top: Arc<Rooted>,
        wait: Duration,
        is_foreign: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            path: path.to_owned(),
            lock_file: open_lock_file(&top)?,
            top,
            wait,
            is_foreign,
            is_of_bucket: false,
        })
    }

    /// The same as the directory on this host of a store in a bucket.
    pub(super) fn of_bucket(self) -> Self {
        Self {
            is_of_bucket: true,
            ..self
        }
    }

    /// The store's path, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory.
    pub(super) fn top(&self) -> &Rooted {
        &self.top
    }

    /// Locks the store, waiting at most `wait` for others. Returns whether that was had. A lock that is held already
    /// becomes stronger or weaker.
    pub(super) fn lock(
        &self,
        sharing: Sharing,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<bool, PathError> {
        lock(&self.lock_file, &self.path, sharing, wait, monitor)
    }

    /// Locks the store, or tells why not.
    pub(super) fn lock_or_fail(
        &self,
        sharing: Sharing,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        if self.lock(sharing, wait, monitor)? {
            Ok(())
        } else if monitor.cancelled() {
            Err(Error::Interrupted)
        } else {
            Err(Error::Locked(self.path.clone()))
        }
    }

    /// Whether contents of a tree may be taken into the store unasked: into that of another user only from their own.
    pub(super) fn may_take_from(&self, root: &Rooted) -> bool {
        let owner = |dir: &Rooted| dir.stat().map(|stat| stat.uid).ok();
        !self.is_foreign || owner(root) == owner(&self.top)
    }
}

/// Opens the directory at the path of a store. People may lead to it by a link.
pub(super) fn open_top(path: &Path) -> Result<Arc<Rooted>, Error> {
    let absent = |error: PathError| {
        if error.is_absent() {
            Error::NoStore(path.to_owned())
        } else {
            error.into()
        }
    };
    let real = std::fs::canonicalize(path).at("read the store", path);
    let top = Rooted::open(&real.map_err(absent)?).map_err(absent)?;
    Ok(Arc::new(top))
}

/// Makes the file for locking, unless it is there.
pub(super) fn make_lock_file(top: &Rooted) -> Result<(), PathError> {
    atomic::make_empty(top, LOCK)
}

fn open_lock_file(top: &Rooted) -> Result<File, PathError> {
    let path = top.path().join(LOCK);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(top.fd(), LOCK, flags, Mode::empty())
        .map(File::from)
        .at("open", &path)?;
    if !file.metadata().at("stat", &path)?.is_file() {
        return Err(std::io::Error::other("it is no regular file")).at("use", &path);
    }
    Ok(file)
}

/// Whether the store is that of another user, which only root may use (`sudo` is how people come to that). Root takes
/// nothing there on trust. A store that others may write in could hold anything, and is refused.
pub(super) fn check_owner(top: &Rooted) -> Result<bool, Error> {
    let stat = top.stat()?;
    let me = rustix::process::geteuid();
    let untrusted = |why: Untrusted| Error::Untrusted {
        path: top.path().to_owned(),
        why,
    };
    if stat.uid != me.as_raw() && !me.is_root() {
        return Err(untrusted(Untrusted::Owner(stat.uid)));
    }
    if stat.mode & 0o022 != 0 {
        return Err(untrusted(Untrusted::Mode(stat.mode & 0o7777)));
    }
    Ok(stat.uid != me.as_raw())
}
