//! Kinds of damage, each with the word by which it must be named.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::venv::set_mtime;

/// Something that goes wrong with one file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Damage {
    Delete,
    Empty,
    Truncate,
    ZeroTail,
    AlterKeepingTime,
    Append,
    Chmod,
    Chown,
    BecomeDirectory,
    BecomeLink,
    Touch,
}

impl Damage {
    pub(crate) const ALL: [Self; 11] = [
        Self::Delete,
        Self::Empty,
        Self::Truncate,
        Self::ZeroTail,
        Self::AlterKeepingTime,
        Self::Append,
        Self::Chmod,
        Self::Chown,
        Self::BecomeDirectory,
        Self::BecomeLink,
        Self::Touch,
    ];

    /// How `diff` must call it.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Delete => "missing",
            Self::Empty => "emptied",
            Self::Truncate => "truncated",
            Self::ZeroTail => "zero-filled",
            Self::AlterKeepingTime | Self::Append => "altered",
            Self::Chmod => "mode",
            Self::Chown => "owner",
            Self::BecomeDirectory | Self::BecomeLink => "type",
            Self::Touch => "mtime",
        }
    }

    /// Does it to a regular file of at least 20 bytes.
    pub(crate) fn apply(self, path: &Path) {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::symlink_metadata(path).unwrap();
        let mut content = fs::read(path).unwrap();
        let half = content.len() / 2;
        match self {
            Self::Delete => fs::remove_file(path).unwrap(),
            Self::Empty => fs::write(path, b"").unwrap(),
            Self::Truncate => fs::write(path, &content[..half]).unwrap(),
            Self::ZeroTail => {
                content[half..].fill(0);
                fs::write(path, content).unwrap();
            }
            Self::AlterKeepingTime => {
                content[half] ^= 0x20;
                fs::write(path, content).unwrap();
                set_mtime(path, meta.mtime(), meta.mtime_nsec());
            }
            Self::Append => {
                content.extend_from_slice(b"# more\n");
                fs::write(path, content).unwrap();
            }
            Self::Chmod => fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap(),
            Self::Chown => std::os::unix::fs::chown(path, Some(12345), Some(12345)).unwrap(),
            Self::BecomeDirectory => {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
                fs::write(path.join("inside"), b"x").unwrap();
            }
            Self::BecomeLink => {
                fs::remove_file(path).unwrap();
                symlink("nowhere", path).unwrap();
            }
            Self::Touch => set_mtime(path, meta.mtime() + 5, 0),
        }
    }
}
