//! Mode, owner, time and extended attributes: read them, and set them in the one order that keeps all of them.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, Gid, Mode, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags};
use rustix::io::{Errno, Result};

use super::error::{At, PathError};
use super::rooted::Rooted;
use super::stat::Stat;
use crate::model::{Entry, Meta, Node, Time};

/// Bits that give rights to whoever runs the file; restored only when asked for.
pub(crate) const SETID_BITS: u32 = 0o6000;
/// The bit of a directory by which what is made in it gets its group.
pub(crate) const SETGID: u32 = 0o2000;

/// Reads all extended attributes of an open file, sorted by name. A file system without them has none.
pub(crate) fn read_xattrs(fd: impl AsFd) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut names = [0_u8; 1024];
    let listed = match rustix::fs::flistxattr(&fd, &mut names) {
        Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
        Ok(len) => names[..len].to_vec(),
        Err(Errno::RANGE) => {
            let mut long = vec![0_u8; 64 * 1024];
            let len = rustix::fs::flistxattr(&fd, &mut long)?;
            long.truncate(len);
            long
        }
        Err(error) => return Err(error),
    };
    let mut xattrs = Vec::new();
    for name in listed.split(|&b| b == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0_u8; 64 * 1024];
        match rustix::fs::fgetxattr(&fd, name, &mut value) {
            Ok(len) => value.truncate(len),
            Err(Errno::NODATA) => continue,
            Err(error) => return Err(error),
        }
        value.shrink_to_fit();
        xattrs.push((name.to_vec(), value));
    }
    xattrs.sort_unstable();
    Ok(xattrs)
}

/// Whether an attribute gives rights (file capabilities, integrity seals): recorded, not restored unless asked for.
pub(crate) fn is_privileged(name: &[u8]) -> bool {
    matches!(
        name,
        b"security.capability" | b"security.ima" | b"security.evm"
    )
}

/// What of an entry's attributes a restore sets: without the bits and attributes that give rights, unless
/// `preserve_special`. The set-group-id bit of a directory gives none: it says which group new files in it get.
pub(crate) fn restorable(entry: &Entry, preserve_special: bool) -> Meta {
    let mut meta = entry.meta.clone();
    if !preserve_special {
        if entry.node != Node::Dir {
            meta.mode &= !SETID_BITS;
        }
        meta.xattrs.retain(|(name, _)| !is_privileged(name));
    }
    meta
}

