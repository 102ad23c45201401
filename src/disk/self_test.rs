//! Tries of what a restore asks of a file system and of the kernel, each for itself, in a directory that goes again.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::error::{At, PathError};
use super::fence;
use super::file_system::{FileSystem, RAMFS, TMPFS};
use super::rename::is_unknown;
use super::rooted::Rooted;
use super::stat::Stat;
use super::trial::{Kind, Trial};
use super::write_test::comes_back;
use crate::model::{Meta, Time};

/// How two directories can change places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exchange {
    /// In one step.
    OneStep,
    /// By two renames, between which nothing stands at the place.
    TwoRenames,
}

/// Whether what was written and synced is what is read from the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sync {
    /// It is.
    Kept,
    /// It is something else.
    Changed,
    /// There is no disk: the file system is memory, and gone with a restart.
    NoDisk,
}

/// Which ways there are to give a file a second name or content without a copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Links {
    /// Hard links.
    pub hard: bool,
    /// Copies that share their blocks.
    pub reflinks: bool,
}

/// What of attributes does not come out as it was set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Attribute {
    /// Permission bits.
    Mode,
    /// Owner and group.
    Owner,
    /// Modification times, to the nanosecond.
    Times,
    /// Those of symbolic links.
    LinkTimes,
    /// Extended attributes.
    Xattrs,
}

/// Whether the kernel keeps a process within its directories.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fence {
    /// It does.
    Holds,
    /// This kernel has no such fence.
    Absent,
    /// It was put up, and a write outside of it went through.
    Leaks,
    /// It holds threads that start after it stands, and the system granted none to try it with.
    Untried,
}

/// File systems that are memory.
const MEMORY: [u32; 2] = [TMPFS, RAMFS];
/// A time that only nanoseconds tell apart from others.
const TIME: Time = Time {
    secs: 1_600_000_000,
    nanos: 123_456_789,
};
/// To whom root gives the file that is tried.
const NOBODY: u32 = 65_534;

/// Tries to exchange two directories with content.
pub(crate) fn exchange(dir: &Rooted) -> Result<Exchange, PathError> {
    let (one, other) = (make_dir(dir, "one")?, make_dir(dir, "other")?);
    drop(make_file(&one, "file")?);
    let before = (one.stat()?, other.stat()?);
    let fd = dir.fd();
    let way = match rustix::fs::renameat_with(fd, "one", fd, "other", RenameFlags::EXCHANGE) {
        Ok(()) => Exchange::OneStep,
        Err(error) if is_unknown(error) => {
            for (from, to) in [("one", "aside"), ("other", "one"), ("aside", "other")] {
                rustix::fs::renameat(fd, from, fd, to).at("rename in", dir.path())?;
            }
            Exchange::TwoRenames
        }
        Err(error) => return Err(PathError::new("exchange directories in", dir.path(), error)),
    };
    let after = (dir.enter(b"other")?.stat()?, dir.enter(b"one")?.stat()?);
    let changed_places = after.0.same_inode(&before.0) && after.1.same_inode(&before.1);
    if !changed_places {
        let lie = std::io::Error::other("it was told as done, and they stand where they stood");
        return Err(PathError::new("exchange directories in", dir.path(), lie));
    }
    Ok(way)
}

/// Writes a file, makes it durable with its directory and its file system, drops it from memory and reads it back.
pub(crate) fn sync(dir: &Rooted) -> Result<Sync, PathError> {
    let file = make_file(dir, "synced")?;
    dir.sync()?;
    dir.sync_file_system()?;
    let kept = comes_back(file, dir.path())?;
    let has_disk = !MEMORY.contains(&FileSystem::of(dir)?.kind);
    Ok(match (kept, has_disk) {
        (true, true) => Sync::Kept,
        (true, false) => Sync::NoDisk,
        (false, _) => Sync::Changed,
    })
}

/// Makes a symbolic link, without which there is no venv, a hard link, and a copy that shares blocks.
pub(crate) fn links(dir: &Rooted) -> Result<Links, PathError> {
    let fd = dir.fd();
    rustix::fs::symlinkat("nowhere", fd, "link").at("make a symbolic link in", dir.path())?;
    let target = rustix::fs::readlinkat(fd, "link", Vec::new()).at("read a link in", dir.path())?;
    if target.as_bytes() != b"nowhere" {
        let lie = std::io::Error::other("it leads elsewhere than it was told to");
        return Err(PathError::new("read a link in", dir.path(), lie));
    }
    let first = make_file(dir, "first")?;
    rustix::io::write(&first, b"content").at("write in", dir.path())?;
    let linked = rustix::fs::linkat(fd, "first", fd, "second", AtFlags::empty()).is_ok();
    let is_same = || -> rustix::io::Result<bool> {
        let (one, two) = (Stat::of(&first)?, Stat::at(fd, b"second")?);
        Ok(one.same_inode(&two) && two.nlink == 2)
    };
    let copy = make_file(dir, "copy")?;
    Ok(Links {
        hard: linked && is_same().at("look at a link in", dir.path())?,
        reflinks: rustix::fs::ioctl_ficlone(&copy, first.as_fd()).is_ok(),
    })
}

