//! Bytecode: what Python writes by itself under `__pycache__` (PEP 3147, PEP 552).

use super::marshal;
use crate::model::{Entry, RelPath};

/// Whether a path is a cached bytecode file or a cache directory.
pub(crate) fn is_bytecode(path: &RelPath) -> bool {
    let in_cache = path
        .parent()
        .is_some_and(|dir| dir.name() == b"__pycache__");
    path.name() == b"__pycache__" || in_cache && path.name().ends_with(b".pyc")
}

/// The source that a bytecode file was compiled from: `x/__pycache__/m.cpython-311.pyc` → `x/m.py`.
pub(crate) fn source_of(path: &RelPath) -> Option<RelPath> {
    let dir = path.parent()?.parent()?;
    let stem = path
        .name()
        .split(|&b| b == b'.')
        .next()
        .filter(|stem| !stem.is_empty())?;
    dir.join(&[stem, b".py"].concat()).ok()
}

/// The first 16 bytes of a bytecode file, of the kind that is checked by time and size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PycHeader {
    mtime: u32,
    size: u32,
}

impl PycHeader {
    /// The length in bytes.
    pub(crate) const LEN: usize = 16;

    /// Reads a header. None where it is cut, or where the file is checked by hash instead.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        (word(4)? == 0).then_some(())?;
        Some(Self {
            mtime: word(8)?,
            size: word(12)?,
        })
    }

    /// The lower 32 bits of the size in bytes of the source that it was compiled from.
    pub(crate) fn source_size(self) -> u32 {
        self.size
    }

    /// Whether Python would take this bytecode for that source: it compares the lower 32 bits of time and size.
    pub(crate) fn fits(self, source: &Entry) -> bool {
        source.size().is_some_and(|size| size as u32 == self.size)
            && source.meta.mtime.secs as u32 == self.mtime
    }
}

/// Numbers by which `CPython` 3.8 to 3.14 mark their bytecode (`Include/internal/pycore_magic_number.h`).
const KNOWN_MAGIC: std::ops::Range<u16> = 3400..3650;

/// Whether a bytecode file is whole: behind its header comes one code object, and nothing else.
pub(crate) fn is_whole(content: &[u8]) -> bool {
    let (Some(magic), Some(body)) = (content.first_chunk(), content.get(PycHeader::LEN..)) else {
        return false;
    };
    let is_known = KNOWN_MAGIC.contains(&u16::from_le_bytes(*magic));
    let is_code = body.first().is_some_and(|kind| kind & 0x7f == b'c');
    is_code && marshal::is_whole(body, is_known)
}

/// What one look at the content of bytecode tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Glimpse {
    /// Whether it is whole behind its header.
    pub(crate) whole: bool,
    /// Whether Python believes it without a look at the source (PEP 552, "unchecked").
    pub(crate) blind: bool,
}

impl Glimpse {
    /// Looks at content.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self {
            whole: is_whole(bytes),
            blind: bytes.get(4..8) == Some(&[1, 0, 0, 0]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn knows_bytecode_and_its_source() {
        let pyc = path("lib/x/__pycache__/core.cpython-311.opt-1.pyc");
        assert!(is_bytecode(&pyc) && is_bytecode(&path("x/__pycache__")));
        assert!(!is_bytecode(&path("x/core.pyc")) && !is_bytecode(&path("__pycache__/readme.txt")));
        assert_eq!(source_of(&pyc), Some(path("lib/x/core.py")));
    }

    #[test]
    fn a_header_checked_by_hash_says_nothing_of_times() {
        let mut bytes = [0; 16];
        bytes[8] = 5;
        assert!(PycHeader::read(&bytes).is_some());
        bytes[4] = 1;
        assert!(PycHeader::read(&bytes).is_none());
        assert!(PycHeader::read(&bytes[..15]).is_none());
    }
}
