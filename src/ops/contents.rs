//! Both contents of a file that differs, read piece by piece: how they differ.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::error::Error;
use crate::model::{ContentDifference, Detail, Digest, Kind};
use crate::store::Store;

/// Files of an installer that are larger than this are not looked into.
pub(super) const TEXT_MAX: u64 = 64 << 20;

/// The actual content of a file.
pub(super) enum Actual {
    Live(std::fs::File),
    Stored(Digest),
}

/// Both contents of a file that differs, read piece by piece.
pub(super) struct Contents<'a> {
    pub(super) store: &'a Store,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) actual: Actual,
    pub(super) actual_size: u64,
}

impl Contents<'_> {
    /// How the actual content differs from the expected one. Of a live file that cannot be read once more as it was
    /// scanned, no more is said than that it is altered.
    pub(super) fn kind(&self, detail: &mut Detail) -> Result<Kind, Error> {
        let how = match self.difference() {
            Ok(how) => how,
            Err(Unread::Live) => return Ok(Kind::Altered),
            Err(Unread::Stored(error)) => return Err(error.into()),
        };
        detail.content = Some(how);
        Ok(match how {
            ContentDifference::KeptBytes(_) => Kind::Truncated,
            ContentDifference::NulFrom(_) => Kind::ZeroFilled,
            ContentDifference::First(_) => Kind::Altered,
        })
    }

    fn difference(&self) -> Result<ContentDifference, Unread> {
        let Some(first) = self.first_difference()? else {
            // One is a true beginning of the other.
            return Ok(if self.actual_size < self.size {
                ContentDifference::KeptBytes(self.actual_size)
            } else {
                ContentDifference::First(self.size)
            });
        };
        Ok(if self.is_zero_from(first)? {
            ContentDifference::NulFrom(first)
        } else {
            ContentDifference::First(first)
        })
    }

    /// Whether the actual content may be more than merely altered: only what is shorter can be cut, and only what ends
    /// with NUL can have a NUL tail.
    pub(super) fn may_be_cut(&self) -> bool {
        let Actual::Live(file) = &self.actual else {
            return true;
        };
        let mut last = [0];
        let at = self.actual_size.saturating_sub(1);
        let read = file.read_at(&mut last, at);
        self.actual_size < self.size || matches!(read, Ok(1)) && last == [0]
    }

    /// The first byte in which both differ, as far as both go.
    fn first_difference(&self) -> Result<Option<u64>, Unread> {
        let common = self.size.min(self.actual_size);
        for number in 0..common.div_ceil(Store::PIECE_LEN) {
            let (a, b) = (
                self.store.objects.read_piece(&self.digest, number)?,
                self.actual_piece(number)?,
            );
            if let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) {
                return Ok(Some(number * Store::PIECE_LEN + at as u64));
            }
        }
        Ok(None)
    }

    fn is_zero_from(&self, first: u64) -> Result<bool, Unread> {
        for number in first / Store::PIECE_LEN..self.actual_size.div_ceil(Store::PIECE_LEN) {
            let piece = self.actual_piece(number)?;
            let skip = first.saturating_sub(number * Store::PIECE_LEN) as usize;
            if piece.iter().skip(skip).any(|&b| b != 0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn actual_piece(&self, number: u64) -> Result<Vec<u8>, Unread> {
        let file = match &self.actual {
            Actual::Stored(digest) => return Ok(self.store.objects.read_piece(digest, number)?),
            Actual::Live(file) => file,
        };
        let offset = number * Store::PIECE_LEN;
        let rest = self.actual_size.saturating_sub(offset);
        let mut bytes = vec![0; rest.min(Store::PIECE_LEN) as usize];
        file.read_exact_at(&mut bytes, offset)
            .map_err(|_| Unread::Live)?;
        Ok(bytes)
    }
}

/// Why a content could not be read.
enum Unread {
    /// The live file is shorter by now, or its disk fails.
    Live,
    Stored(crate::store::Error),
}

impl From<crate::store::Error> for Unread {
    fn from(error: crate::store::Error) -> Self {
        Self::Stored(error)
    }
}

/// The bytes of a path.
pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::monitor::Silent;

    #[test]
    fn a_file_that_got_shorter_since_it_was_scanned_is_altered_and_no_more_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let (place, monitor) = (dir.path().join("store"), Silent::default());
        Store::create_dir(&place, Duration::ZERO, &monitor).unwrap();
        let store = Store::open_dir(&place, Duration::ZERO, &monitor).unwrap();
        let saved = b"0123456789";
        let packer = store.packer(&monitor).unwrap();
        packer
            .add_files([(Digest::of(saved), saved.to_vec())])
            .unwrap();
        packer.finish().unwrap();
        let live = dir.path().join("live");
        let kind = |bytes: &[u8], actual_size| {
            std::fs::write(&live, bytes).unwrap();
            let contents = Contents {
                store: &store,
                digest: Digest::of(saved),
                size: saved.len() as u64,
                actual: Actual::Live(std::fs::File::open(&live).unwrap()),
                actual_size,
            };
            let mut detail = Detail::default();
            (contents.kind(&mut detail).unwrap(), detail.content)
        };
        let kept = ContentDifference::KeptBytes(5);
        assert_eq!(kind(b"01234", 5), (Kind::Truncated, Some(kept)));
        let zeros = ContentDifference::NulFrom(5);
        assert_eq!(kind(b"01234\0\0", 7), (Kind::ZeroFilled, Some(zeros)));
        // A cut of which the second look sees less is no cut, and zeros that it does not see are none.
        assert_eq!(kind(b"012", 5), (Kind::Altered, None));
        assert_eq!(kind(b"01234", 7), (Kind::Altered, None));
    }
}
