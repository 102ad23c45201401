//! One frame: some objects compressed together, or one segment of a large one (docs/format.md, "Frame").

use std::borrow::Cow;
use std::cell::RefCell;

use zstd::zstd_safe::CParameter;

use super::error::Error;
use super::segment::segment_value;
use super::wire::{Malformed, Reader, put_uint};
use crate::model::Digest;

/// What an object in a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ObjectKind {
    /// The whole content of a file of at most one segment.
    Blob = 0,
    /// The description of a directory.
    Tree = 1,
    /// One segment of a large object, named by its BLAKE3 chaining value.
    Segment = 2,
    /// The names of the segments of a large object, named as the object itself.
    List = 3,
}

impl ObjectKind {
    pub(crate) fn from_byte(byte: u8) -> Result<Self, Malformed> {
        Ok(match byte {
            0 => Self::Blob,
            1 => Self::Tree,
            2 => Self::Segment,
            3 => Self::List,
            _ => return Err(Malformed("an object is of an unknown kind")),
        })
    }
}

/// An object on its way into a frame.
#[derive(Debug)]
pub(crate) struct Object<'b> {
    pub(crate) id: Digest,
    pub(crate) kind: ObjectKind,
    /// Which segment of its file it is; 0 for all other kinds.
    pub(crate) segment: u32,
    pub(crate) bytes: Cow<'b, [u8]>,
}

/// Where an object lies in the plain bytes of its frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    pub(crate) id: Digest,
    pub(crate) kind: ObjectKind,
    pub(crate) segment: u32,
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Part {
    /// Whether `bytes` are what the name says.
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        match self.kind {
            ObjectKind::Blob | ObjectKind::Tree => Digest::of(bytes) == self.id,
            ObjectKind::Segment => segment_value(bytes, self.segment) == self.id,
            ObjectKind::List => {
                super::segment::decode(bytes).is_ok_and(|list| list.digest() == self.id)
            }
        }
    }
}

/// How the bytes of a frame are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Codec {
    /// As they are, since compression saves less than a 32nd.
    Raw = 0,
    /// As one zstd frame.
    Zstd = 1,
}

/// A frame ready to be written.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) header: [u8; HEADER_LEN],
    pub(crate) body: Vec<u8>,
    pub(crate) raw_len: u32,
    pub(crate) parts: Vec<Part>,
}

/// What stands before each frame.
pub(crate) const HEADER_LEN: usize = 24;
/// The mark by which a search without a table finds frames.
pub(crate) const MAGIC: [u8; 4] = *b"VSFR";
/// No frame holds more plain bytes; a longer claim is refused before anything is allocated.
pub(crate) const RAW_LEN_MAX: u32 = 32 << 20;

/// Nor is any frame longer, with its header.
pub(crate) const LEN_MAX: u32 = RAW_LEN_MAX + 1024 + HEADER_LEN as u32;
/// No frame of ours holds more objects: it is closed after 4 MiB, and no two of them are the same.
const OBJECTS_MAX: u64 = 1 << 20;

/// The level of zstd: from 5 on it takes twice the time for 1 % less (docs/performance.md).
const LEVEL: i32 = 3;
/// The sizes of the tables in which zstd looks for matches, as powers of two. They are what the level takes for longer
/// inputs: measured, frames come out 0.7 % smaller for 2 % more time.
const CHAIN_LOG: u32 = 17;
const HASH_LOG: u32 = 17;

