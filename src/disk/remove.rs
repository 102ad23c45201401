//! Removes a tree step by step from held descriptors: never through a link, never across a mount.

use std::os::fd::{AsFd, BorrowedFd};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::error::{At, PathError};
use super::rooted::{Rooted, names_of, os};
use super::stat::Stat;

/// Removes `name` inside `parent` with all that it holds. That it is gone already is fine.
pub(crate) fn remove_tree(parent: &Rooted, name: &[u8]) -> Result<(), PathError> {
    let shown = parent.path().join(os(name));
    match remove_any(parent.fd(), name) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error).at("remove", &shown),
    }
}

fn remove_any(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
    if unlink(dir, name)? {
        return Ok(());
    }
    remove_dir(dir, name)
}

/// Removes a name that is no directory; false where it is one.
fn unlink(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<bool> {
    match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
        // What the kernel says of a directory, by itself or as POSIX has it.
        Err(Errno::ISDIR | Errno::PERM) => Ok(false),
        done => done.map(|()| true),
    }
}

fn remove_dir(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
    let stat = Stat::at(dir, name)?;
    if stat.mount_root {
        return Err(Errno::BUSY);
    }
    if !stat.is_dir() {
        return Err(Errno::PERM);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = match rustix::fs::openat(dir, name, flags, Mode::empty()) {
        Err(Errno::ACCESS) => {
            // A directory that even its owner may not enter can still be opened up by the owner.
            rustix::fs::chmodat(dir, name, Mode::from_raw_mode(0o700), AtFlags::empty())?;
            rustix::fs::openat(dir, name, flags, Mode::empty())?
        }
        done => done?,
    };
    // Entries may appear while we remove (a service still writes here), so "not empty" means once more.
    for _ in 0..100 {
        remove_entries(fd.as_fd())?;
        match rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY) => {}
            done => return done,
        }
    }
    Err(Errno::NOTEMPTY)
}

fn remove_entries(fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
    let once = || {
        let mut dirs = Vec::new();
        for name in names_of(fd)? {
            match unlink(fd, &name) {
                Ok(true) | Err(Errno::NOENT) => {}
                Ok(false) => dirs.push(name),
                Err(error) => return Err(error),
            }
        }
        // The kernel lets one thread at a time change a directory, so threads share directories, not names.
        dirs.par_iter()
            .try_for_each(|name| match remove_dir(fd, name) {
                Err(Errno::NOENT) => Ok(()),
                done => done,
            })
    };
    match once() {
        Err(Errno::ACCESS) => {
            // A directory in which even its owner may not write.
            rustix::fs::fchmod(fd, Mode::from_raw_mode(0o700))?;
            once()
        }
        done => done,
    }
}
