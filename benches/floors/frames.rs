//! Contents in frames of about 1 MiB, compressed and decoded on every core.

use std::cell::RefCell;
use std::io::Result;

use zstd::bulk::{Compressor, Decompressor};

const FRAME_LEN: usize = 1 << 20;
/// No piece of a large file is longer.
pub(crate) const PIECE_LEN: usize = 4 << 20;
const LEVEL: i32 = 3;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Runs of neighbours of about a frame's length, by the lengths of all in order.
pub(crate) fn runs(lens: impl Iterator<Item = usize>) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut end, mut bytes) = (0, 0, 0);
    for len in lens {
        bytes += len;
        end += 1;
        if bytes >= FRAME_LEN {
            runs.push(start..end);
            (start, bytes) = (end, 0);
        }
    }
    if start < end {
        runs.push(start..end);
    }
    runs
}

/// Compresses one frame.
pub(crate) fn compress(raw: &[u8]) -> Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(Compressor::new(LEVEL)?),
        };
        compressor.compress(raw)
    })
}

/// Decodes one frame.
pub(crate) fn decode(frame: &[u8]) -> Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => slot.insert(Decompressor::new()?),
        };
        decompressor.decompress(frame, PIECE_LEN * 2)
    })
}
