//! The directories below a place, found in parallel by their names alone: no file is looked at, no link followed, and
//! no mount crossed unless that is asked for.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rayon::Scope;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};

use super::error::PathError;
use super::stat::Stat;

/// What a directory holds: names, and whether each is a directory.
pub(crate) struct Listed<'a> {
    /// Where it is.
    pub(crate) path: &'a Path,
    names: &'a [(OsString, bool)],
}

impl Listed<'_> {
    /// Whether it holds something of this name that is no directory.
    pub(crate) fn has_file(&self, name: &str) -> bool {
        self.names
            .iter()
            .any(|(one, is_dir)| !is_dir && one == name)
    }

    /// Whether it holds a directory of this name.
    pub(crate) fn has_dir(&self, name: &str) -> bool {
        self.names
            .iter()
            .any(|(one, is_dir)| *is_dir && one == name)
    }

    /// The names of the directories in it.
    pub(crate) fn dirs(&self) -> impl Iterator<Item = &OsStr> {
        let dirs = self.names.iter().filter(|(_, is_dir)| *is_dir);
        dirs.map(|(name, _)| name.as_os_str())
    }
}

/// Who is told of directories, from many threads.
pub(crate) trait Visitor: Sync {
    /// Takes a directory, and says whether to look below it.
    fn enter(&self, listed: &Listed<'_>) -> bool;
    /// Something is mounted there, and it is not looked into.
    fn mounted(&self, path: &Path);
    /// It cannot be listed.
    fn unread(&self, error: PathError);
    /// Whether to stop.
    fn stopped(&self) -> bool;
}

/// Walks the directories below one, which may itself be a link or a mount.
pub(crate) fn each_dir(root: &Path, cross_mounts: bool, visitor: &dyn Visitor) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match rustix::fs::openat(CWD, root, flags, Mode::empty()) {
        Ok(fd) => {
            let walker = Walker {
                cross_mounts,
                visitor,
            };
            rayon::scope(|scope| walker.directory(scope, fd, root));
        }
        Err(error) => visitor.unread(PathError::new("list", root, error)),
    }
}

#[derive(Clone, Copy)]
struct Walker<'a> {
    cross_mounts: bool,
    visitor: &'a dyn Visitor,
}

impl<'a> Walker<'a> {
    fn directory(self, scope: &Scope<'a>, fd: OwnedFd, path: &Path) {
        if self.visitor.stopped() {
            return;
        }
        let names = match list(&fd) {
            Ok(names) => names,
            Err(error) => return self.visitor.unread(PathError::new("list", path, error)),
        };
        let listed = Listed {
            path,
            names: &names,
        };
        if !self.visitor.enter(&listed) {
            return;
        }
        let fd = Arc::new(fd);
        for (name, _) in names.into_iter().filter(|(_, is_dir)| *is_dir) {
            let (path, fd) = (path.join(&name), Arc::clone(&fd));
            // Opened only when its turn comes, so that few are open at a time.
            scope.spawn(move |scope| self.below(scope, &fd, &name, &path));
        }
    }

    fn below(self, scope: &Scope<'a>, parent: &OwnedFd, name: &OsStr, path: &Path) {
        if !self.cross_mounts {
            match Stat::at(parent, name.as_bytes()) {
                Ok(stat) if stat.mount_root => return self.visitor.mounted(path),
                Ok(_) => {}
                Err(rustix::io::Errno::NOENT) => return,
                Err(error) => return self.visitor.unread(PathError::new("list", path, error)),
            }
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(parent, name, flags, Mode::empty()) {
            Ok(fd) => self.directory(scope, fd, path),
            // The directory went away, or is another thing by now.
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
            }
            Err(error) => self.visitor.unread(PathError::new("list", path, error)),
        }
    }
}

fn list(fd: impl AsFd) -> rustix::io::Result<Vec<(OsString, bool)>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(&fd)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let kind = match entry.file_type() {
            // Some file systems do not tell the type in a listing.
            FileType::Unknown => rustix::fs::statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(FileType::Unknown, |stat| {
                    FileType::from_raw_mode(stat.st_mode)
                }),
            kind => kind,
        };
        names.push((name.to_owned(), kind == FileType::Directory));
    }
    Ok(names)
}
