//! Removes a tree step by step from held descriptors: never through a link, never across a mount.

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::error::{At, PathError};
use super::rooted::{Rooted, names_of, os};
use super::stat::Stat;
use crate::model::{Manifest, RelPath};

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

/// The names in the directories of a tree, by their paths, as far as they are known: a directory in which just those
/// stand is not listed.
#[derive(Debug, Default)]
pub(crate) struct Names<'t>(HashMap<&'t [u8], Vec<&'t [u8]>>);

impl<'t> Names<'t> {
    /// Those of a tree as it was read.
    pub(crate) fn of(tree: &'t Manifest) -> Self {
        let mut dirs: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
        for entry in tree.entries().iter().filter(|entry| !entry.path.is_root()) {
            let dir = dirs.entry(entry.path.parent_bytes()).or_default();
            dir.push(entry.path.name());
        }
        Self(dirs)
    }
}

/// Removes a directory that is held open, of which `name` inside `parent` is the name: that one and no other. Where
/// something else has the name by now, nothing is removed, and that is an error; that nothing has it any more is fine.
pub(crate) fn remove_held(
    parent: &Rooted,
    name: &[u8],
    held: &Rooted,
    known: &Names<'_>,
) -> Result<(), PathError> {
    let shown = parent.path().join(os(name));
    let all = || {
        let is_here = || -> rustix::io::Result<bool> {
            Ok(Stat::at(parent.fd(), name)?.same_inode(&Stat::of(held.fd())?))
        };
        for attempt in 0..ATTEMPTS {
            if !is_here()? {
                return Err(Errno::STALE);
            }
            remove_entries(held.fd(), &Place::root(known), attempt)?;
            if !is_here()? {
                return Err(Errno::STALE);
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
    remove_dir(dir, name, &Place::root(&Names::default()))
}

/// Removes a name that is no directory; false where it is one.
fn unlink(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<bool> {
    match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
        // What the kernel says of a directory, by itself or as POSIX has it.
        Err(Errno::ISDIR | Errno::PERM) => Ok(false),
        done => done.map(|()| true),
    }
}

/// A directory of a tree that is removed.
struct Place<'k> {
    known: &'k Names<'k>,
    /// Its path from the root of that tree.
    path: Vec<u8>,
    level: usize,
}

impl<'k> Place<'k> {
    fn root(known: &'k Names<'k>) -> Self {
        Self {
            known,
            path: Vec::new(),
            level: 0,
        }
    }

    fn below(&self, name: &[u8]) -> Self {
        let path = match self.path.as_slice() {
            [] => name.to_vec(),
            path => [path, b"/", name].concat(),
        };
        Self {
            known: self.known,
            path,
            level: self.level + 1,
        }
    }

    /// The names in it, as they are known; or as they are listed, where they are not, or were not all.
    fn names(&self, fd: BorrowedFd<'_>, attempt: usize) -> rustix::io::Result<Vec<Vec<u8>>> {
        match self.known.0.get(self.path.as_slice()) {
            Some(known) if attempt == 0 => Ok(known.iter().map(|name| name.to_vec()).collect()),
            _ => names_of(fd),
        }
    }
}

/// Removes the directory `name`, which is `place`.
fn remove_dir(dir: BorrowedFd<'_>, name: &[u8], place: &Place<'_>) -> rustix::io::Result<()> {
    // Each level takes a descriptor and a piece of the stack, and whoever owns the tree chooses how many there are.
    if place.level > RelPath::LEVELS_MAX + 1 {
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
    for attempt in 0..ATTEMPTS {
        remove_entries(fd.as_fd(), place, attempt)?;
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

fn remove_entries(fd: BorrowedFd<'_>, place: &Place<'_>, attempt: usize) -> rustix::io::Result<()> {
    let once = || {
        let mut dirs = Vec::new();
        for name in place.names(fd, attempt)? {
            match unlink(fd, &name) {
                Ok(true) | Err(Errno::NOENT) => {}
                Ok(false) => dirs.push(name),
                Err(error) => return Err(error),
            }
        }
        // The kernel lets one thread at a time change a directory, so threads share directories, not names.
        let remove = |name: &Vec<u8>| match remove_dir(fd, name, &place.below(name)) {
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
            // A directory in which even its owner may not write is opened up.
            rustix::fs::fchmod(fd, Mode::from_raw_mode(0o700))?;
            once()
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_bears_another_name_by_now_is_not_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let parent = Rooted::open(dir.path()).unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir(path("ours")).unwrap();
        std::fs::write(path("ours/file"), "").unwrap();
        let held = parent.enter(b"ours").unwrap();
        std::fs::rename(path("ours"), path("moved")).unwrap();
        let remove = || remove_held(&parent, b"ours", &held, &Names::default());
        remove().unwrap();
        std::fs::create_dir(path("ours")).unwrap();
        std::fs::write(path("ours/theirs"), "").unwrap();
        assert!(remove().is_err());
        assert!(path("moved/file").exists() && path("ours/theirs").exists());
    }
}
