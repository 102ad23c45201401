//! Reads content in pieces and says what it was: length, checksum, hash, whether there was anything but NUL.

use std::io::{self, BufReader, Read};

use flate2::Crc;
use flate2::bufread::MultiGzDecoder;
use sha2::digest::DynDigest;

use super::entry::{Fault, FaultKind};
use super::record::Row;
use super::window::Window;
use crate::monitor::Monitor;
use crate::python::dist::{Hash, Sum};

/// Bytes that are read at a time.
const PIECE_LEN: usize = 128 << 10;

/// What was read.
pub(super) struct Tally {
    pub(super) size: u64,
    crc: Crc,
    all_zero: bool,
    hash: Option<Vec<u8>>,
}

impl Tally {
    /// Reads at most `limit` bytes. With a sum, the hash of that kind is made; with `crc`, the checksum.
    pub(super) fn read(
        reader: &mut dyn Read,
        limit: u64,
        like: Option<&Sum>,
        crc: bool,
        monitor: &dyn Monitor,
    ) -> io::Result<Self> {
        let mut hasher: Option<Box<dyn DynDigest>> = like.map(|sum| sum.algorithm().hasher());
        let mut tally = Self {
            size: 0,
            crc: Crc::new(),
            all_zero: true,
            hash: None,
        };
        let mut buffer = vec![0; PIECE_LEN];
        while tally.size < limit {
            let part = PIECE_LEN.min(usize::try_from(limit - tally.size).unwrap_or(PIECE_LEN));
            let read = match reader.read(&mut buffer[..part]) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if monitor.cancelled() {
                return Err(stopped());
            }
            let piece = &buffer[..read];
            tally.all_zero = tally.all_zero && piece.iter().all(|byte| *byte == 0);
            if crc {
                tally.crc.update(piece);
            }
            if let Some(hasher) = &mut hasher {
                hasher.update(piece);
            }
            tally.size += read as u64;
        }
        tally.hash = hasher.map(|hasher| hasher.finalize().to_vec());
        Ok(tally)
    }

    /// The CRC-32.
    pub(super) fn crc(&self) -> u32 {
        self.crc.sum()
    }

    /// The hash that was made.
    pub(super) fn hash(&self) -> Option<&[u8]> {
        self.hash.as_deref()
    }

    /// Whether the hash that was made is this one.
    pub(super) fn is(&self, sum: &Sum) -> bool {
        self.hash.as_deref() == Some(sum.as_bytes())
    }

    /// Whether there were bytes, and all were NUL.
    pub(super) fn is_zero_filled(&self) -> bool {
        self.size > 0 && self.all_zero
    }

    /// What of a file is not as its row says.
    pub(super) fn against(&self, row: &Row, member: &[u8]) -> Option<Fault> {
        let other_size = row.size.is_some_and(|size| size != self.size);
        let other_hash = matches!(&row.hash, Hash::Known(sum) if !self.is(sum));
        if !other_size && !other_hash {
            return None;
        }
        let kind = match row.size {
            _ if self.size == 0 => FaultKind::Emptied,
            _ if self.is_zero_filled() => FaultKind::ZeroFilled,
            Some(size) if self.size < size => FaultKind::Truncated,
            _ => FaultKind::Altered,
        };
        Some(Fault::of_member(kind, member).sized(row.size, self.size))
    }
}

/// Whether a gzip is whole to its end (RFC 1952: each member has a checksum and a length); what is unpacked is thrown
/// away.
pub(super) fn is_whole_gzip(window: &Window<'_>, monitor: &dyn Monitor) -> io::Result<bool> {
    let mut plain = MultiGzDecoder::new(BufReader::with_capacity(PIECE_LEN, window.again()));
    match Tally::read(&mut plain, u64::MAX, None, false, monitor) {
        Ok(_) => Ok(true),
        Err(error) if is_of_system(&error) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Whether an error says that something could not be read, and not that it makes no sense.
pub(super) fn is_of_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some() || is_stop(error)
}

/// The error of a reader that was told to stop.
pub(super) fn stopped() -> io::Error {
    io::Error::other(Stop)
}

fn is_stop(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(|inner| inner.downcast_ref::<Stop>().is_some())
}

#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Stop;
