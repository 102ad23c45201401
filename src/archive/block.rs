//! One header block, read strictly: what two readers could understand in two ways is refused.

use tar::Header;

use super::BLOCK;
use super::error::RefusedTar;

/// Where the first part of a long name stands (POSIX.1-2024, pax, "ustar Interchange Format").
const PREFIX: std::ops::Range<usize> = 345..500;

/// What a header block says, before names and numbers from extended headers come in their place.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: u8,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) mode: i128,
    pub(super) uid: i128,
    pub(super) gid: i128,
    pub(super) size: i128,
    pub(super) mtime: i128,
    /// Whether it is of the time before ustar, when a directory was a name with a slash at its end.
    pub(super) old: bool,
}

/// Reads a block that is not all zeros.
pub(super) fn read(bytes: &[u8; BLOCK]) -> Result<Block, RefusedTar> {
    let header = Header::from_byte_slice(bytes);
    let old = header.as_old();
    let sum = number(&old.cksum).ok_or(RefusedTar::NoChecksum)?;
    if sum != checksum(bytes) {
        return Err(RefusedTar::Checksum);
    }
    let is_old = bytes[257..265].iter().all(|&b| b == 0);
    let mut name = until_nul(&old.name).to_vec();
    if is_ustar(bytes) {
        let prefix = until_nul(&bytes[PREFIX]);
        if !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
    } else if header.as_gnu().is_none() && !is_old {
        return Err(RefusedTar::UnknownFormat);
    }
    let field = |bytes: &[u8]| number(bytes).ok_or(RefusedTar::NoNumber);
    Ok(Block {
        kind: old.linkflag[0],
        name,
        link: until_nul(&old.linkname).to_vec(),
        mode: field(&old.mode)?,
        uid: field(&old.uid)?,
        gid: field(&old.gid)?,
        size: field(&old.size)?,
        mtime: field(&old.mtime)?,
        old: is_old,
    })
}

/// Whether a header is of POSIX. Ant, Plexus and the tar of Node leave the version empty.
fn is_ustar(bytes: &[u8; BLOCK]) -> bool {
    matches!(&bytes[257..265], b"ustar\x0000" | b"ustar\0\0\0")
}

/// The sum of all bytes, those of the sum itself counted as blanks.
fn checksum(bytes: &[u8; BLOCK]) -> i128 {
    let sum = |part: &[u8]| part.iter().map(|&b| i128::from(b)).sum::<i128>();
    sum(&bytes[..148]) + 8 * i128::from(b' ') + sum(&bytes[156..])
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|&b| b == 0).next().unwrap_or_default()
}

/// A number in octal digits, or in GNU's base 256, which the topmost bit announces. An empty field is 0.
fn number(field: &[u8]) -> Option<i128> {
    if let Some((&first, rest)) = field.split_first().filter(|(first, _)| **first & 0x80 != 0) {
        let start = i128::from(first & 0x3f) - i128::from(first & 0x40);
        return Some(
            rest.iter()
                .fold(start, |value, &b| value << 8 | i128::from(b)),
        );
    }
    let text = field.trim_ascii_start();
    let len = text
        .iter()
        .take_while(|b| (b'0'..=b'7').contains(*b))
        .count();
    let (digits, rest) = text.split_at(len);
    if !rest.iter().all(|b| matches!(b, 0 | b' ')) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |value, &b| value << 3 | i128::from(b - b'0')),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_of_base_256() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(&[0; 12]), Some(0));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]), Some(258));
        assert_eq!(number(&[0xff; 12]), Some(-1));
        for bad in [
            &b"0000849\0"[..],
            b"12 34\0",
            b"0x1",
            b"-5\0",
            b"12\x0034\0",
        ] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }
}
