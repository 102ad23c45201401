//! Whether a directory lies on a network file system, where locks, syncs and shared memory are only as good as the
//! server.

use super::error::PathError;
use super::file_system::FileSystem;
use super::rooted::Rooted;

/// The name of the network file system that holds a directory; none for a local one.
pub(crate) fn network(dir: &Rooted) -> Result<Option<&'static str>, PathError> {
    Ok(name(FileSystem::of(dir)?.kind))
}

/// File systems by the number that `statfs` gives (`linux/magic.h` and the sources of each).
fn name(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0xFF53_4D42 | 0xFE53_4D42 | 0x517B => "SMB",
        0x0102_1997 => "9p",
        0x00C3_6400 => "Ceph",
        0x5346_414F => "AFS",
        0x7375_7245 => "Coda",
        0x0BD0_0BD0 => "Lustre",
        0x4750_4653 => "GPFS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nfs_is_a_network_and_ext4_and_tmpfs_are_not() {
        assert_eq!(name(0x6969), Some("NFS"));
        assert_eq!(name(0xEF53), None);
        assert_eq!(name(0x0102_1994), None);
        let here = Rooted::open(std::path::Path::new("/")).unwrap();
        assert_eq!(network(&here).unwrap(), None);
    }
}
