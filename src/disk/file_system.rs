//! Which file system holds a directory.

use serde::{Deserialize, Serialize};

use super::error::{At, PathError};
use super::rooted::Rooted;

// Kinds, by the number that `statfs` gives (`linux/magic.h`).
pub(crate) const TMPFS: u32 = 0x0102_1994;
pub(crate) const RAMFS: u32 = 0x8584_58F6;
/// Those that a program provides, of any kind.
pub(crate) const FUSE: u32 = 0x6573_5546;

/// What tells one file system from another, as far as the kernel does: those in user space and on a network mostly give
/// no number of their own, so of these only the kind is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct FileSystem {
    /// Its kind, by the number that `statfs` gives (`linux/magic.h`).
    pub(crate) kind: u32,
    /// Its own number; ext4 and btrfs keep it in the file system, others make one at each mount, or none.
    id: u64,
}

impl FileSystem {
    /// The one that holds a directory.
    pub(crate) fn of(dir: &Rooted) -> Result<Self, PathError> {
        let ask = || {
            let kind = rustix::fs::fstatfs(dir.fd())?.f_type as u32;
            let id = rustix::fs::fstatvfs(dir.fd())?.f_fsid;
            Ok::<_, rustix::io::Errno>(Self { kind, id })
        };
        ask().at("ask for the file system of", dir.path())
    }
}