/// Sets every kind of attribute that a restore sets, and returns what did not come out.
pub(crate) fn attributes(dir: &Rooted) -> Result<Vec<Attribute>, PathError> {
    let is_root = rustix::process::geteuid().is_root();
    let own = dir.stat()?;
    let (uid, gid) = if is_root {
        (NOBODY, NOBODY)
    } else {
        (own.uid, own.gid)
    };
    let wanted = |mode| Meta {
        mode,
        uid,
        gid,
        mtime: TIME,
        xattrs: Vec::new(),
    };
    let mut lacking = Vec::new();
    for (kind, mode) in [(Kind::File, 0o640), (Kind::Dir, 0o750), (Kind::Link, 0o777)] {
        let mut wanted = wanted(mode);
        if kind == Kind::File {
            wanted
                .xattrs
                .push((b"user.snap-self-test".to_vec(), b"kept".to_vec()));
        }
        let held = Trial::new(dir, kind, &wanted)?.hold(&wanted)?;
        let kept: Vec<_> = held
            .xattrs
            .iter()
            .filter(|one| wanted.xattrs.contains(one))
            .collect();
        let times = match kind {
            Kind::Link => Attribute::LinkTimes,
            Kind::File | Kind::Dir => Attribute::Times,
        };
        lacking.extend((held.mode != wanted.mode).then_some(Attribute::Mode));
        lacking.extend(((held.uid, held.gid) != (uid, gid)).then_some(Attribute::Owner));
        lacking.extend((held.mtime != wanted.mtime).then_some(times));
        lacking.extend((kept.len() != wanted.xattrs.len()).then_some(Attribute::Xattrs));
    }
    lacking.sort_unstable();
    lacking.dedup();
    Ok(lacking)
}

/// Puts up the fence of a restore around one directory, in a thread of its own, and tries to write on both sides of it.
pub(crate) fn fence(dir: &Rooted) -> Result<Fence, PathError> {
    let (inside, outside) = (make_dir(dir, "inside")?, make_dir(dir, "outside")?);
    let within: Vec<PathBuf> = vec![inside.path().to_owned()];
    let tried = std::thread::scope(|scope| {
        let fenced = || {
            fence::raise(&within).then(|| (make_file(&inside, "file"), make_file(&outside, "file")))
        };
        let fenced = std::thread::Builder::new().spawn_scoped(scope, fenced);
        let fenced = fenced.ok()?;
        Some(
            fenced
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    });
    let Some(tried) = tried else {
        return Ok(Fence::Untried);
    };
    let Some((inside, outside)) = tried else {
        return Ok(Fence::Absent);
    };
    inside?;
    match outside {
        Ok(_) => Ok(Fence::Leaks),
        Err(error) if error.is_denied() => Ok(Fence::Holds),
        Err(error) => Err(error),
    }
}

fn make_dir(dir: &Rooted, name: &str) -> Result<Rooted, PathError> {
    let shown = dir.path().join(name);
    rustix::fs::mkdirat(dir.fd(), name, Mode::from_raw_mode(0o700))
        .at("create directory", &shown)?;
    dir.enter(name.as_bytes())
}

fn make_file(dir: &Rooted, name: &str) -> Result<File, PathError> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o600);
    let made: Result<OwnedFd, Errno> = rustix::fs::openat(dir.fd(), name, flags, mode);
    Ok(made.at("create", &dir.path().join(name))?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_place_gives_all_that_a_restore_needs() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = Rooted::open(scratch.path()).unwrap();
        assert_eq!(exchange(&dir).unwrap(), Exchange::OneStep);
        assert_eq!(sync(&dir).unwrap(), Sync::Kept);
        assert!(links(&dir).unwrap().hard);
        assert_eq!(attributes(&dir).unwrap(), []);
        assert_ne!(fence(&dir).unwrap(), Fence::Leaks);
        // The fence bound the thread that tried it alone.
        std::fs::write(scratch.path().join("later"), b"x").unwrap();
    }
}