/// Takes away what a new inode got from the directory above it: its access list, and the one that it would hand on.
/// The labels of security modules stay, which are the policy's.
pub(crate) fn drop_inherited(fd: impl AsFd, keep: &Meta) -> Result<()> {
    for name in [&b"system.posix_acl_default"[..], b"system.posix_acl_access"] {
        if keep.xattrs.iter().any(|(kept, _)| kept == name) {
            continue;
        }
        match rustix::fs::fremovexattr(&fd, name) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP | Errno::INVAL) => {}
            // Only directories have one of these, and some file systems say so.
            Err(Errno::ACCESS | Errno::PERM) if name.ends_with(b"default") => {}
            // Others refuse whatever is asked of attributes; then there is mostly none.
            Err(Errno::ACCESS | Errno::PERM)
                if !read_xattrs(&fd)?.iter().any(|(held, _)| held == name) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sets all of `meta` on an open file of which `current` is the owner: owner, then mode (a change of owner clears
/// setuid), then attributes (so does a change of owner with capabilities), then time, which all others disturb.
pub(crate) fn apply(fd: impl AsFd, meta: &Meta, current: (u32, u32)) -> Result<()> {
    if current != (meta.uid, meta.gid) {
        let (uid, gid) = (Uid::from_raw(meta.uid), Gid::from_raw(meta.gid));
        let owned = |stat: Stat| (stat.uid, stat.gid) == (meta.uid, meta.gid);
        unless(rustix::fs::fchown(&fd, Some(uid), Some(gid)), || {
            Stat::of(&fd).is_ok_and(owned)
        })?;
    }
    let moded = || Stat::of(&fd).is_ok_and(|stat| stat.meta().mode == meta.mode);
    // Whoever is not of the group loses the set-group-id bit by setting any mode, also the one that is there.
    if meta.mode & SETGID == 0 || !moded() {
        let mode = Mode::from_raw_mode(meta.mode);
        unless(rustix::fs::fchmod(&fd, mode), moded)?;
    }
    for (name, value) in &meta.xattrs {
        match rustix::fs::fsetxattr(&fd, name.as_slice(), value, XattrFlags::empty()) {
            // The label of a file is up to the policy of this host, which may refuse or not know it.
            Err(Errno::NOTSUP | Errno::PERM | Errno::ACCESS | Errno::INVAL)
                if Meta::is_label(name) => {}
            // The comparison afterwards tells of these.
            Err(Errno::NOTSUP | Errno::PERM)
                if name.starts_with(b"security.") || name.starts_with(b"trusted.") => {}
            done => done?,
        }
    }
    refusable(set_times(&fd, meta.mtime))
}

/// Lets a refusal pass where what was wanted is so already.
pub(crate) fn unless(done: Result<()>, is_so: impl FnOnce() -> bool) -> Result<()> {
    match done {
        Err(error) if is_refusal(error) && is_so() => Ok(()),
        done => done,
    }
}

/// Lets a refusal of the file system pass where the comparison afterwards tells of it.
fn refusable(done: Result<()>) -> Result<()> {
    match done {
        Err(error) if is_refusal(error) => Ok(()),
        done => done,
    }
}

/// Whether an error says that a file system does not have what was asked for, rather than that this one call failed.
/// Of what this process made itself, servers behind a mount (sshfs, NFS) say that access is denied.
pub(crate) fn is_refusal(error: Errno) -> bool {
    matches!(
        error,
        Errno::NOTSUP | Errno::NOSYS | Errno::PERM | Errno::ACCESS | Errno::INVAL
    )
}

/// Sets the modification time. Some file systems in user space take both times or none, and say nothing: what stands
/// there then may be another time of the same second.
pub(crate) fn set_times(fd: impl AsFd, mtime: Time) -> Result<()> {
    rustix::fs::futimens(&fd, &times(mtime))?;
    if Stat::of(&fd)?.mtime != mtime {
        rustix::fs::futimens(&fd, &both_times(mtime))?;
    }
    Ok(())
}

/// The same of a symbolic link.
pub(crate) fn set_link_time(dir: impl AsFd, name: &[u8], mtime: Time) -> Result<()> {
    let set = |times| rustix::fs::utimensat(&dir, name, &times, AtFlags::SYMLINK_NOFOLLOW);
    set(times(mtime))?;
    if Stat::at(&dir, name)?.mtime != mtime {
        set(both_times(mtime))?;
    }
    Ok(())
}

/// Does what [`apply`] does for a file that was just made, and has the owner, group and access list that its
/// directory gave it.
pub(crate) fn apply_to_new(fd: impl AsFd, meta: &Meta) -> Result<()> {
    let stat = Stat::of(&fd)?;
    let inherits = rustix::fs::flistxattr(&fd, &mut [0_u8; 0]).is_ok_and(|len| len > 0);
    if inherits {
        drop_inherited(&fd, meta)?;
    }
    apply(fd, meta, (stat.uid, stat.gid))
}

/// Changes the attributes of a directory to what they are: a change to the kernel, and none to anybody else. Passes
/// where this process may not.
pub(crate) fn touch(dir: &Rooted) -> std::result::Result<(), PathError> {
    let mode = Mode::from_raw_mode(dir.stat()?.meta().mode);
    match rustix::fs::fchmod(dir.fd(), mode) {
        Ok(()) | Err(Errno::PERM) => Ok(()),
        Err(error) => Err(error).at("set the attributes of", dir.path()),
    }
}

/// Sets owner and time of a symbolic link, which has no mode.
pub(crate) fn apply_to_link(
    dir: impl AsFd,
    name: &[u8],
    meta: &Meta,
    current: (u32, u32),
) -> Result<()> {
    if current != (meta.uid, meta.gid) {
        let (uid, gid) = (Uid::from_raw(meta.uid), Gid::from_raw(meta.gid));
        let done = rustix::fs::chownat(&dir, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW);
        let owned = |stat: Stat| (stat.uid, stat.gid) == (meta.uid, meta.gid);
        unless(done, || Stat::at(&dir, name).is_ok_and(owned))?;
    }
    refusable(set_link_time(&dir, name, meta.mtime))
}

fn both_times(mtime: Time) -> Timestamps {
    let last_modification = times(mtime).last_modification;
    Timestamps {
        last_access: last_modification,
        last_modification,
    }
}

fn times(mtime: Time) -> Timestamps {
    Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: mtime.secs,
            tv_nsec: mtime.nanos.into(),
        },
    }
}
