//! One summary (docs/format.md, "Summaries"): tables of many packs and many snapshot files, in one file.
//!
//! It says nothing that packs and snapshot files do not say themselves, so any of them may be lost.

use std::collections::BTreeMap;

use super::frame;
use super::index::PackRow;
use super::wire::{Malformed, Reader, put_bytes, put_uint};
use crate::model::Digest;

/// How one begins.
const MAGIC: [u8; 8] = *b"VSNPSUM1";
/// The version of what follows.
const VERSION: u8 = 1;
/// None is longer when it is decompressed.
const PLAIN_LEN_MAX: u32 = 64 << 20;
/// How hard it is compressed.
const LEVEL: i32 = 3;

/// What one summary tells.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Packs with their tables.
    pub(super) packs: Vec<PackRow>,
    /// Snapshot files by their names.
    pub(super) snapshots: BTreeMap<String, Vec<u8>>,
}

impl Summary {
    /// The bytes of a file; none where they would be too many, or a name is none.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut plain = vec![VERSION];
        put_uint(&mut plain, self.packs.len() as u64);
        for pack in &self.packs {
            plain.extend_from_slice(Digest::from_hex(&pack.name).ok()?.as_bytes());
            put_uint(&mut plain, pack.size);
            put_bytes(&mut plain, &pack.tail);
        }
        put_uint(&mut plain, self.snapshots.len() as u64);
        for (name, file) in &self.snapshots {
            plain.extend_from_slice(Digest::from_hex(name).ok()?.as_bytes());
            put_bytes(&mut plain, file);
        }
        let len = u32::try_from(plain.len()).ok()?;
        if len > PLAIN_LEN_MAX {
            return None;
        }
        let squeezed = zstd::bulk::compress(&plain, LEVEL).ok()?;
        Some([&MAGIC[..], &len.to_le_bytes(), &squeezed].concat())
    }

    /// Reads the bytes of a file.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        if reader.array()? != MAGIC {
            return Err(Malformed("it is no summary"));
        }
        let len = reader.u32()?;
        if len > PLAIN_LEN_MAX || !frame::is_one_zstd_frame(reader.0) {
            return Err(Malformed("the summary claims an impossible length"));
        }
        let plain = frame::with_decompressor(|it| it.decompress(reader.0, len as usize))
            .map_err(|_| Malformed("the summary does not decompress"))?;
        let mut reader = Reader(&plain);
        if plain.len() != len as usize || reader.byte()? != VERSION {
            return Err(Malformed("the summary is of an unknown version"));
        }
        let mut summary = Self::default();
        // What is not there takes no memory, whatever the counts claim.
        for _ in 0..reader.uint()? {
            summary.packs.push(PackRow {
                name: Digest::from_bytes(reader.array()?).to_hex(),
                size: reader.uint()?,
                tail: reader.bytes()?.to_vec(),
            });
        }
        for _ in 0..reader.uint()? {
            let name = Digest::from_bytes(reader.array()?).to_hex();
            summary.snapshots.insert(name, reader.bytes()?.to_vec());
        }
        reader.end()?;
        Ok(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let name = |text: &[u8]| Digest::of(text).to_hex();
        let pack = |text: &[u8]| PackRow {
            name: name(text),
            size: 70_000,
            tail: text.repeat(20),
        };
        let file = br#"{"format": 1}"#;
        Summary {
            packs: vec![pack(b"one"), pack(b"two")],
            snapshots: BTreeMap::from([(name(file), file.to_vec())]),
        }
    }

    #[test]
    fn a_summary_reads_back_and_what_is_cut_or_goes_on_is_refused() {
        let bytes = summary().encode().unwrap();
        let back = Summary::decode(&bytes).unwrap();
        assert_eq!(back.snapshots, summary().snapshots);
        assert_eq!(back.packs, summary().packs);
        for len in 0..bytes.len() {
            assert!(Summary::decode(&bytes[..len]).is_err(), "{len}");
        }
        assert!(Summary::decode(&[&bytes[..], b"x"].concat()).is_err());
    }

    #[test]
    fn a_summary_that_claims_more_than_it_holds_is_refused_before_memory_is_taken() {
        for counts in [&[u8::MAX; 9][..], &[0, 0x80, 0x80, 0x80, 0x80, 1]] {
            let plain = [&[VERSION], counts].concat();
            let squeezed = zstd::bulk::compress(&plain, LEVEL).unwrap();
            let len = (plain.len() as u32).to_le_bytes();
            let bytes = [&MAGIC[..], &len, &squeezed].concat();
            assert!(Summary::decode(&bytes).is_err());
        }
        let mut bytes = summary().encode().unwrap();
        bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Summary::decode(&bytes).is_err());
    }
}
