//! The form of a pack: header, frames, table, footer (docs/format.md, "Pack").

use super::frame::{self, ObjectKind, Part};
use super::wire::{Malformed, Reader, put_uint};
use crate::model::Digest;

/// The first bytes of every pack: mark, version 1, no required features.
pub(crate) const HEADER: [u8; 16] = *b"VSNAPACK\x01\0\0\0\0\0\0\0";
/// The length of the last part of every pack.
pub(crate) const FOOTER_LEN: usize = 64;
/// Offset and lengths of the table, with which the footer begins.
const FOOTER_NUMBERS_LEN: usize = 16;
const FOOTER_MAGIC: [u8; 8] = *b"VSNAPEND";

/// No object takes less in a table: five numbers of a byte each, and its digest.
const ROW_LEN_MIN: usize = 5 + 32;

/// Where a frame lies in its pack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FramePlace {
    /// Offset of the frame's header.
    pub(crate) offset: u64,
    /// Length of header and stored bytes.
    pub(crate) len: u32,
    /// Length of the plain bytes.
    pub(crate) raw_len: u32,
}

/// An object and the number of its frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) frame: u32,
    pub(crate) part: Part,
}

/// What a pack holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Table {
    pub(crate) frames: Vec<FramePlace>,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// The frames, each with the parts that lie in it.
    pub(crate) fn into_frames(self) -> Vec<(FramePlace, Vec<Part>)> {
        let places = self.frames.into_iter();
        let mut frames: Vec<_> = places.map(|place| (place, Vec::new())).collect();
        for row in self.rows {
            frames[row.frame as usize].1.push(row.part);
        }
        frames
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + self.frames.len() * 12 + self.rows.len() * 44);
        put_uint(&mut out, self.frames.len() as u64);
        for frame in &self.frames {
            put_uint(&mut out, frame.offset);
            put_uint(&mut out, frame.len.into());
            put_uint(&mut out, frame.raw_len.into());
        }
        put_uint(&mut out, self.rows.len() as u64);
        for row in &self.rows {
            put_uint(&mut out, row.frame.into());
            out.push(row.part.kind as u8);
            put_uint(&mut out, row.part.segment.into());
            put_uint(&mut out, row.part.start.into());
            put_uint(&mut out, row.part.len.into());
        }
        // The digests together and last: they do not compress, and so they do not disturb what does.
        self.rows
            .iter()
            .for_each(|row| out.extend_from_slice(row.part.id.as_bytes()));
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        let mut table = Self::default();
        for _ in 0..reader.uint()? {
            let place = FramePlace {
                offset: reader.uint()?,
                len: reader.uint32()?,
                raw_len: reader.uint32()?,
            };
            if place.raw_len > frame::RAW_LEN_MAX || place.len > frame::LEN_MAX {
                return Err(Malformed("a frame claims an impossible length"));
            }
            table.frames.push(place);
        }
        let count = reader.uint()?;
        if count > (bytes.len() / ROW_LEN_MIN) as u64 {
            return Err(Malformed("the table claims more objects than it can hold"));
        }
        table.rows.reserve(count as usize);
        for _ in 0..count {
            let frame = reader.uint32()?;
            let kind = ObjectKind::from_byte(reader.byte()?)?;
            let (segment, start, len) = (reader.uint32()?, reader.uint32()?, reader.uint32()?);
            let place = table
                .frames
                .get(frame as usize)
                .ok_or(Malformed("an object lies in a frame that is not there"))?;
            if start.checked_add(len).is_none_or(|end| end > place.raw_len) {
                return Err(Malformed("an object lies outside of its frame"));
            }
            let id = Digest::from_bytes([0; 32]);
            table.rows.push(Row {
                frame,
                part: Part {
                    id,
                    kind,
                    segment,
                    start,
                    len,
                },
            });
        }
        for row in &mut table.rows {
            row.part.id = Digest::from_bytes(reader.array()?);
        }
        reader.end()?;
        Ok(table)
    }

    /// Whether the frames follow each other from the header to the table, so that none is read twice.
    pub(crate) fn tiles(&self, end: u64) -> bool {
        let mut at = HEADER.len() as u64;
        for place in &self.frames {
            if place.offset != at {
                return false;
            }
            at += u64::from(place.len);
        }
        at == end
    }

    /// Table and footer as they end a pack that is `offset` bytes long so far.
    pub(crate) fn seal(&self, offset: u64) -> Result<Vec<u8>, std::io::Error> {
        let plain = self.encode();
        let mut out = zstd::bulk::compress(&plain, 3)?;
        let mut footer = Vec::with_capacity(FOOTER_LEN);
        footer.extend_from_slice(&offset.to_le_bytes());
        footer.extend_from_slice(&(out.len() as u32).to_le_bytes());
        footer.extend_from_slice(&(plain.len() as u32).to_le_bytes());
        let digest = Digest::of(&[&out[..], &footer].concat());
        footer.extend_from_slice(digest.as_bytes());
        footer.extend_from_slice(&[0; 8]);
        footer.extend_from_slice(&FOOTER_MAGIC);
        out.extend_from_slice(&footer);
        Ok(out)
    }

    /// Reads table and footer from the last bytes of a pack.
    pub(crate) fn open(tail: &[u8]) -> Result<Self, Malformed> {
        let footer = Footer::read(tail)?;
        let end = tail.len() - FOOTER_LEN;
        let start = end
            .checked_sub(footer.len as usize)
            .ok_or(Malformed("the table is cut short"))?;
        let stored = &tail[start..end];
        // The numbers of the footer are guarded with the table.
        if Digest::of(&tail[start..end + FOOTER_NUMBERS_LEN]) != footer.digest {
            return Err(Malformed("the checksum of the table is wrong"));
        }
        if !frame::is_one_zstd_frame(stored) {
            return Err(Malformed("the table is not one zstd frame"));
        }
        let plain = frame::with_decompressor(|d| d.decompress(stored, footer.raw_len as usize))
            .map_err(|_| Malformed("the table does not decompress"))?;
        Self::decode(&plain)
    }
}

