//! Bytecode: what Python writes by itself under `__pycache__` (PEP 3147, PEP 552).

use super::marshal;
use super::release::Magic;
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

/// The source from which a file was made that no distribution lists: what lies in a cache of bytecode, also of other
/// tools, and bytecode in the place of its source.
pub(crate) fn made_of(path: &RelPath) -> Option<RelPath> {
    let dir = path.parent()?;
    if dir.name() == b"__pycache__" {
        return source_of(path);
    }
    let stem = path.name().strip_suffix(b".pyc")?;
    dir.join(&[stem, b".py"].concat()).ok()
}

/// The bytecode that Python imports from the place of a source that is gone (`compileall -b`): `x/m.py` → `x/m.pyc`.
pub(crate) fn legacy_of(source: &RelPath) -> Option<RelPath> {
    let stem = source.name().strip_suffix(b".py")?;
    if stem.is_empty() {
        return None;
    }
    source.parent()?.join(&[stem, b".pyc"].concat()).ok()
}

/// Whether content can take the place of a source that is gone: it is whole, and of the Python that looks for it there.
pub(crate) fn stands_alone(path: &RelPath, content: &[u8]) -> bool {
    is_whole(content) && Magic::read(content).is_some_and(|magic| magic.is_read_alone(path))
}

/// What a bytecode file says of its source, in its first 16 bytes (PEP 552).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PycHeader {
    magic: Magic,
    bond: Bond,
}

/// By what Python tells whether bytecode belongs to a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bond {
    /// The lower 32 bits of its time in seconds, and of its size in bytes.
    Times { mtime: u32, size: u32 },
    /// Its hash.
    Hash([u8; 8]),
    /// Nothing: it is believed.
    Unchecked,
}

impl PycHeader {
    /// The length in bytes.
    pub(crate) const LEN: usize = 16;

    /// Reads a header. None where it is cut, or says what no Python understands.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let bond = match word(4)? {
            // The second bit means something only beside the first.
            0 | 2 => Bond::Times {
                mtime: word(8)?,
                size: word(12)?,
            },
            1 => Bond::Unchecked,
            3 => Bond::Hash(bytes.get(8..Self::LEN)?.try_into().ok()?),
            _ => return None,
        };
        let magic = Magic::read(bytes.get(..Self::LEN)?)?;
        Some(Self { magic, bond })
    }

    /// The lower 32 bits of the size in bytes of the source that it was compiled from, where it carries that.
    pub(crate) fn source_size(self) -> Option<u32> {
        match self.bond {
            Bond::Times { size, .. } => Some(size),
            Bond::Hash(_) | Bond::Unchecked => None,
        }
    }

    /// Whether the Python whose cache holds `path` would take this bytecode for that source, of which `content` gives
    /// the bytes.
    pub(crate) fn fits(
        self,
        path: &RelPath,
        source: &Entry,
        content: impl FnOnce() -> Option<Vec<u8>>,
    ) -> bool {
        self.magic.is_read_at(path)
            && match self.bond {
                Bond::Times { mtime, size } => {
                    source.size().is_some_and(|found| found as u32 == size)
                        && source.meta.mtime.secs as u32 == mtime
                }
                Bond::Hash(hash) => {
                    content().is_some_and(|content| self.magic.source_hash(&content) == hash)
                }
                Bond::Unchecked => source.size().is_some(),
            }
    }
}

/// Whether Python would take a bytecode file that stands in the place of its source for its own, and so fail if it is
/// not whole.
pub(crate) fn is_read_alone(path: &RelPath, content: &[u8]) -> bool {
    Magic::read(content).is_none_or(|magic| magic.is_read_alone(path))
}

/// Whether a bytecode file is whole: behind its header comes one code object, and nothing else.
pub(crate) fn is_whole(content: &[u8]) -> bool {
    let (Some(magic), Some(body)) = (Magic::read(content), content.get(PycHeader::LEN..)) else {
        return false;
    };
    let is_code = body.first().is_some_and(|kind| kind & 0x7f == b'c');
    is_code && marshal::is_whole(body, magic.layout())
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
        assert_eq!(legacy_of(&path("x/core.py")), Some(path("x/core.pyc")));
        assert_eq!(legacy_of(&path("x/core.pyi")), None);
        assert_eq!(made_of(&pyc), Some(path("lib/x/core.py")));
        assert_eq!(made_of(&path("x/core.pyc")), Some(path("x/core.py")));
        assert_eq!(made_of(&path("x/y/core.txt")), None);
    }

    #[test]
    fn a_header_says_by_what_it_is_checked_or_makes_no_sense() {
        let bond = |flags, len| {
            let mut bytes = [0; 16];
            bytes[4..9].copy_from_slice(&[flags, 0, 0, 0, 5]);
            PycHeader::read(&bytes[..len]).map(|header| header.bond)
        };
        let times = Some(Bond::Times { mtime: 5, size: 0 });
        assert_eq!((bond(0, 16), bond(2, 16)), (times, times));
        assert_eq!(bond(1, 16), Some(Bond::Unchecked));
        assert_eq!(bond(3, 16), Some(Bond::Hash([5, 0, 0, 0, 0, 0, 0, 0])));
        assert_eq!(bond(4, 16), None);
        for flags in 0..4 {
            assert_eq!(bond(flags, 15), None, "cut");
        }
    }
}
