//! Locks that die with their process: `flock` on a descriptor, released by the kernel whatever happens.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::error::{At, PathError};
use crate::monitor::{Monitor, Status};

/// Whether others may hold the same lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sharing {
    Shared,
    Exclusive,
}

/// Takes a lock on an open file or directory, waiting at most `wait`. Returns whether it was had.
pub(crate) fn lock(
    fd: impl AsFd,
    path: &Path,
    sharing: Sharing,
    wait: Duration,
    monitor: &dyn Monitor,
) -> Result<bool, PathError> {
    let operation = match sharing {
        Sharing::Shared => FlockOperation::NonBlockingLockShared,
        Sharing::Exclusive => FlockOperation::NonBlockingLockExclusive,
    };
    let start = Instant::now();
    let mut told = false;
    loop {
        match rustix::fs::flock(&fd, operation) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Err(error).at("lock", path),
        }
        if start.elapsed() >= wait || monitor.cancelled() {
            return Ok(false);
        }
        if !told && start.elapsed() > Duration::from_millis(300) {
            monitor.status(Status::Waiting(path));
            told = true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
