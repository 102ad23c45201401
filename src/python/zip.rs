//! Whether a zip is whole (APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16), as an egg is: its directory is there, and
//! each member that it names has the content of its checksum.

use std::io::Read;

use flate2::bufread::DeflateDecoder;

/// The record at the end, without a comment, and the longest comment.
const END_LEN: usize = 22;
const COMMENT_MAX: usize = 0xffff;
const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
/// What this field has where the true number stands elsewhere (zip64).
const ELSEWHERE: u32 = u32::MAX;
/// How many bytes of all members together are unpacked and compared; the rest is not looked at.
const UNPACKED_MAX: u64 = 256 << 20;

/// What is wrong with an archive, for people; none where nothing is, or where it is of a kind that is not looked into.
pub(crate) fn problem(bytes: &[u8]) -> Option<String> {
    let Some(end) = end(bytes) else {
        return Some("the directory at its end is gone: it is cut or damaged".to_owned());
    };
    let word = |at: usize| u32_at(bytes, end + at);
    let (Some(len), Some(offset), Some(count)) = (word(12), word(16), u16_at(bytes, end + 10))
    else {
        return None;
    };
    if offset == ELSEWHERE || count == u16::MAX {
        return None;
    }
    let start = end.checked_sub(len as usize);
    // What stands before the first member, such as a first line, shifts all places.
    let Some((start, shift)) =
        start.and_then(|start| Some((start, start.checked_sub(offset as usize)?)))
    else {
        return Some("its directory is longer than what is there: it is cut or damaged".to_owned());
    };
    let mut at = start;
    let mut left = UNPACKED_MAX;
    for _ in 0..count {
        let Some(member) = Member::read(bytes, at) else {
            return Some("its directory makes no sense".to_owned());
        };
        if !member.is_whole(bytes, shift, &mut left) {
            return Some(format!(
                "'{}' in it is damaged",
                crate::model::Shown(member.name)
            ));
        }
        at += member.len;
    }
    None
}

/// What the directory says of one member.
struct Member<'a> {
    name: &'a [u8],
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    local: u32,
    /// How long its entry is.
    len: usize,
}

impl<'a> Member<'a> {
    fn read(bytes: &'a [u8], at: usize) -> Option<Self> {
        bytes.get(at..)?.starts_with(ENTRY).then_some(())?;
        let (word, half) = (|n| u32_at(bytes, at + n), |n| u16_at(bytes, at + n));
        let lengths = [half(28)?, half(30)?, half(32)?].map(usize::from);
        Some(Self {
            name: bytes.get(at + 46..at + 46 + lengths[0])?,
            method: half(10)?,
            crc: word(16)?,
            packed: word(20)?,
            size: word(24)?,
            local: word(42)?,
            len: 46 + lengths.iter().sum::<usize>(),
        })
    }

    /// Whether the content is that of the checksum; true as well where it is packed in some way that is not known.
    fn is_whole(&self, bytes: &[u8], shift: usize, left: &mut u64) -> bool {
        let Some(content) = self.content(bytes, shift) else {
            return self.local == ELSEWHERE || self.packed == ELSEWHERE;
        };
        if u64::from(self.size) > *left {
            return true;
        }
        *left -= u64::from(self.size);
        let mut crc = flate2::Crc::new();
        match self.method {
            0 => crc.update(content),
            8 => {
                let mut plain = Vec::new();
                let limit = u64::from(self.size) + 1;
                let read = DeflateDecoder::new(content)
                    .take(limit)
                    .read_to_end(&mut plain);
                if read.is_err() {
                    return false;
                }
                crc.update(&plain);
            }
            _ => return true,
        }
        crc.sum() == self.crc && crc.amount() == self.size
    }

    fn content<'b>(&self, bytes: &'b [u8], shift: usize) -> Option<&'b [u8]> {
        let at = shift.checked_add(self.local as usize)?;
        bytes.get(at..)?.starts_with(LOCAL).then_some(())?;
        let lengths = [u16_at(bytes, at + 26)?, u16_at(bytes, at + 28)?].map(usize::from);
        let from = at + 30 + lengths[0] + lengths[1];
        bytes.get(from..from.checked_add(self.packed as usize)?)
    }
}

/// Where the record at the end begins: the last one of which the comment reaches to the end.
fn end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_LEN)?;
    let first = last.saturating_sub(COMMENT_MAX);
    let fits = |at: &usize| {
        let comment = u16_at(bytes, at + 20).map(usize::from);
        bytes[*at..].starts_with(END) && comment == Some(last - at)
    };
    (first..=last).rev().find(fits)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One stored member `a` with the content `xyz`, as Python writes it.
    fn small() -> Vec<u8> {
        let mut crc = flate2::Crc::new();
        crc.update(b"xyz");
        let sums = [crc.sum().to_le_bytes(), [3, 0, 0, 0], [3, 0, 0, 0]].concat();
        let local = [
            LOCAL,
            &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &sums,
            &[1, 0, 0, 0],
            b"axyz",
        ]
        .concat();
        let entry = [
            ENTRY,
            &[20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &sums,
            &[1, 0],
            &[0; 16],
            b"a",
        ]
        .concat();
        let sizes = [
            (entry.len() as u32).to_le_bytes(),
            (local.len() as u32).to_le_bytes(),
        ]
        .concat();
        let end = [END, &[0, 0, 0, 0, 1, 0, 1, 0], &sizes, &[0, 0]].concat();
        [local, entry, end].concat()
    }

    #[test]
    fn a_cut_and_other_content_are_seen_at_every_byte_that_counts() {
        let whole = small();
        assert_eq!(problem(&whole), None);
        assert_eq!(problem(&[b"#!/bin/sh\n", whole.as_slice()].concat()), None);
        for len in 0..whole.len() {
            assert!(problem(&whole[..len]).is_some(), "{len}");
        }
        for at in 31..34 {
            let mut other = whole.clone();
            other[at] = 0;
            let told = problem(&other).unwrap();
            assert!(told.contains("'a' in it is damaged"), "{told}");
        }
        let zeroed = [&whole[..20], &vec![0; whole.len() - 20]].concat();
        assert!(problem(&zeroed).is_some());
    }
}
