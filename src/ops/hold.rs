//! What a restore holds while it works: the directory around the venv, and the installer's own lock.

use std::fs::File;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::context::Context;
use super::error::Error;
use crate::disk::error::At;
use crate::disk::lock::{Sharing, lock};
use crate::disk::rooted::Rooted;
use crate::tree::Site;

/// Locks the directory that holds the venv, so that two restores of one venv do not meet, whatever stores they use. A
/// lock on the venv itself would move away with it in the exchange.
pub(super) fn hold_parent(context: &Context<'_>, site: &Site) -> Result<Rooted, Error> {
    let parent = site.open_parent()?;
    if lock(
        parent.fd(),
        site.path(),
        Sharing::Exclusive,
        context.lock_wait,
        context.monitor,
    )? {
        return Ok(parent);
    }
    context.go_on()?;
    Err(Error::Busy(site.path().to_owned()))
}

/// Takes the lock that uv keeps in a venv or in its cache while it installs, if it is there. The lock file is never
/// made here: a venv of pip has none.
pub(super) fn hold_installer(
    context: &Context<'_>,
    venv: &Rooted,
    exclusive: bool,
) -> Result<Option<File>, Error> {
    let path = venv.path().join(".lock");
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(fd) = rustix::fs::openat(venv.fd(), ".lock", flags, Mode::empty()) else {
        return Ok(None);
    };
    let file = File::from(fd);
    if !file.metadata().at("stat", &path)?.is_file() {
        return Ok(None);
    }
    let sharing = if exclusive {
        Sharing::Exclusive
    } else {
        Sharing::Shared
    };
    if lock(
        &file,
        Path::new(&path),
        sharing,
        context.lock_wait,
        context.monitor,
    )? {
        return Ok(Some(file));
    }
    context.go_on()?;
    Err(Error::Busy(venv.path().to_owned()))
}
