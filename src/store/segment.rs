//! The list of the segments of a large object, as it is stored (docs/format.md, "Objects").

use super::wire::{Malformed, Reader, put_uint};
use crate::model::Digest;
pub(crate) use crate::model::segment::{SEGMENT_LEN, Segments, segment_value};

/// Writes the list.
pub(crate) fn encode(segments: &Segments) -> Vec<u8> {
    let mut out = Vec::with_capacity(10 + segments.values().len() * Digest::LEN);
    put_uint(&mut out, segments.size());
    segments
        .values()
        .iter()
        .for_each(|value| out.extend_from_slice(value.as_bytes()));
    out
}

/// Reads a list; its digest tells whether it is the right one.
pub(crate) fn decode(bytes: &[u8]) -> Result<Segments, Malformed> {
    let mut reader = Reader(bytes);
    let size = reader.uint()?;
    if reader.0.len() % Digest::LEN != 0 {
        return Err(Malformed("a list of segments has a broken length"));
    }
    let values = reader
        .0
        .chunks_exact(Digest::LEN)
        .filter_map(|c| c.try_into().ok())
        .map(Digest::from_bytes)
        .collect();
    Segments::new(size, values).ok_or(Malformed("a list of segments does not fit its size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_and_a_broken_one_does_not() {
        let some = Digest::from_bytes([1; 32]);
        let segments = Segments::new(SEGMENT_LEN as u64 + 1, vec![some, some]).unwrap();
        let bytes = encode(&segments);
        assert_eq!(decode(&bytes).unwrap(), segments);
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len]).is_err());
        }
        assert!(decode(&[1, 2, 3]).is_err());
    }
}