thread_local! {
    /// The plain bytes of a frame, the compressed ones, and those that come back: memory that each frame uses again.
    static SCRATCH: RefCell<[Vec<u8>; 3]> = const { RefCell::new([Vec::new(), Vec::new(), Vec::new()]) };
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Joins objects, compresses them, and decompresses them again to be sure that they can be had back.
pub(crate) fn seal(objects: &[Object<'_>]) -> Result<Sealed, Error> {
    SCRATCH.with_borrow_mut(|[raw, squeezed, back]| {
        let parts = join(objects, raw);
        let raw_len = u32::try_from(raw.len())
            .map_err(|_| Error::Compress(std::io::ErrorKind::FileTooLarge.into()))?;
        squeezed.clear();
        squeezed.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        with_compressor(|c| c.compress_to_buffer(raw, squeezed)).map_err(Error::Compress)?;
        let (codec, body) = if squeezed.len() < raw.len() - raw.len() / 32 {
            back.clear();
            back.reserve(raw.len());
            with_decompressor(|d| d.decompress_to_buffer(squeezed, back))
                .map_err(Error::Compress)?;
            if back != raw {
                return Err(Error::Compress(std::io::Error::other(
                    "what was compressed does not come back the same",
                )));
            }
            (Codec::Zstd, squeezed.clone())
        } else {
            (Codec::Raw, raw.clone())
        };
        Ok(Sealed {
            header: header(codec, &body, raw_len),
            body,
            raw_len,
            parts,
        })
    })
}

/// Puts objects one after the other into `raw`, in place of what it held.
pub(super) fn join(objects: &[Object<'_>], raw: &mut Vec<u8>) -> Vec<Part> {
    raw.clear();
    put_uint(raw, objects.len() as u64);
    for object in objects {
        raw.push(object.kind as u8);
        put_uint(raw, object.segment.into());
        put_uint(raw, object.bytes.len() as u64);
    }
    let mut parts = Vec::with_capacity(objects.len());
    for object in objects {
        let start = raw.len() as u32;
        raw.extend_from_slice(&object.bytes);
        parts.push(Part {
            id: object.id,
            kind: object.kind,
            segment: object.segment,
            start,
            len: object.bytes.len() as u32,
        });
    }
    parts
}

pub(super) fn header(codec: Codec, body: &[u8], raw_len: u32) -> [u8; HEADER_LEN] {
    let mut out = [0; HEADER_LEN];
    out[..4].copy_from_slice(&MAGIC);
    out[4] = codec as u8;
    out[8..12].copy_from_slice(&(body.len() as u32).to_le_bytes());
    out[12..16].copy_from_slice(&raw_len.to_le_bytes());
    out[16..24].copy_from_slice(&checksum(body));
    out
}

fn checksum(body: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&Digest::of(body).as_bytes()[..8]);
    sum
}

/// The length of the stored bytes that follow a frame's header.
pub(crate) fn stored_len(header: &[u8]) -> Result<u32, Malformed> {
    let mut reader = Reader(header);
    if reader.array::<4>()? != MAGIC {
        return Err(Malformed("no frame begins there"));
    }
    reader.take(4)?;
    let stored = reader.u32()?;
    let raw = reader.u32()?;
    if raw > RAW_LEN_MAX || stored > raw.saturating_add(1024) {
        return Err(Malformed("the frame claims an impossible length"));
    }
    Ok(stored)
}

/// Checks and decompresses the stored bytes of a frame.
pub(crate) fn open(header: &[u8], body: &[u8]) -> Result<Vec<u8>, Malformed> {
    if stored_len(header)? as usize != body.len() {
        return Err(Malformed("the frame is cut short"));
    }
    if header[16..24] != checksum(body) {
        return Err(Malformed("the checksum of the frame is wrong"));
    }
    let raw_len = u32::from_le_bytes([header[12], header[13], header[14], header[15]]) as usize;
    match header[4] {
        0 if body.len() == raw_len => Ok(body.to_vec()),
        1 if !is_one_zstd_frame(body) => Err(Malformed("the frame is not one zstd frame")),
        1 => match with_decompressor(|d| d.decompress(body, raw_len)) {
            Ok(raw) if raw.len() == raw_len => Ok(raw),
            _ => Err(Malformed("the frame does not decompress")),
        },
        _ => Err(Malformed("the frame is stored in an unknown way")),
    }
}

/// Whether bytes are one frame of zstd, without anything before, between or after.
pub(crate) fn is_one_zstd_frame(body: &[u8]) -> bool {
    let magic = zstd::zstd_safe::MAGICNUMBER.to_le_bytes();
    body.starts_with(&magic) && zstd::zstd_safe::find_frame_compressed_size(body) == Ok(body.len())
}

/// Finds the objects of a frame from its plain bytes alone: how a pack is read whose table is lost.
pub(crate) fn parts(raw: &[u8]) -> Result<Vec<Part>, Malformed> {
    let mut reader = Reader(raw);
    let count = reader.uint()?;
    if count > OBJECTS_MAX {
        return Err(Malformed("the frame claims too many objects"));
    }
    let mut heads = Vec::new();
    for _ in 0..count {
        let kind = ObjectKind::from_byte(reader.byte()?)?;
        heads.push((kind, reader.uint32()?, reader.uint32()?));
    }
    let mut parts = Vec::with_capacity(heads.len());
    for (kind, segment, len) in heads {
        let start = (raw.len() - reader.0.len()) as u32;
        let bytes = reader.take(len as usize)?;
        let id = match kind {
            ObjectKind::Blob | ObjectKind::Tree => Digest::of(bytes),
            ObjectKind::Segment => segment_value(bytes, segment),
            ObjectKind::List => super::segment::decode(bytes)?.digest(),
        };
        parts.push(Part {
            id,
            kind,
            segment,
            start,
            len,
        });
    }
    reader.end()?;
    Ok(parts)
}

fn with_compressor<T>(
    work: impl FnOnce(&mut zstd::bulk::Compressor<'static>) -> std::io::Result<T>,
) -> std::io::Result<T> {
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
            compressor.set_parameter(CParameter::ChainLog(CHAIN_LOG))?;
            compressor.set_parameter(CParameter::HashLog(HASH_LOG))?;
            *slot = Some(compressor);
        }
        slot.as_mut()
            .map_or_else(|| Err(std::io::ErrorKind::OutOfMemory.into()), work)
    })
}

