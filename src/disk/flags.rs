//! Flags of files by which nobody may change them, or only add to them (`chattr +i`, `+a`).

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{IFlags, OFlags, ioctl_getflags, ioctl_setflags};
use serde::{Deserialize, Serialize};

use super::error::{At, PathError};
use super::rooted::Rooted;
use super::stat::Stat;
use crate::model::RelPath;

/// Which of them a file or a directory has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Flags {
    immutable: bool,
    append_only: bool,
    /// The inode that has them.
    ino: u64,
}

impl Flags {
    /// Those of a state; none where it has neither.
    pub(crate) fn of(stat: &Stat) -> Option<Self> {
        let flags = Self {
            immutable: stat.immutable,
            append_only: stat.append_only,
            ino: stat.ino,
        };
        (flags.immutable || flags.append_only).then_some(flags)
    }
}

/// Takes the flags off a file or directory of a tree. Returns the state that it has then.
pub(crate) fn take_off(root: &Rooted, path: &RelPath) -> Result<Stat, PathError> {
    let take_off = || {
        let fd = open(root, path)?;
        let flags = ioctl_getflags(&fd)?;
        ioctl_setflags(&fd, flags - (IFlags::IMMUTABLE | IFlags::APPEND))?;
        Stat::of(fd)
    };
    take_off().at_with("take the flags off", || root.shown(path))
}

/// Gives the flags back to the inode that had them; does nothing where another one, or none, stands there by now.
pub(crate) fn put_back(root: &Rooted, path: &RelPath, flags: Flags) -> Result<(), PathError> {
    let put_back = || {
        let fd = match open(root, path) {
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(()),
            opened => opened?,
        };
        if Stat::of(fd.as_fd())?.ino != flags.ino {
            return Ok(());
        }
        let mut all = ioctl_getflags(&fd)?;
        all.set(IFlags::IMMUTABLE, flags.immutable);
        all.set(IFlags::APPEND, flags.append_only);
        ioctl_setflags(&fd, all)
    };
    put_back().at_with("give the flags back to", || root.shown(path))
}

fn open(root: &Rooted, path: &RelPath) -> rustix::io::Result<OwnedFd> {
    if path.is_root() {
        return rustix::io::fcntl_dupfd_cloexec(root.fd(), 0);
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    root.open_raw(path, flags, rustix::fs::Mode::empty())
}
