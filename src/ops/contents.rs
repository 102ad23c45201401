//! Both contents of a file that differs, read piece by piece: how they differ.

use std::os::unix::ffi::OsStrExt;
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
    /// How the actual content differs from the expected one.
    pub(super) fn kind(&self, detail: &mut Detail) -> Result<Kind, Error> {
        let Some(first) = self.first_difference()? else {
            // One is a true beginning of the other.
            if self.actual_size < self.size {
                detail.content = Some(ContentDifference::KeptBytes(self.actual_size));
                return Ok(Kind::Truncated);
            }
            detail.content = Some(ContentDifference::First(self.size));
            return Ok(Kind::Altered);
        };
        if self.is_zero_from(first)? {
            detail.content = Some(ContentDifference::NulFrom(first));
            return Ok(Kind::ZeroFilled);
        }
        detail.content = Some(ContentDifference::First(first));
        Ok(Kind::Altered)
    }

    /// Whether the actual content may be more than merely altered: only what is shorter can be cut, and only what ends
    /// with NUL can have a NUL tail.
    pub(super) fn may_be_cut(&self) -> bool {
        let Actual::Live(file) = &self.actual else {
            return true;
        };
        let mut last = [0];
        let at = self.actual_size.saturating_sub(1);
        let read = std::os::unix::fs::FileExt::read_at(file, &mut last, at);
        self.actual_size < self.size || matches!(read, Ok(1)) && last == [0]
    }

    /// The first byte in which both differ, as far as both go.
    fn first_difference(&self) -> Result<Option<u64>, Error> {
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

    fn is_zero_from(&self, first: u64) -> Result<bool, Error> {
        for number in first / Store::PIECE_LEN..self.actual_size.div_ceil(Store::PIECE_LEN) {
            let piece = self.actual_piece(number)?;
            let skip = first.saturating_sub(number * Store::PIECE_LEN) as usize;
            if piece.iter().skip(skip).any(|&b| b != 0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn actual_piece(&self, number: u64) -> Result<Vec<u8>, Error> {
        match &self.actual {
            Actual::Stored(digest) => Ok(self.store.objects.read_piece(digest, number)?),
            Actual::Live(file) => {
                let offset = number * Store::PIECE_LEN;
                let len = self
                    .actual_size
                    .saturating_sub(offset)
                    .min(Store::PIECE_LEN);
                let mut bytes = vec![0; len as usize];
                let mut done = 0;
                while done < bytes.len() {
                    match std::os::unix::fs::FileExt::read_at(
                        file,
                        &mut bytes[done..],
                        offset + done as u64,
                    ) {
                        Ok(0) | Err(_) => break,
                        Ok(n) => done += n,
                    }
                }
                bytes.truncate(done);
                Ok(bytes)
            }
        }
    }
}

/// The bytes of a path.
pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}
