//! Removes a tree step by step from held descriptors: never through a link, never across a mount.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::error::{At, PathError};
use super::rooted::{Rooted, names_of, os};
use super::stat::Stat;
use crate::model::RelPath;

/// How often a directory is emptied in which entries go on to appear.
const ATTEMPTS: usize = 100;

/// Removes `name` inside `parent` with all that it holds. That it is gone already is fine.
pub(crate) fn remove_tree(parent: &Rooted, name: &[u8]) -> Result<(), PathError> {
    let shown = parent.path().join(os(name));
    match remove_any(parent.fd(), name) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error).at("remove", &shown),
    }
}

/// Removes a directory that is held open, of which `name` inside `parent` is the name: that one and no other,
/// whatever was put under its name since.
pub(crate) fn remove_held(parent: &Rooted, name: &[u8], held: &Rooted) -> Result<(), PathError> {
    let shown = parent.path().join(os(name));
    let all = || {
        for _ in 0..ATTEMPTS {
            remove_entries(held.fd(), 0)?;
            let here = Stat::at(parent.fd(), name)?.same_inode(&Stat::of(held.fd())?);
            if !here {
                return Ok(());
            }
            match rustix::fs::unlinkat(parent.fd(), name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTEMPTY) => {}
                done => return done,
            }
        }
        Err(Errno::NOTEMPTY)
    };
    match all() {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error).at("remove", &shown),
    }
}

fn remove_any(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
    if unlink(dir, name)? {
        return Ok(());
    }
    remove_dir(dir, name, 0)
}

/// Removes a name that is no directory; false where it is one.
fn unlink(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<bool> {
    match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
        // What the kernel says of a directory, by itself or as POSIX has it.
        Err(Errno::ISDIR | Errno::PERM) => Ok(false),
        done => done.map(|()| true),
    }
}

fn remove_dir(dir: BorrowedFd<'_>, name: &[u8], level: usize) -> rustix::io::Result<()> {
    // Each level takes a descriptor and a piece of the stack, and whoever owns the tree chooses how many there are.
    if level > RelPath::LEVELS_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    if !Stat::at(dir, name)?.is_dir() {
        return Err(Errno::PERM);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = match rustix::fs::openat(dir, name, flags, Mode::empty()) {
        Err(Errno::ACCESS) => {
            // A directory that even its owner may not enter can still be opened up by the owner.
            open_up(dir, name)?;
            rustix::fs::openat(dir, name, flags, Mode::empty())?
        }
        done => done?,
    };
    // Asked of what was opened: a name could have become another directory since.
    if Stat::of(&fd)?.mount_root {
        return Err(Errno::BUSY);
    }
    // Entries may appear while we remove (a service still writes here), so "not empty" means once more.
    for _ in 0..ATTEMPTS {
        remove_entries(fd.as_fd(), level + 1)?;
        match rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY) => {}
            done => return done,
        }
    }
    Err(Errno::NOTEMPTY)
}

/// Lets the owner into a directory. By its descriptor, since a change of mode by name would follow a link.
fn open_up(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(dir, name, flags, Mode::empty())?;
    let itself = format!("/proc/self/fd/{}", fd.as_raw_fd());
    rustix::fs::chmod(itself, Mode::from_raw_mode(0o700))
}

fn remove_entries(fd: BorrowedFd<'_>, level: usize) -> rustix::io::Result<()> {
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
        let remove = |name: &Vec<u8>| match remove_dir(fd, name, level) {
            Err(Errno::NOENT) => Ok(()),
            done => done,
        };
        match dirs.as_slice() {
            [one] => remove(one),
            many => many.par_iter().try_for_each(remove),
        }
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
