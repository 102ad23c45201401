//! A directory held open, and everything below it reached without ever following a link or crossing a mount.
//!
//! Whoever may write in the tree can swap a directory for a link while we work (a symlink race); a path
//! that is looked up again from its text would then lead outside. Every step here starts at the held descriptor.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::error::{At, PathError};
use super::stat::Stat;
use crate::model::RelPath;

/// The kernel takes no longer path in one call (`PATH_MAX`, with its NUL).
const PATH_BYTES_MAX: usize = 4095;

/// A directory held open, with the path that people know it by.
#[derive(Debug)]
pub(crate) struct Rooted {
    fd: OwnedFd,
    path: PathBuf,
}

impl Rooted {
    /// Opens a directory by its path; a link in the last place is refused.
    pub(crate) fn open(path: &Path) -> Result<Self, PathError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, path, OFlags::RDONLY | flags, Mode::empty())
            .at("open directory", path)?;
        Ok(Self {
            fd,
            path: path.to_owned(),
        })
    }

    /// Opens a directory by a path that was resolved before: a link anywhere in it means that somebody changed the path
    /// since, and is refused.
    pub(crate) fn open_resolved(path: &Path) -> Result<Self, PathError> {
        let verb = "open directory";
        if !path.is_absolute() {
            return Err(PathError::new(verb, path, std::io::ErrorKind::InvalidInput));
        }
        let root = Self::open(Path::new("/"))?;
        let below = path.strip_prefix("/").unwrap_or(path).as_os_str();
        let below = RelPath::new(std::os::unix::ffi::OsStrExt::as_bytes(below))
            .map_err(|_| PathError::new(verb, path, std::io::ErrorKind::InvalidInput))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let fd = root.open_by_steps(&below, flags, Mode::empty(), false);
        let fd = fd.at(verb, path)?;
        Ok(Self::from_fd(fd, path.to_owned()))
    }

    /// Takes over an open directory.
    pub(crate) fn from_fd(fd: OwnedFd, path: PathBuf) -> Self {
        Self { fd, path }
    }

    /// The same directory, held once more, under the name that it has by now. Both share their locks.
    pub(crate) fn known_as(&self, path: &Path) -> Result<Self, PathError> {
        let fd = self.fd.try_clone().at("open", path)?;
        Ok(Self::from_fd(fd, path.to_owned()))
    }

    /// Opens a directory directly inside this one.
    pub(crate) fn enter(&self, name: &[u8]) -> Result<Self, PathError> {
        let path = self.path.join(os(name));
        let fd = self.open_name(name).at("open directory", &path)?;
        Ok(Self { fd, path })
    }

    fn open_name(&self, name: &[u8]) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, name, flags, Mode::empty())
    }

    /// The path for people.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The descriptor itself.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The state of the directory itself.
    pub(crate) fn stat(&self) -> Result<Stat, PathError> {
        Stat::of(&self.fd).at("stat", &self.path)
    }

    /// The path of something below, for messages.
    pub(crate) fn shown(&self, path: &RelPath) -> PathBuf {
        if path.is_root() {
            self.path.clone()
        } else {
            self.path.join(path.as_path())
        }
    }

    /// Opens something below for reading, whatever it is, without waiting for a FIFO's writer.
    pub(crate) fn open_below(&self, path: &RelPath, flags: OFlags) -> Result<OwnedFd, PathError> {
        self.open_raw(path, flags, Mode::empty())
            .at_with("open", || self.shown(path))
    }

    /// Opens or creates something below; no part of the path may be a link or another mount.
    pub(crate) fn open_raw(
        &self,
        path: &RelPath,
        flags: OFlags,
        mode: Mode,
    ) -> rustix::io::Result<OwnedFd> {
        self.open_by_steps(path, flags, mode, true)
    }

    /// Opens or creates something below without following a link; with `one_mount` it crosses no mount either.
    fn open_by_steps(
        &self,
        path: &RelPath,
        flags: OFlags,
        mode: Mode,
        one_mount: bool,
    ) -> rustix::io::Result<OwnedFd> {
        let mut flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Nothing is opened that one could wait for, and `openat2` takes the flag for a contradiction.
        flags.set(OFlags::NONBLOCK, !flags.contains(OFlags::PATH));
        if path.is_root() {
            return rustix::fs::openat(&self.fd, c".", flags, mode);
        }
        if path.as_bytes().len() < PATH_BYTES_MAX {
            let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            resolve.set(ResolveFlags::NO_XDEV, one_mount);
            match rustix::fs::openat2(&self.fd, path.as_bytes(), flags, mode, resolve) {
                // Old kernels lack the call, and old sandboxes forbid it.
                Err(Errno::NOSYS | Errno::PERM) => {}
                done => return done,
            }
        }
        let dir = self.open_parent(path, one_mount)?;
        let dir = dir.as_ref().map_or(self.fd.as_fd(), AsFd::as_fd);
        let fd = rustix::fs::openat(dir, path.name(), flags, mode)?;
        same_mount(&fd, one_mount)?;
        Ok(fd)
    }

    /// Opens the directory that holds `path`, step by step; none where that is the root itself.
    fn open_parent(&self, path: &RelPath, one_mount: bool) -> rustix::io::Result<Option<OwnedFd>> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let count = path.parts().count();
        let mut at: Option<OwnedFd> = None;
        for part in path.parts().take(count.saturating_sub(1)) {
            let from = at.as_ref().map_or(self.fd.as_fd(), AsFd::as_fd);
            let next = rustix::fs::openat(from, part, flags, Mode::empty())?;
            same_mount(&next, one_mount)?;
            at = Some(next);
        }
        Ok(at)
    }

    /// Runs a call that takes a directory and a path below it. A path longer than the kernel takes in one call, or with
    /// directories that somebody else may swap (`wary`), is first followed to its parent.
    pub(crate) fn with_parent<T>(
        &self,
        path: &RelPath,
        wary: bool,
        call: impl FnOnce(BorrowedFd<'_>, &[u8]) -> rustix::io::Result<T>,
    ) -> rustix::io::Result<T> {
        if !wary && path.as_bytes().len() < PATH_BYTES_MAX {
            return call(self.fd.as_fd(), path.as_bytes());
        }
        let dir = self.open_parent(path, true)?;
        call(
            dir.as_ref().map_or(self.fd.as_fd(), AsFd::as_fd),
            path.name(),
        )
    }

    /// The state of a name below, not followed.
    pub(crate) fn stat_below(&self, path: &RelPath, wary: bool) -> Result<Stat, PathError> {
        self.with_parent(path, wary, |dir, name| Stat::at(dir, name))
            .at_with("stat", || self.shown(path))
    }

    /// The state of a name directly inside; none where there is nothing.
    pub(crate) fn stat_name(&self, name: &[u8]) -> Result<Option<Stat>, PathError> {
        match Stat::at(&self.fd, name) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error).at_with("stat", || self.path.join(os(name))),
        }
    }

    /// The names directly inside, unsorted.
    pub(crate) fn names(&self) -> Result<Vec<Vec<u8>>, PathError> {
        names_of(&self.fd).at("list", &self.path)
    }

    /// Makes everything durable that was ever written in its file system. An error means that something was lost
    /// since the directory was opened.
    pub(crate) fn sync_file_system(&self) -> Result<(), PathError> {
        rustix::fs::syncfs(&self.fd).at("sync", &self.path)
    }

    /// Makes the directory's own entries durable.
    pub(crate) fn sync(&self) -> Result<(), PathError> {
        rustix::fs::fsync(&self.fd).at("sync directory", &self.path)
    }

    /// Whether this process may create and remove names here.
    pub(crate) fn may_write(&self) -> bool {
        let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        rustix::fs::accessat(&self.fd, c".", access, AtFlags::EACCESS).is_ok()
    }
}

/// An error where what was opened is another mount, and only one is allowed.
fn same_mount(fd: &OwnedFd, one_mount: bool) -> rustix::io::Result<()> {
    if one_mount && Stat::of(fd)?.mount_root {
        return Err(Errno::XDEV);
    }
    Ok(())
}

/// The names in an open directory, without `.` and `..`, unsorted; may be asked again.
pub(crate) fn names_of(fd: impl AsFd) -> rustix::io::Result<Vec<Vec<u8>>> {
    // A descriptor of its own, since the position in the listing belongs to it.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    names_once(rustix::fs::openat(fd, c".", flags, Mode::empty())?)
}

/// The names in a directory that was just opened; a second call finds none.
pub(crate) fn names_once(fd: impl AsFd) -> rustix::io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    let mut buffer = Vec::with_capacity(32 * 1024);
    let mut listing = rustix::fs::RawDir::new(fd, buffer.spare_capacity_mut());
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(name.to_vec());
        }
    }
    Ok(names)
}

/// Bytes as the standard library's text of the system.
pub(crate) fn os(name: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(name)
}
