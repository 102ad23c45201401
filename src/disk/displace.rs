//! Moves a file or a whole tree from one directory that is held open to another, durably, also where the other is on
//! another file system. It is at every moment whole at one of both places, nothing is replaced, and no link is
//! followed.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid};
use rustix::io::{Errno, Result};

use super::atomic::random_name;
use super::error::{At, PathError};
use super::remove::remove_tree;
use super::rename::rename_new;
use super::rooted::{Rooted, names_of};
use super::stat::Stat;
use crate::model::{RelPath, Time};

/// How the name of a copy begins that is not yet whole.
pub(crate) const MOVING: &[u8] = b".snap-move-";

/// A place: a path below a directory that is held open.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) root: &'a Rooted,
    pub(crate) path: &'a RelPath,
}

impl Spot<'_> {
    /// The directory that holds it, reached through no link.
    fn parent(&self) -> std::result::Result<Rooted, PathError> {
        let parent = self.path.parent().unwrap_or_default();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let fd = self.root.open_below(&parent, flags)?;
        Ok(Rooted::from_fd(fd, self.root.shown(&parent)))
    }

    fn shown(&self) -> PathBuf {
        self.root.shown(self.path)
    }
}

/// Moves what stands at a place to another, which must be free. It must be that inode, as device and number; else it
/// stays, and that is an error of the kind `NotFound`.
pub(crate) fn displace(
    from: Spot<'_>,
    to: Spot<'_>,
    inode: (u64, u64),
) -> std::result::Result<(), PathError> {
    let (old, new) = (from.parent()?, to.parent()?);
    let (name, goal) = (from.path.name(), to.path.name());
    let is_it = |dir: &Rooted, name: &[u8]| {
        Stat::at(dir.fd(), name).is_ok_and(|stat| (stat.dev, stat.ino) == inode)
    };
    let other = || PathError::new("move", &from.shown(), std::io::ErrorKind::NotFound);
    if !is_it(&old, name) {
        return Err(other());
    }
    match rename_new(old.fd(), name, new.fd(), goal) {
        Ok(()) if is_it(&new, goal) => {}
        Ok(()) => {
            // Another one took its name in that moment: it goes back, unless the name was taken once more.
            rename_new(new.fd(), goal, old.fd(), name).at("move back", &from.shown())?;
            return Err(other());
        }
        Err(Errno::XDEV) => {
            copy(&old, name, &new, goal).at("move", &from.shown())?;
            new.sync()?;
            if !is_it(&old, name) {
                return Err(other());
            }
            remove_tree(&old, name)?;
        }
        Err(error) => return Err(error).at("move", &from.shown()),
    }
    new.sync()?;
    old.sync()
}

/// Makes the directories above a place that are not there, as installers make them, and durable.
pub(crate) fn make_parents(to: Spot<'_>) -> std::result::Result<(), PathError> {
    let Some(parent) = to.path.parent() else {
        return Ok(());
    };
    let mut path = RelPath::root();
    let owner = to.root.stat()?;
    for part in parent.parts() {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let above = to.root.open_below(&path, flags)?;
        let shown = to.root.shown(&path);
        path = path.join(part).map_err(|_| {
            PathError::new("create directory", &shown, std::io::ErrorKind::InvalidInput)
        })?;
        match rustix::fs::mkdirat(&above, part, Mode::from_raw_mode(0o755)) {
            Ok(()) => {
                own(&above, part, &owner).at_with("set the owner of", || to.root.shown(&path))?;
                rustix::fs::fsync(&above).at("sync directory", &shown)?;
            }
            Err(Errno::EXIST) => {}
            Err(error) => {
                return Err(error).at_with("create directory", || to.root.shown(&path));
            }
        }
    }
    Ok(())
}

/// Copies to a name of its own, makes that durable, and gives it the name that is wanted.
fn copy(old: &Rooted, name: &[u8], new: &Rooted, goal: &[u8]) -> Result<()> {
    let random = random_name().map_err(|_| Errno::IO)?;
    let temp = [MOVING, random.as_bytes()].concat();
    let done = copy_any(old.fd(), name, new.fd(), &temp, 0)
        .and_then(|()| rename_new(new.fd(), &temp, new.fd(), goal));
    if done.is_err() {
        // A failure here is not told: the error of the copy is.
        let _ = remove_tree(new, &temp);
    }
    done
}

fn copy_any(from: impl AsFd, name: &[u8], to: impl AsFd, goal: &[u8], level: usize) -> Result<()> {
    if level > RelPath::LEVELS_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    let stat = Stat::at(&from, name)?;
    match stat.file_type() {
        FileType::RegularFile => copy_file(&from, name, &to, goal)?,
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(&from, name, Vec::new())?;
            rustix::fs::symlinkat(target, &to, goal)?;
            own(&to, goal, &stat)?;
        }
        FileType::Directory if !stat.mount_root => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let source = rustix::fs::openat(&from, name, flags, Mode::empty())?;
            rustix::fs::mkdirat(&to, goal, Mode::from_raw_mode(0o700))?;
            let made = rustix::fs::openat(&to, goal, flags, Mode::empty())?;
            for name in names_of(&source)? {
                copy_any(&source, &name, &made, &name, level + 1)?;
            }
            attributes(&made, &stat)?;
            rustix::fs::fsync(&made)?;
        }
        // No cache holds devices, and a mount is not ours to move.
        _ => return Err(Errno::NOTSUP),
    }
    let now = Stat::at(&from, name)?;
    // If it changed, somebody writes there at this moment.
    if now.same_state(&stat) {
        Ok(())
    } else {
        Err(Errno::AGAIN)
    }
}

fn copy_file(from: impl AsFd, name: &[u8], to: impl AsFd, goal: &[u8]) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let source = rustix::fs::openat(&from, name, flags, Mode::empty())?;
    let stat = Stat::of(&source)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made: OwnedFd = rustix::fs::openat(&to, goal, flags, Mode::from_raw_mode(0o600))?;
    let (mut input, mut output) = (File::from(source), File::from(made));
    let copied = std::io::copy(&mut input, &mut output).map_err(|error| errno(&error))?;
    if copied != stat.size {
        return Err(Errno::AGAIN);
    }
    attributes(&output, &stat)?;
    rustix::fs::fsync(&output)
}

fn errno(error: &std::io::Error) -> Errno {
    error
        .raw_os_error()
        .map_or(Errno::IO, Errno::from_raw_os_error)
}

/// Owner, mode and times; the owner only where this process may set it.
fn attributes(fd: impl AsFd, stat: &Stat) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        let (uid, gid) = (Uid::from_raw(stat.uid), Gid::from_raw(stat.gid));
        rustix::fs::fchown(&fd, Some(uid), Some(gid))?;
    }
    rustix::fs::fchmod(&fd, Mode::from_raw_mode(stat.mode & 0o777))?;
    let time = timespec(stat.mtime);
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::futimens(&fd, &times)
}

fn timespec(time: Time) -> Timespec {
    Timespec {
        tv_sec: time.secs,
        tv_nsec: time.nanos.into(),
    }
}

/// Gives a name the owner of something else, where this process may do that.
fn own(dir: impl AsFd, name: &[u8], like: &Stat) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(like.uid), Gid::from_raw(like.gid));
    rustix::fs::chownat(&dir, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
}
