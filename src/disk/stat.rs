//! What the kernel says of one name, in the shape in which this program compares it.

use std::os::fd::{AsFd, AsRawFd};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Statx, StatxAttributes, StatxFlags, StatxTimestamp,
};
use rustix::io::{Errno, Result};

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
    /// Whether something is mounted here; tells bind mounts of one file system apart, which `dev` does not.
    pub(crate) mount_root: bool,
    /// Whether nobody may change it (`chattr +i`).
    pub(crate) immutable: bool,
    /// Whether it may only grow (`chattr +a`).
    pub(crate) append_only: bool,
}

impl Stat {
    /// Stats a name without following a link; an empty name is the descriptor itself.
    pub(crate) fn at(dir: impl AsFd, name: &[u8]) -> Result<Self> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH | AtFlags::NO_AUTOMOUNT;
        // On a network this asks the server, so that what another host wrote a moment ago counts. It costs nothing on a
        // local file system.
        let flags = flags | AtFlags::STATX_FORCE_SYNC;
        let x = match rustix::fs::statx(&dir, name, flags, StatxFlags::BASIC_STATS) {
            Err(why) if !name.is_empty() && is_of_server(why) => {
                return shut_mount(&dir, name).ok_or(why);
            }
            done => done?,
        };
        let tells = x.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT);
        let mount_root = if tells {
            x.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
        } else {
            is_other_mount(dir, name)?
        };
        Ok(Self {
            mount_root,
            ..Self::from_statx(&x)
        })
    }

    /// Stats an open file.
    pub(crate) fn of(fd: impl AsFd) -> Result<Self> {
        Self::at(fd, b"")
    }

    fn from_statx(x: &Statx) -> Self {
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
            mount_root: false,
            immutable: x.stx_attributes.contains(StatxAttributes::IMMUTABLE),
            append_only: x.stx_attributes.contains(StatxAttributes::APPEND),
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

    /// Whether nothing of a file can be seen to have changed since an earlier look but that it lost names.
    pub(crate) fn has_lost_links(&self, before: &Self) -> bool {
        let as_before = Self {
            ctime: before.ctime,
            ..*self
        };
        self.nlink < before.nlink && as_before.same_state(before)
    }

    /// The same of two looks at one name: where something is mounted, what that is and does is its own matter.
    pub(crate) fn held_still(&self, before: &Self) -> bool {
        let both_mounted = self.mount_root && before.mount_root;
        both_mounted || self.mount_root == before.mount_root && self.same_state(before)
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

/// Whether an error may be the word of whoever stands behind a mount.
fn is_of_server(why: Errno) -> bool {
    use Errno as E;
    matches!(
        why,
        E::ACCESS | E::NOTCONN | E::IO | E::STALE | E::TIMEDOUT | E::HOSTDOWN | E::CONNABORTED
    )
}

/// A mount of which nothing can be said, since its server is dead (sshfs) or lets another user alone look: whoever asks
/// for nothing still learns that something is mounted there. What the state says besides may be nothing, also of which
/// type it is.
fn shut_mount(dir: impl AsFd, name: &[u8]) -> Option<Stat> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
    let x = rustix::fs::statx(dir, name, flags, StatxFlags::empty()).ok()?;
    let mount_root = x.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
    mount_root.then(|| Stat {
        mount_root,
        ..Stat::from_statx(&x)
    })
}

/// When the inode of a name was made, where the file system says so; an empty name is the descriptor itself.
pub(crate) fn birth(dir: impl AsFd, name: &[u8]) -> Result<Option<Time>> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH | AtFlags::NO_AUTOMOUNT;
    let x = rustix::fs::statx(dir, name, flags, StatxFlags::BTIME)?;
    let told = StatxFlags::from_bits_retain(x.stx_mask).contains(StatxFlags::BTIME);
    Ok(told.then(|| time(x.stx_btime)))
}

fn time(time: StatxTimestamp) -> Time {
    Time {
        secs: time.tv_sec,
        nanos: time.tv_nsec,
    }
}

/// Whether a name, without following a link, lies on another mount than the directory that holds it. Kernels before
/// 5.8 do not tell it in `statx`; of an open file, `/proc` tells its mount. For a descriptor itself the directory
/// above counts, if it is a directory.
fn is_other_mount(dir: impl AsFd, name: &[u8]) -> Result<bool> {
    let here = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if !name.is_empty() {
        let there = rustix::fs::openat(&dir, name, here, Mode::empty())?;
        return Ok(mount_of(there)? != mount_of(dir)?);
    }
    match rustix::fs::openat(&dir, c"..", here | OFlags::DIRECTORY, Mode::empty()) {
        Ok(above) => Ok(mount_of(above)? != mount_of(dir)?),
        Err(Errno::NOTDIR) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What tells the mount on which an open file lies: its device, and its number where `/proc` is there and says it.
/// The device alone tells no bind mount of the same file system.
fn mount_of(fd: impl AsFd) -> Result<(u64, Option<u64>)> {
    let device = rustix::fs::fstat(&fd)?.st_dev;
    let path = format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd());
    let mut text = [0; 1024];
    let read = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .and_then(|file| rustix::io::read(file, &mut text));
    let text = str::from_utf8(&text[..read.unwrap_or(0)]).unwrap_or_default();
    let number = text.lines().find_map(|line| line.strip_prefix("mnt_id:"));
    Ok((device, number.and_then(|number| number.trim().parse().ok())))
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;

    fn open(path: &str) -> OwnedFd {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(path, flags, Mode::empty()).unwrap()
    }

    #[test]
    fn where_statx_does_not_tell_mounts_the_kernel_is_asked_otherwise() {
        let root = open("/");
        assert!(is_other_mount(&root, b"proc").unwrap());
        assert!(is_other_mount(open("/proc"), b"").unwrap());
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("dir")).unwrap();
        std::fs::write(dir.path().join("file"), b"").unwrap();
        std::os::unix::fs::symlink("/proc", dir.path().join("link")).unwrap();
        let here = open(dir.path().to_str().unwrap());
        for name in [&b"dir"[..], b"file", b"link"] {
            assert!(!is_other_mount(&here, name).unwrap(), "{name:?}");
        }
        assert!(!is_other_mount(&here, b"").unwrap());
        let file = std::fs::File::open(dir.path().join("file")).unwrap();
        assert!(!is_other_mount(file, b"").unwrap());
        assert_eq!(is_other_mount(&here, b"none"), Err(Errno::NOENT));
    }

    #[test]
    fn both_ways_to_ask_agree() {
        let root = open("/");
        for name in [&b"proc"[..], b"sys", b"dev", b"etc", b"tmp", b"usr"] {
            let Ok(stat) = Stat::at(&root, name) else {
                continue;
            };
            let other = is_other_mount(&root, name);
            assert_eq!(other, Ok(stat.mount_root), "{name:?}");
        }
    }
}
