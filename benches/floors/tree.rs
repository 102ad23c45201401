//! A tree with as few calls as can be: list, read, create, link, remove.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Result, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, StatxFlags, Timespec, Timestamps};

/// One file or symbolic link.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) mtime: Timespec,
    /// Of a symbolic link where it leads.
    pub(crate) target: Option<PathBuf>,
}

/// What a directory holds, by paths from it. Parents come before what they hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) dirs: Vec<PathBuf>,
    pub(crate) leaves: Vec<Leaf>,
}

impl Tree {
    /// Lists and stats everything.
    pub(crate) fn list(root: &Path) -> Result<Self> {
        let root = open_dir(CWD, root)?;
        let found = Mutex::new(Vec::new());
        let failed = Mutex::new(None);
        rayon::scope(|scope| list_dir(scope, &root, PathBuf::new(), &found, &failed));
        if let Some(error) = failed.into_inner().unwrap_or_default() {
            return Err(error);
        }
        let mut found: Vec<(PathBuf, Vec<Leaf>)> = found.into_inner().unwrap_or_default();
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut tree = Self::default();
        for (path, mut leaves) in found {
            tree.dirs.push(path);
            leaves.sort_unstable_by(|a, b| a.path.cmp(&b.path));
            tree.leaves.append(&mut leaves);
        }
        Ok(tree)
    }

    /// Regular files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(|leaf| leaf.target.is_none())
    }

    /// Makes the directories, one depth after the other.
    pub(crate) fn make_dirs(&self, root: &Path) -> Result<OwnedFd> {
        std::fs::create_dir(root)?;
        let root = open_dir(CWD, root)?;
        let depth = |path: &Path| path.components().count();
        let deepest = self.dirs.iter().map(|dir| depth(dir)).max().unwrap_or(0);
        for level in 1..=deepest {
            let dirs: Vec<&PathBuf> = self.dirs.iter().filter(|dir| depth(dir) == level).collect();
            dirs.par_iter().try_for_each(|dir| {
                rustix::fs::mkdirat(&root, dir.as_path(), Mode::from_raw_mode(0o755))
            })?;
        }
        Ok(root)
    }

    /// Removes everything below `root`, and `root`.
    pub(crate) fn remove(&self, root: &Path) -> Result<()> {
        let fd = open_dir(CWD, root)?;
        let unlink = |leaf: &Leaf| rustix::fs::unlinkat(&fd, &leaf.path, AtFlags::empty());
        self.leaves.par_iter().try_for_each(unlink)?;
        for dir in self.dirs.iter().skip(1).rev() {
            rustix::fs::unlinkat(&fd, dir, AtFlags::REMOVEDIR)?;
        }
        std::fs::remove_dir(root)
    }
}

fn list_dir<'s>(
    scope: &rayon::Scope<'s>,
    root: &'s OwnedFd,
    dir: PathBuf,
    found: &'s Mutex<Vec<(PathBuf, Vec<Leaf>)>>,
    failed: &'s Mutex<Option<std::io::Error>>,
) {
    let listed = list_one(root, &dir, |below| {
        scope.spawn(move |scope| list_dir(scope, root, below, found, failed));
    });
    match listed {
        Ok(leaves) => locked(found).push((dir, leaves)),
        Err(error) => *locked(failed) = Some(error),
    }
}

fn list_one(root: &OwnedFd, dir: &Path, mut enter: impl FnMut(PathBuf)) -> Result<Vec<Leaf>> {
    let name = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    let fd = open_dir(root, name)?;
    let mut leaves = Vec::new();
    let mut buffer = Vec::with_capacity(32 * 1024);
    let mut listing = RawDir::new(&fd, buffer.spare_capacity_mut());
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let stat = rustix::fs::statx(
            &fd,
            name,
            AtFlags::SYMLINK_NOFOLLOW,
            StatxFlags::BASIC_STATS,
        )?;
        let path = dir.join(OsStr::from_bytes(name.to_bytes()));
        let target = match FileType::from_raw_mode(stat.stx_mode.into()) {
            FileType::Directory => {
                enter(path);
                continue;
            }
            FileType::RegularFile => None,
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(&fd, name, Vec::new())?;
                Some(PathBuf::from(OsString::from_vec(target.into_bytes())))
            }
            _ => continue,
        };
        leaves.push(Leaf {
            path,
            size: stat.stx_size,
            mode: u32::from(stat.stx_mode) & 0o7777,
            mtime: Timespec {
                tv_sec: stat.stx_mtime.tv_sec,
                tv_nsec: stat.stx_mtime.tv_nsec.into(),
            },
            target,
        });
    }
    Ok(leaves)
}

/// Opens a directory.
pub(crate) fn open_dir(at: impl AsFd, path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(at, path, flags, Mode::empty())?)
}

/// Opens a file for reading.
pub(crate) fn open(root: &OwnedFd, leaf: &Leaf) -> Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(root, &leaf.path, flags, Mode::empty())?.into())
}

/// Creates a file or symbolic link with its time.
pub(crate) fn create(root: &OwnedFd, leaf: &Leaf, content: &[u8]) -> Result<()> {
    if let Some(target) = &leaf.target {
        return Ok(rustix::fs::symlinkat(target, root, &leaf.path)?);
    }
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(leaf.mode);
    let mut file = File::from(rustix::fs::openat(root, &leaf.path, flags, mode)?);
    file.write_all(content)?;
    let times = Timestamps {
        last_access: leaf.mtime,
        last_modification: leaf.mtime,
    };
    Ok(rustix::fs::futimens(&file, &times)?)
}

/// Gives each leaf of a tree another name in a second tree of the same shape.
pub(crate) fn link<'l>(
    from: &OwnedFd,
    to: &OwnedFd,
    leaves: impl IntoIterator<Item = &'l Leaf>,
) -> Result<()> {
    let leaves: Vec<&Leaf> = leaves.into_iter().collect();
    leaves.par_iter().try_for_each(|leaf| {
        rustix::fs::linkat(from, &leaf.path, to, &leaf.path, AtFlags::empty())
    })?;
    Ok(())
}

/// Makes everything durable that the file system of a directory has.
pub(crate) fn sync(dir: &Path) -> Result<()> {
    Ok(rustix::fs::syncfs(open_dir(CWD, dir)?)?)
}

/// A lock that a panicking thread may have left.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
