//! How finely a file system tells change times. A file that changes twice within one tick of that clock shows no
//! trace of the second change, so a state that was seen so soon after a change proves nothing later.

use std::time::Duration;

use super::error::{At, PathError};
use super::file_system::{FileSystem, TMPFS};
use super::rooted::Rooted;
use super::stat::birth;

// File systems by the number that `statfs` gives (`linux/magic.h` and the sources of ZFS).
const EXT: u32 = 0xEF53;
const XFS: u32 = 0x5846_5342;
const BTRFS: u32 = 0x9123_683E;
const F2FS: u32 = 0xF2F5_2010;
const OVERLAY: u32 = 0x794C_7630;
const ZFS: u32 = 0x2FC1_2FC1;

/// Most file systems take times from a clock of the kernel that ticks every 1 to 10 ms; this is twice the longest.
const TICK: Duration = Duration::from_millis(20);
/// Small inodes of ext4, and some older file systems, keep whole seconds; FAT keeps every second one.
const SECONDS: Duration = Duration::from_secs(3);
/// Of other file systems nothing is known, and on a network the times come from another host's clock.
const UNKNOWN: Duration = Duration::from_hours(24);

/// How old a change must be, on the file system of a directory, before the file can change no more without a trace.
/// None where each change that anybody could have missed is told apart from the one before.
pub(crate) fn quiet_after(dir: &Rooted) -> Result<Option<Duration>, PathError> {
    let kind = FileSystem::of(dir)?.kind;
    let large_inodes = birth(dir.fd(), b"").at("stat", dir.path())?.is_some();
    let release = rustix::system::uname();
    let fine_kernel = is_fine(release.release().to_str().unwrap_or_default());
    Ok(granularity(kind, large_inodes, fine_kernel))
}

/// Since 6.13 a kernel gives a time of its own to each change of a file that somebody looked at before, where the
/// file system takes part.
fn is_fine(release: &str) -> bool {
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|part| part.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 13)
}

fn granularity(magic: u32, large_inodes: bool, fine_kernel: bool) -> Option<Duration> {
    match magic {
        EXT if !large_inodes => Some(SECONDS),
        EXT | XFS | BTRFS | TMPFS => (!fine_kernel).then_some(TICK),
        // An overlay tells the times of what lies below it, whatever that is.
        F2FS | OVERLAY | ZFS => Some(SECONDS),
        _ => Some(UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_file_systems_that_take_part_on_a_kernel_that_can_are_fine() {
        for magic in [EXT, XFS, BTRFS, TMPFS] {
            assert_eq!(granularity(magic, true, true), None);
            assert_eq!(granularity(magic, true, false), Some(TICK));
        }
        assert_eq!(granularity(EXT, false, true), Some(SECONDS));
        assert_eq!(granularity(OVERLAY, true, true), Some(SECONDS));
        // NFS, FUSE, and what is not known.
        for magic in [0x6969, 0x6573_5546, 1] {
            assert_eq!(granularity(magic, true, true), Some(UNKNOWN));
        }
    }

    #[test]
    fn a_release_is_read_by_its_numbers() {
        for (release, fine) in [
            ("6.13.0", true),
            ("6.18.44-fc-v669", true),
            ("7.0-rc1", true),
            ("6.12.99", false),
            ("5.15.0-1-amd64", false),
            ("", false),
        ] {
            assert_eq!(is_fine(release), fine, "{release}");
        }
    }
}
