//! What names a directory through renames.

use serde::{Deserialize, Serialize};

use crate::disk::error::{At, PathError};
use crate::disk::rooted::{Rooted, os};
use crate::disk::stat::{Stat, birth};

/// An inode, as a name for a directory that keeps through renames. It has no device, whose number changes from mount to
/// mount; both trees of a swap stand in one directory, and so on one device. The number of an inode that was removed is
/// given out again, so the time at which it was made belongs to the name, where the file system tells it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Inode {
    ino: u64,
    /// Seconds and nanoseconds.
    #[serde(default)]
    born: Option<(i64, u32)>,
}

impl Inode {
    /// An open directory.
    pub(crate) fn of(dir: &Rooted) -> Result<Self, PathError> {
        Self::named(dir, b"", &dir.stat()?)
    }

    /// What a name means now, if anything.
    pub(crate) fn at(dir: &Rooted, name: &[u8]) -> Result<Option<Self>, PathError> {
        let stat = dir.stat_name(name)?;
        stat.map(|stat| Self::named(dir, name, &stat)).transpose()
    }

    fn named(dir: &Rooted, name: &[u8], stat: &Stat) -> Result<Self, PathError> {
        let born = birth(dir.fd(), name).at_with("stat", || dir.path().join(os(name)))?;
        Ok(Self {
            ino: stat.ino,
            born: born.map(|time| (time.secs, time.nanos)),
        })
    }

    /// Whether both name one directory. A time of birth that one of them does not know counts for nothing.
    pub(crate) fn is(self, other: Self) -> bool {
        let born = self.born.zip(other.born);
        self.ino == other.ino && born.is_none_or(|(mine, other)| mine == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_given_out_again_is_another_directory() {
        let inode = |ino, born| Inode { ino, born };
        let first = inode(7, Some((100, 5)));
        assert!(first.is(inode(7, Some((100, 5)))));
        assert!(!first.is(inode(7, Some((100, 6)))));
        assert!(!first.is(inode(8, Some((100, 5)))));
        // A file system, or a journal, that knows no birth.
        assert!(first.is(inode(7, None)) && inode(7, None).is(first));
    }
}