/// Lends this thread's decompressor, which costs more to make than a small input to decompress.
pub(super) fn with_decompressor<T>(
    work: impl FnOnce(&mut zstd::bulk::Decompressor<'static>) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let done = DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(zstd::bulk::Decompressor::new()?);
        }
        slot.as_mut()
            .map_or_else(|| Err(std::io::ErrorKind::OutOfMemory.into()), work)
    });
    if done.as_ref().is_err_and(wants_memory) {
        // Ends the process, as any other allocation that fails. Else what was not looked at would be told as
        // damaged or lost.
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; 128 << 10]>());
    }
    done
}

/// Whether zstd got no memory, which says nothing of what it should have read (`ZSTD_error_memory_allocation`).
fn wants_memory(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::OutOfMemory
        || error.to_string().contains("not enough memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_want_of_memory_is_known_by_what_zstd_says_of_it() {
        use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode as Code;
        let said = |code: Code| {
            // An error is a length below zero.
            let text = zstd::zstd_safe::get_error_name((code as usize).wrapping_neg());
            std::io::Error::other(text)
        };
        assert!(wants_memory(&said(Code::ZSTD_error_memory_allocation)));
        for other in [
            Code::ZSTD_error_corruption_detected,
            Code::ZSTD_error_dstSize_tooSmall,
        ] {
            assert!(!wants_memory(&said(other)), "{}", said(other));
        }
    }

    fn blob(bytes: &[u8]) -> Object<'_> {
        Object {
            id: Digest::of(bytes),
            kind: ObjectKind::Blob,
            segment: 0,
            bytes: bytes.into(),
        }
    }

    #[test]
    fn a_frame_comes_back_with_and_without_its_table() {
        let sealed = seal(&[blob(b""), blob(b"hello"), blob(&[7; 9000])]).unwrap();
        let raw = open(&sealed.header, &sealed.body).unwrap();
        assert_eq!(parts(&raw).unwrap(), sealed.parts);
        let part = sealed.parts[1];
        let bytes = &raw[part.start as usize..][..part.len as usize];
        assert!(part.is(bytes) && bytes == b"hello");
    }

    #[test]
    fn any_flipped_bit_of_a_frame_is_noticed() {
        let sealed = seal(&[
            blob(b"some text that is long enough to be worth it"),
            blob(&[b'x'; 500]),
        ])
        .unwrap();
        for at in 0..sealed.body.len() * 8 {
            let mut body = sealed.body.clone();
            body[at / 8] ^= 1 << (at % 8);
            assert!(open(&sealed.header, &body).is_err());
        }
    }

    #[test]
    fn a_frame_that_claims_too_much_is_refused_before_it_is_read() {
        let mut sealed = seal(&[blob(&[0; 5000])]).unwrap();
        sealed.header[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(open(&sealed.header, &sealed.body).is_err());
        sealed.header[12..16].copy_from_slice(&100_u32.to_le_bytes());
        assert!(open(&sealed.header, &sealed.body).is_err());
    }
}
