//! Whether a file system knows symbolic links and shows them: FAT and exFAT know none, and sshfs hides some.

use rustix::io::Errno;

use super::error::PathError;
use super::file_system::{FUSE, FileSystem};
use super::rooted::Rooted;
use super::trial::{Kind, Trial};
use crate::model::Meta;

// The file systems that know none, by the number that `statfs` gives (`linux/magic.h`).
const MSDOS: u32 = 0x4D44;
const EXFAT: u32 = 0x2011_BAB0;

/// What becomes of symbolic links in a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Links {
    /// They stand and can be read.
    Known,
    /// None can be made.
    Unknown,
    /// Those with an absolute path can be made, and be read by nobody (sshfs with `contain_symlinks`).
    Hidden,
}

/// What becomes of symbolic links in a directory, as far as that is to be found out. Only in one of a file system in
/// user space a link is made, which goes again.
pub(crate) fn tried(dir: &Rooted) -> Links {
    match FileSystem::of(dir).map(|one| one.kind) {
        Ok(MSDOS | EXFAT) => return Links::Unknown,
        Ok(FUSE) => {}
        _ => return Links::Known,
    }
    match Trial::new(dir, Kind::Link, &Meta::default()) {
        Ok(trial) if trial.hides_link() => Links::Hidden,
        Err(error) if is_unknown(&error) => Links::Unknown,
        // Something else keeps us from making it, and from what comes next as well.
        Ok(_) | Err(_) => Links::Known,
    }
}

fn is_unknown(error: &PathError) -> bool {
    let unknown = [Errno::NOSYS, Errno::OPNOTSUPP, Errno::PERM];
    let unknown = unknown.map(|errno| Some(errno.raw_os_error()));
    unknown.contains(&error.source.raw_os_error())
}
