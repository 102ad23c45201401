//! A rename that replaces nothing, also where kernel, file system or sandbox do not know the flag for it.

use std::os::fd::BorrowedFd;

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::{Errno, Result};

use super::stat::Stat;

/// What a call says whose flags are not known here: the file system, the kernel, and sandboxes.
pub(crate) fn is_unknown(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::PERM)
}

/// Moves a name to another that must be free, or fails with `EEXIST`. Without the flag a file is linked, which never
/// replaces anything either; a directory is moved after a look.
pub(crate) fn rename_new(
    from: BorrowedFd<'_>,
    old: &[u8],
    to: BorrowedFd<'_>,
    new: &[u8],
) -> Result<()> {
    match rustix::fs::renameat_with(from, old, to, new, RenameFlags::NOREPLACE) {
        Err(error) if is_unknown(error) => {}
        done => return done,
    }
    if !Stat::at(from, old)?.is_dir() {
        match rustix::fs::linkat(from, old, to, new, AtFlags::empty()) {
            Ok(()) => return rustix::fs::unlinkat(from, old, AtFlags::empty()),
            Err(Errno::EXIST) => return Err(Errno::EXIST),
            // Not every file system has hard links.
            Err(_) => {}
        }
    }
    match Stat::at(to, new) {
        Err(Errno::NOENT) => rustix::fs::renameat(from, old, to, new),
        Err(error) => Err(error),
        Ok(_) => Err(Errno::EXIST),
    }
}
