//! Whether a file system knows symbolic links: FAT and exFAT do not.

use std::os::fd::AsFd;

use rustix::io::Errno;

use super::rooted::Rooted;
use super::trial::{Kind, Trial};
use crate::model::Meta;

/// The file systems that know none, and those in user space, which may be any, by the number that `statfs` gives
/// (`linux/magic.h`).
const MSDOS: u32 = 0x4D44;
const EXFAT: u32 = 0x2011_BAB0;
const FUSE: u32 = 0x6573_5546;

/// Whether a directory can hold symbolic links, as far as that is to be found out. Only in one of a file system in user
/// space a link is made, which goes again.
pub(crate) fn are_known(dir: &Rooted) -> bool {
    match rustix::fs::fstatfs(dir.fd().as_fd()).map(|fs| fs.f_type as u32) {
        Ok(MSDOS | EXFAT) => false,
        Ok(FUSE) => {
            let unknown = [Errno::NOSYS, Errno::OPNOTSUPP, Errno::PERM];
            let unknown = unknown.map(|errno| Some(errno.raw_os_error()));
            match Trial::new(dir, Kind::Link, &Meta::default()) {
                Ok(trial) => drop(trial.end()),
                Err(error) if unknown.contains(&error.source.raw_os_error()) => return false,
                // Something else keeps us from making it, and from what comes next as well.
                Err(_) => {}
            }
            true
        }
        _ => true,
    }
}