/// The last bytes of a pack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Footer {
    /// Where the table begins.
    pub(crate) offset: u64,
    /// The stored length of the table.
    pub(crate) len: u32,
    raw_len: u32,
    digest: Digest,
}

impl Footer {
    /// Reads the footer at the end of `tail`.
    pub(crate) fn read(tail: &[u8]) -> Result<Self, Malformed> {
        let start = tail
            .len()
            .checked_sub(FOOTER_LEN)
            .ok_or(Malformed("the pack is cut short"))?;
        let mut reader = Reader(&tail[start..]);
        let footer = Self {
            offset: reader.u64()?,
            len: reader.u32()?,
            raw_len: reader.u32()?,
            digest: Digest::from_bytes(reader.array()?),
        };
        if reader.u64()? != 0 || reader.array::<8>()? != FOOTER_MAGIC {
            return Err(Malformed("the pack has no footer"));
        }
        // Most of a table is digests, which do not compress: one that claims to grow to much more is a trap.
        let plain_max = u64::from(footer.len) * 4 + 1024;
        if u64::from(footer.raw_len) > plain_max || footer.len > 1 << 28 {
            return Err(Malformed("the table claims an impossible length"));
        }
        Ok(footer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let part = Part {
            id: Digest::of(b"x"),
            kind: ObjectKind::Blob,
            segment: 0,
            start: 3,
            len: 5,
        };
        Table {
            frames: vec![FramePlace {
                offset: 16,
                len: 100,
                raw_len: 8,
            }],
            rows: vec![Row { frame: 0, part }],
        }
    }

    #[test]
    fn a_table_reads_back_and_no_flipped_bit_of_it_passes() {
        let sealed = table().seal(116).unwrap();
        assert_eq!(Table::open(&sealed).unwrap(), table());
        for at in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[at / 8] ^= 1 << (at % 8);
            assert!(Table::open(&bad).is_err(), "bit {at}");
        }
        for len in 0..sealed.len() {
            assert!(Table::open(&sealed[..len]).is_err());
        }
    }

    #[test]
    fn a_table_that_claims_more_objects_than_its_bytes_can_hold_is_refused() {
        // One more than there is, before any memory is taken for it.
        let mut bytes = table().encode();
        let at = 1 + 1 + 1 + 1;
        assert_eq!(bytes[at], 1);
        bytes[at] = 2;
        let refused = Table::decode(&bytes).unwrap_err();
        assert_eq!(refused.0, "the table claims more objects than it can hold");
    }

    #[test]
    fn an_object_outside_of_its_frame_is_refused() {
        let mut bad = table();
        bad.rows[0].part.len = 6;
        assert!(Table::decode(&bad.encode()).is_err());
        bad.rows[0].part = Part {
            start: u32::MAX,
            len: 2,
            ..table().rows[0].part
        };
        assert!(Table::decode(&bad.encode()).is_err());
    }
}
