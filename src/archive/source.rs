//! The plain bytes of a tar, whether it comes compressed or not.

use super::error::{Error, RefusedTar};
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

/// How much longer than its compressed form a tar may be. A venv comes to about 4; only bombs go beyond this, and files
/// that are empty but for zeros.
const RATIO_MAX: u64 = 200;
/// What is allowed besides, so that few compressed bytes may still be headers and one file of zeros.
const SLACK_BYTES: u64 = 64 << 20;
/// The window of zstd's `--long` and `--ultra`; a larger one takes too much memory.
const WINDOW_LOG_MAX: u32 = 27;
const BUFFER_LEN: usize = 256 << 10;

/// What a tar may come to whatever its compressed length is, which may be said while it is read.
#[derive(Clone, Default)]
pub(crate) struct Promised(Rc<Cell<u64>>);

impl Promised {
    /// Lets it come to so many bytes more than any tar may.
    pub(crate) fn let_be(&self, bytes: u64) {
        self.0.set(bytes);
    }
}

/// Finds out by its first bytes how a tar is compressed, and gives its plain bytes.
pub(crate) fn plain<'a>(
    mut from: impl Read + 'a,
    promised: &Promised,
) -> Result<Box<dyn Read + 'a>, Error> {
    let mut head = Vec::new();
    (&mut from).take(6).read_to_end(&mut head)?;
    let taken = Rc::new(Cell::new(0));
    let counted = Counted {
        from: Cursor::new(head.clone()).chain(from),
        taken: Rc::clone(&taken),
    };
    let from = BufReader::with_capacity(BUFFER_LEN, counted);
    let unpacked: Box<dyn Read + 'a> = match head[..] {
        // A frame, or one that is to be skipped, as parallel compressors write first.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => unzstd(from)?,
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(from)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => return Err(RefusedTar::Compressed("xz").into()),
        [b'B', b'Z', b'h', ..] => return Err(RefusedTar::Compressed("bzip2").into()),
        [b'P', b'K', 3, 4, ..] => return Err(RefusedTar::Zip.into()),
        _ => return Ok(Box::new(from)),
    };
    Ok(Box::new(Capped {
        from: BufReader::with_capacity(BUFFER_LEN, unpacked),
        given: 0,
        taken,
        promised: promised.clone(),
    }))
}

fn unzstd<'a>(from: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>, Error> {
    let mut decoder = zstd::Decoder::with_buffer(from)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(Box::new(decoder))
}

/// Counts what is read.
struct Counted<R> {
    from: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.from.read(buffer)?;
        self.taken.set(self.taken.get() + len as u64);
        Ok(len)
    }
}

/// Gives no more than compressed bytes can honestly become.
struct Capped<R> {
    from: R,
    given: u64,
    taken: Rc<Cell<u64>>,
    promised: Promised,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.from.read(buffer)?;
        self.given += len as u64;
        let honest = SLACK_BYTES.saturating_add(self.taken.get().saturating_mul(RATIO_MAX));
        if self.given > honest.saturating_add(self.promised.0.get()) {
            return Err(io::Error::other(RefusedTar::Bomb(RATIO_MAX)));
        }
        Ok(len)
    }
}
