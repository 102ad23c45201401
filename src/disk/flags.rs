//! Flags of files by which nobody may change them, or only add to them (`chattr +i`, `+a`).

use std::os::fd::AsFd;

use rustix::fs::{IFlags, OFlags, ioctl_getflags, ioctl_setflags};

use super::error::{At, PathError};
use super::rooted::Rooted;
use super::stat::Stat;
use crate::model::RelPath;

/// Takes the flags off a file or directory of a tree. Returns the state that it has then.
pub(crate) fn take_off(root: &Rooted, path: &RelPath) -> Result<Stat, PathError> {
    let shown = || root.shown(path);
    if path.is_root() {
        return take_off_open(root.fd()).at_with("take the flags off", shown);
    }
    let file = root.open_below(path, OFlags::RDONLY | OFlags::NONBLOCK)?;
    take_off_open(file).at_with("take the flags off", shown)
}

fn take_off_open(fd: impl AsFd) -> rustix::io::Result<Stat> {
    let flags = ioctl_getflags(&fd)?;
    ioctl_setflags(&fd, flags - (IFlags::IMMUTABLE | IFlags::APPEND))?;
    Stat::of(fd)
}
