//! What the kernel says of one name, in the shape in which this program compares it.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Statx, StatxAttributes, StatxFlags};
use rustix::io::Result;

use crate::model::{Meta, Special, Time};

/// The state of one inode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stat {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) nlink: u32,
    pub(crate) size: u64,
    pub(crate) mtime: Time,
    pub(crate) ctime: Time,
    pub(crate) rdev: u64,
    /// When the inode was made, where the file system says so.
    pub(crate) born: Option<Time>,
    /// Whether something is mounted here; tells bind mounts of one file system apart, which `dev` does not.
    pub(crate) mount_root: bool,
}

impl Stat {
    /// Stats a name without following a link; an empty name is the descriptor itself.
    pub(crate) fn at(dir: impl AsFd, name: &[u8]) -> Result<Self> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH | AtFlags::NO_AUTOMOUNT;
        let asked = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        rustix::fs::statx(dir, name, flags, asked).map(|x| Self::from_statx(&x))
    }

    /// Stats an open file.
    pub(crate) fn of(fd: impl AsFd) -> Result<Self> {
        Self::at(fd, b"")
    }

    fn from_statx(x: &Statx) -> Self {
        let time = |t: rustix::fs::StatxTimestamp| Time {
            secs: t.tv_sec,
            nanos: t.tv_nsec,
        };
        let has_birth = StatxFlags::from_bits_retain(x.stx_mask).contains(StatxFlags::BTIME);
        Self {
            dev: rustix::fs::makedev(x.stx_dev_major, x.stx_dev_minor),
            ino: x.stx_ino,
            mode: u32::from(x.stx_mode),
            uid: x.stx_uid,
            gid: x.stx_gid,
            nlink: x.stx_nlink,
            size: x.stx_size,
            mtime: time(x.stx_mtime),
            ctime: time(x.stx_ctime),
            rdev: rustix::fs::makedev(x.stx_rdev_major, x.stx_rdev_minor),
            born: has_birth.then(|| time(x.stx_btime)),
            mount_root: x.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
        }
    }

    /// The type bits.
    pub(crate) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }

    /// Whether it is a directory.
    pub(crate) fn is_dir(&self) -> bool {
        self.file_type() == FileType::Directory
    }

    /// Whether it is a regular file.
    pub(crate) fn is_file(&self) -> bool {
        self.file_type() == FileType::RegularFile
    }

    /// Whether both are one inode in one state. The change time cannot be set by hand, so equal means untouched.
    pub(crate) fn same_state(&self, other: &Self) -> bool {
        self.same_inode(other)
            && self.ctime == other.ctime
            && self.size == other.size
            && self.mtime == other.mtime
            && self.mode == other.mode
    }

    /// Whether both are one inode.
    pub(crate) fn same_inode(&self, other: &Self) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }

    /// FIFO, socket or device; none for all else.
    pub(crate) fn special(&self) -> Option<Special> {
        match self.file_type() {
            FileType::Fifo => Some(Special::Fifo),
            FileType::Socket => Some(Special::Socket),
            FileType::CharacterDevice => Some(Special::CharDevice(self.rdev)),
            FileType::BlockDevice => Some(Special::BlockDevice(self.rdev)),
            _ => None,
        }
    }

    /// What a snapshot keeps of it, without extended attributes.
    pub(crate) fn meta(&self) -> Meta {
        Meta {
            mode: self.mode & 0o7777,
            uid: self.uid,
            gid: self.gid,
            mtime: self.mtime,
            xattrs: Vec::new(),
        }
    }
}
