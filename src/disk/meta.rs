//! Mode, owner, time and extended attributes: read them, and set them in the one order that keeps all of them.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, Gid, Mode, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags};
use rustix::io::{Errno, Result};

use super::error::{At, PathError};
use super::rooted::Rooted;
use crate::model::{Meta, Time};

/// Bits that give rights to whoever runs the file; restored only when asked for.
pub(crate) const SETID_BITS: u32 = 0o6000;

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

/// What of `meta` a restore sets: without the bits and attributes that give rights, unless `preserve_special`.
pub(crate) fn restorable(meta: &Meta, preserve_special: bool) -> Meta {
    let mut meta = meta.clone();
    if !preserve_special {
        meta.mode &= !SETID_BITS;
        meta.xattrs.retain(|(name, _)| !is_privileged(name));
    }
    meta
}

/// Sets all of `meta` on an open file of which `current` is the owner: owner, then mode (a change of owner clears setuid),
/// then attributes (so does a change of owner with capabilities), then time, which all others disturb.
pub(crate) fn apply(fd: impl AsFd, meta: &Meta, current: (u32, u32)) -> Result<()> {
    if current != (meta.uid, meta.gid) {
        rustix::fs::fchown(
            &fd,
            Some(Uid::from_raw(meta.uid)),
            Some(Gid::from_raw(meta.gid)),
        )?;
    }
    rustix::fs::fchmod(&fd, Mode::from_raw_mode(meta.mode))?;
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
    rustix::fs::futimens(&fd, &times(meta.mtime))
}

/// Changes a directory and leaves it as it is, if it is ours to change.
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
        rustix::fs::chownat(&dir, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    }
    rustix::fs::utimensat(&dir, name, &times(meta.mtime), AtFlags::SYMLINK_NOFOLLOW)
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
