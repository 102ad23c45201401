//! Large contents: cut in segments that are checked apart and still add up to the content's own digest.
//!
//! BLAKE3 is a tree over chunks of 1 KiB. A segment of 4 MiB that begins at a multiple of 4 MiB is a whole subtree of
//! it, so its chaining value both names the segment and is a part of the digest (BLAKE3 paper, section 2.1). No byte
//! is hashed twice.

use blake3::Hasher;
use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root,
};

use super::digest::Digest;

/// The length of every segment but the last.
pub(crate) const SEGMENT_LEN: usize = 4 << 20;

/// Plain bytes of neighbours that are read together, and kept together in one frame.
pub(crate) const BATCH_LEN: usize = 4 << 20;

/// The name of a segment: the chaining value of its subtree. No file has an empty segment or one that is longer than
/// `SEGMENT_LEN`: for these the name is all zeros, which no content has.
pub(crate) fn segment_value(bytes: &[u8], number: u32) -> Digest {
    if bytes.is_empty() || bytes.len() > SEGMENT_LEN {
        return Digest::from_bytes([0; Digest::LEN]);
    }
    let mut hasher = Hasher::new();
    hasher.set_input_offset(u64::from(number) * SEGMENT_LEN as u64);
    hasher.update(bytes);
    Digest::from_bytes(hasher.finalize_non_root())
}

/// The segments of one large content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Segments {
    size: u64,
    values: Vec<Digest>,
}

impl Segments {
    /// The segments of a content larger than one segment; none where their number does not fit its size.
    pub(crate) fn new(size: u64, values: Vec<Digest>) -> Option<Self> {
        let fits =
            size > SEGMENT_LEN as u64 && size.div_ceil(SEGMENT_LEN as u64) == values.len() as u64;
        fits.then_some(Self { size, values })
    }

    /// The digest of the whole content.
    pub(crate) fn digest(&self) -> Digest {
        let values: Vec<ChainingValue> = self
            .values
            .iter()
            .map(|digest| *digest.as_bytes())
            .collect();
        let left = left_subtree_len(self.size);
        let (a, b) = values.split_at((left / SEGMENT_LEN as u64) as usize);
        let root = merge_subtrees_root(&merge(a, left), &merge(b, self.size - left), Mode::Hash);
        Digest::from_bytes(*root.as_bytes())
    }

    /// The names of the segments in order.
    pub(crate) fn values(&self) -> &[Digest] {
        &self.values
    }

    /// The length of the whole content in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

/// The chaining value of the subtree over `values`, which covers `len` bytes.
fn merge(values: &[ChainingValue], len: u64) -> ChainingValue {
    match values {
        [one] => *one,
        [] => ChainingValue::default(),
        _ => {
            let left = left_subtree_len(len);
            let (a, b) = values.split_at((left / SEGMENT_LEN as u64) as usize);
            merge_subtrees_non_root(&merge(a, left), &merge(b, len - left), Mode::Hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_add_up_to_the_digest_of_the_whole() {
        for len in [
            SEGMENT_LEN + 1,
            2 * SEGMENT_LEN,
            3 * SEGMENT_LEN - 1,
            5 * SEGMENT_LEN + 77,
        ] {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 31 / 7) as u8).collect();
            let values = bytes
                .chunks(SEGMENT_LEN)
                .zip(0..)
                .map(|(part, i)| segment_value(part, i))
                .collect();
            let segments = Segments::new(len as u64, values).unwrap();
            assert_eq!(segments.digest(), Digest::of(&bytes), "{len}");
        }
    }

    #[test]
    fn a_number_of_segments_that_does_not_fit_the_size_is_refused() {
        let some = Digest::from_bytes([1; 32]);
        assert!(Segments::new(SEGMENT_LEN as u64, vec![some]).is_none());
        assert!(Segments::new(SEGMENT_LEN as u64 + 1, vec![some]).is_none());
        assert!(Segments::new(u64::MAX, vec![some, some]).is_none());
    }
}
