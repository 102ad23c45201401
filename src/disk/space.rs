//! What a file system has left, asked before anything is written.

use rustix::fs::{StatVfs, StatVfsMountFlags};

use crate::model::Shown;

use super::error::{At, PathError};
use super::rooted::Rooted;

/// What a piece of work will write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Need {
    pub(crate) bytes: u64,
    pub(crate) inodes: u64,
}

/// With fewer bytes left an ordinary file may not fit. A copy that failed gives less than that back when it is removed.
const FULL_BELOW: u64 = 4 << 20;

/// There is not enough room.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{place}' has too little room: {need} {unit} needed, {free} free")]
pub struct TooLittle {
    place: String,
    unit: &'static str,
    need: u64,
    free: u64,
}

/// Compares a need with what this process may still use.
pub(crate) fn preflight(dir: &Rooted, need: Need) -> Result<Result<(), TooLittle>, PathError> {
    let fs = rustix::fs::fstatvfs(dir.fd()).at("ask for the free space of", dir.path())?;
    Ok(match lack(&fs, need) {
        None => Ok(()),
        Some((unit, need, free)) => Err(TooLittle {
            place: Shown::path(dir.path()).to_string(),
            unit,
            need,
            free,
        }),
    })
}

/// Of what there is too little: its unit, how much is needed, how much is free. File systems that count no blocks or
/// no inodes report none in all: those that a program provides (FUSE) need not count either.
fn lack(fs: &StatVfs, need: Need) -> Option<(&'static str, u64, u64)> {
    let bytes_free = bytes_free(fs);
    if fs.f_blocks > 0 && need.bytes > bytes_free {
        return Some(("bytes", need.bytes, bytes_free));
    }
    let lacks_inodes = fs.f_files > 0 && need.inodes > fs.f_favail;
    lacks_inodes.then_some(("inodes", need.inodes, fs.f_favail))
}

/// What this process may still write.
fn bytes_free(fs: &StatVfs) -> u64 {
    let blocks = if rustix::process::geteuid().is_root() {
        fs.f_bfree
    } else {
        fs.f_bavail
    };
    blocks.saturating_mul(fs.f_frsize)
}

/// How many bytes are free for whoever is not root on the file system of a directory; none where it does not say.
pub(crate) fn free_bytes(dir: &Rooted) -> Option<u64> {
    let fs = rustix::fs::fstatvfs(dir.fd()).ok()?;
    Some(fs.f_bavail.saturating_mul(fs.f_frsize))
}

/// Whether programs and libraries on the file system of a directory may be run (`noexec` of mount(8)).
pub(crate) fn may_execute(dir: &Rooted) -> Result<bool, PathError> {
    let fs = rustix::fs::fstatvfs(dir.fd()).at("ask for the mount options of", dir.path())?;
    Ok(!fs.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

/// Whether a file system has next to no room for this process, in bytes or in inodes. False where it does not tell,
/// and where nobody may write anyway: an image is full when it is made.
pub(crate) fn is_full(dir: &Rooted) -> bool {
    rustix::fs::fstatvfs(dir.fd()).is_ok_and(|fs| {
        let no_bytes = fs.f_blocks > 0 && bytes_free(&fs) < FULL_BELOW;
        let no_inodes = fs.f_files > 0 && fs.f_favail == 0;
        !fs.f_flag.contains(StatVfsMountFlags::RDONLY) && (no_bytes || no_inodes)
    })
}

/// What a file of `size` takes on disk, at the usual block of 4 KiB.
pub(crate) fn on_disk(size: u64) -> u64 {
    size.div_ceil(4096) * 4096
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_system_does_not_count_is_not_lacking() {
        let mut fs = rustix::fs::statvfs("/").unwrap();
        let need = Need {
            bytes: 4096,
            inodes: 10,
        };
        (fs.f_frsize, fs.f_files, fs.f_favail) = (4096, 0, 0);
        for (blocks, free, lacks) in [(0, 0, false), (100, 0, true), (100, 1, false)] {
            (fs.f_blocks, fs.f_bfree, fs.f_bavail) = (blocks, free, free);
            assert_eq!(lack(&fs, need).is_some(), lacks, "{blocks} {free}");
        }
        (fs.f_files, fs.f_favail) = (100, 9);
        assert_eq!(lack(&fs, need), Some(("inodes", 10, 9)));
    }
}
