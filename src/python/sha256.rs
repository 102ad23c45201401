//! SHA-256 (FIPS 180-4) of many contents at once. A processor without SHA instructions hashes several of them side by
//! side in the lanes of AVX2 or AVX-512, in a fraction of the time that they take one after the other.

use std::cmp::Reverse;

use sha2::{Digest as _, Sha256};
use tape_sha256::{backend, hash_many, lane_width};

/// In one lane a content takes about so many times as long as alone.
const LANE_COST: usize = 2;

/// Whether this processor is faster with many contents at once, above all with those of like length. With SHA
/// instructions it is not: measured, the lanes gain nothing there on what a venv holds.
pub(crate) fn has_lanes() -> bool {
    backend().starts_with("avx")
}

/// The SHA-256 of each content, in their order.
pub(crate) fn of_each(contents: &[&[u8]]) -> Vec<[u8; 32]> {
    if has_lanes() {
        return side_by_side(contents);
    }
    let each = contents
        .iter()
        .map(|content| Sha256::digest(content).into());
    each.collect()
}

fn side_by_side(contents: &[&[u8]]) -> Vec<[u8; 32]> {
    let len = |at: &usize| contents[*at].len();
    let mut order: Vec<usize> = (0..contents.len()).collect();
    // A group takes as long as its longest content, so those of like length go together.
    order.sort_unstable_by_key(|at| Reverse(len(at)));
    let mut hashes = vec![[0; 32]; contents.len()];
    let mut rest = &order[..];
    while let Some((longest, shorter)) = rest.split_first() {
        let (group, after) = rest.split_at(lane_width().min(rest.len()));
        if group.iter().map(len).sum::<usize>() <= LANE_COST * len(longest) {
            hashes[*longest] = Sha256::digest(contents[*longest]).into();
            rest = shorter;
            continue;
        }
        let bodies: Vec<&[u8]> = group.iter().map(|&at| contents[at]).collect();
        let mut sums = vec![[0; 32]; group.len()];
        hash_many(&bodies, &mut sums);
        for (&at, sum) in group.iter().zip(sums) {
            hashes[at] = sum;
        }
        rest = after;
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths around the ends of blocks, and some that are far longer than their neighbours.
    #[test]
    fn many_at_once_come_to_what_each_alone_comes_to() {
        let lens = (0..200).chain([0, 0, 4096, 4095, 70_000, 1 << 20, 300, 300, 300, 9_999]);
        let byte = |len: usize| move |at: usize| (at * 31 + len * 7 + at / 251) as u8;
        let contents = lens.map(|len| (0..len).map(byte(len)).collect());
        let contents: Vec<Vec<u8>> = contents.collect();
        for count in (0..40).chain([contents.len()]) {
            for some in [&contents[..count], &contents[contents.len() - count..]] {
                let some: Vec<&[u8]> = some.iter().map(Vec::as_slice).collect();
                let alone = some.iter().map(|content| Sha256::digest(content).into());
                let alone: Vec<[u8; 32]> = alone.collect();
                assert_eq!(side_by_side(&some), alone, "{count}");
                assert_eq!(of_each(&some), alone, "{count}");
            }
        }
    }
}
