//! Reads the content of one file, sure that it is the file that the walk met and that it held still.

use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use rustix::fs::OFlags;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::sink::{Sink, Stopped};
use crate::disk::limits::is_shortage;
use crate::disk::meta::read_xattrs;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::Found;
use crate::model::segment::{SEGMENT_LEN, Segments, segment_value};
use crate::model::{Digest, RelPath};
use crate::monitor::Monitor;

/// No file of a venv is longer, in bytes. A file with holes can claim any length without taking room on disk.
const SIZE_MAX: u64 = 1 << 40;

/// Extended attributes by name.
pub(super) type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// What came of reading a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Content {
    /// Its digest and extended attributes.
    Known(Digest, Xattrs),
    /// It is not what the walk met any more.
    Changed,
    /// It cannot be read, with the reason.
    Unreadable(String),
}

/// Why a read ended without content.
pub(super) enum Failed {
    Changed,
    Unreadable(String),
    /// This process lacks what it needs to read (memory, descriptors), which says nothing of the file.
    Short(Errno),
    Stopped,
}

impl From<Errno> for Failed {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT | Errno::LOOP | Errno::NOTDIR | Errno::XDEV | Errno::STALE => {
                Self::Changed
            }
            _ if is_shortage(error) => Self::Short(error),
            _ => Self::Unreadable(std::io::Error::from(error).to_string()),
        }
    }
}

impl From<Stopped> for Failed {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// An open file that the walk saw.
pub(super) struct Opened {
    fd: OwnedFd,
    stat: Stat,
    is_checked: bool,
}

impl Opened {
    /// Opens the file, and tells the system that a small one is read soon. With `is_checked` its state is compared once
    /// more after it was read; without it, whoever reads the tree does that later.
    pub(super) fn open(root: &Rooted, found: &Found, is_checked: bool) -> Result<Self, Failed> {
        let fd = root.open_raw(&found.path, OFlags::RDONLY, rustix::fs::Mode::empty())?;
        if found.stat.size <= SEGMENT_LEN as u64 {
            // Only a hint; a disk that must be asked for each file in turn takes half as long again.
            let _ = rustix::fs::fadvise(&fd, 0, None, rustix::fs::Advice::WillNeed);
        }
        Ok(Self {
            fd,
            stat: found.stat,
            is_checked,
        })
    }

    /// An error where the file is not in the state that the walk saw any more.
    fn unchanged(&self) -> Result<(), Failed> {
        if !self.is_checked || Stat::of(&self.fd)?.same_state(&self.stat) {
            Ok(())
        } else {
            Err(Failed::Changed)
        }
    }

    pub(super) fn xattrs(&self) -> Result<Xattrs, Failed> {
        Ok(read_xattrs(&self.fd)?)
    }

    /// Reads all of a small file into memory of its size, and looks whether the file held still (see `open`).
    pub(super) fn read_small(&self, buffer: &mut [u8]) -> Result<(), Failed> {
        self.fill(buffer, 0)?;
        self.unchanged()
    }

    fn fill(&self, buffer: &mut [u8], offset: u64) -> Result<(), Failed> {
        if read_at(&self.fd, buffer, offset)? < buffer.len() {
            return Err(Failed::Changed);
        }
        Ok(())
    }

    /// Reads a large file segment by segment, in parallel, and returns its digest. Where a hash stands in for the
    /// digest, the segments are read one after the other.
    pub(super) fn read_large(
        &self,
        path: &RelPath,
        sink: &dyn Sink,
        monitor: &dyn Monitor,
    ) -> Result<Digest, Failed> {
        let size = self.stat.size;
        if size > SIZE_MAX {
            let what = "it is larger than 1 TiB, which no file of a venv is";
            return Err(Failed::Unreadable(what.to_owned()));
        }
        if let Some(hasher) = sink.hasher(path) {
            return self.hash_large(hasher, sink, monitor);
        }
        let count = size.div_ceil(SEGMENT_LEN as u64) as u32;
        let read = |number| {
            // Even the zeros of a hole are hashed, and those of a terabyte take minutes.
            if monitor.cancelled() {
                return Err(Failed::Stopped);
            }
            self.read_segment(number, sink)
        };
        let values: Result<Vec<Digest>, Failed> = (0..count).into_par_iter().map(read).collect();
        let values = values?;
        self.unchanged()?;
        let segments = Segments::new(size, values).ok_or(Failed::Changed)?;
        let digest = segments.digest();
        sink.segments(segments)?;
        Ok(digest)
    }

    /// Reads a large file of which nothing is wanted but its hash, and returns that in the place of its digest.
    fn hash_large(
        &self,
        mut hasher: Sha256,
        sink: &dyn Sink,
        monitor: &dyn Monitor,
    ) -> Result<Digest, Failed> {
        for number in 0..self.stat.size.div_ceil(SEGMENT_LEN as u64) as u32 {
            if monitor.cancelled() {
                return Err(Failed::Stopped);
            }
            self.with_segment(number, |bytes| {
                hasher.update(bytes);
                Ok(())
            })?;
        }
        self.unchanged()?;
        let hash = hasher.finalize().into();
        sink.hashed(&Digest::from_bytes(hash), hash);
        Ok(Digest::from_bytes(hash))
    }

    fn read_segment(&self, number: u32, sink: &dyn Sink) -> Result<Digest, Failed> {
        self.with_segment(number, |bytes| {
            let value = segment_value(bytes, number);
            sink.segment(value, number, bytes)?;
            Ok(value)
        })
    }

    fn with_segment<T>(
        &self,
        number: u32,
        work: impl FnOnce(&[u8]) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let offset = u64::from(number) * SEGMENT_LEN as u64;
        let len = (self.stat.size - offset).min(SEGMENT_LEN as u64) as usize;
        with_buffer(len, |bytes| {
            if self.is_hole(offset, len) {
                bytes.fill(0);
            } else {
                self.fill(bytes, offset)?;
            }
            work(bytes)
        })
    }

    /// Whether a range of a sparse file holds no data at all, so that its zeros need not be read.
    fn is_hole(&self, offset: u64, len: usize) -> bool {
        match rustix::fs::seek(&self.fd, rustix::fs::SeekFrom::Data(offset)) {
            Ok(data) => data >= offset + len as u64,
            // No data from here to the end.
            Err(Errno::NXIO) => true,
            Err(_) => false,
        }
    }
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends memory that this thread uses again for each batch. What it holds is of an earlier one.
pub(super) fn with_buffer<T>(len: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
    // Taken out, so that a call within a call gets memory of its own.
    let mut buffer = BUFFER.take();
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    let done = work(&mut buffer[..len]);
    BUFFER.replace(buffer);
    done
}

/// Reads until the buffer is full or the file ends.
fn read_at(fd: impl AsFd, buffer: &mut [u8], offset: u64) -> rustix::io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match rustix::io::pread(&fd, &mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
