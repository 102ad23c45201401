//! A path inside a venv: relative, normal, and made of bytes, since file names need not be UTF-8.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use super::text::Shown;

/// A relative path without `.`, `..`, empty parts or NUL. The root of the tree is the empty path.
///
/// Ordered part by part, so that a directory is followed by all that it holds. A clone shares the bytes: both sides of
/// a comparison, RECORD and whatever is told of a path name the same one, and there may be a million paths.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct RelPath(Arc<[u8]>);

/// Why some bytes are no [`RelPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{shown}' is no normal relative path")]
pub struct BadPath {
    shown: String,
}

impl RelPath {
    /// The longest name that Linux file systems hold (`NAME_MAX`).
    pub const NAME_BYTES_MAX: usize = 255;

    /// How deep directories may lie in each other. Nobody makes a deeper tree but to exhaust those who read it.
    pub(crate) const LEVELS_MAX: usize = 250;

    /// The root of the tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// Parses the bytes of a path. The empty string is the root.
    pub fn new(bytes: &[u8]) -> Result<Self, BadPath> {
        if !bytes.is_empty() && !bytes.split(|&b| b == b'/').all(is_name) {
            return Err(BadPath {
                shown: Shown(bytes).to_string(),
            });
        }
        Ok(Self(bytes.into()))
    }

    /// This path with one more part, which must be a plain name.
    pub fn join(&self, name: &[u8]) -> Result<Self, BadPath> {
        if !is_name(name) {
            return Err(BadPath {
                shown: Shown(name).to_string(),
            });
        }
        if self.is_root() {
            return Ok(Self(name.into()));
        }
        Ok(Self([&self.0, b"/".as_slice(), name].concat().into()))
    }

    /// Whether this is the root of the tree.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|&b| b == b'/').next().unwrap_or_default()
    }

    /// The directory that holds this; none for the root.
    pub fn parent(&self) -> Option<Self> {
        (!self.is_root()).then(|| Self(self.parent_bytes().into()))
    }

    /// The raw bytes of the directory that holds this; empty for what lies in the root, and for the root.
    pub fn parent_bytes(&self) -> &[u8] {
        let end = self.0.iter().rposition(|&b| b == b'/').unwrap_or(0);
        &self.0[..end]
    }

    /// The parts from the root down.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&b| b == b'/').filter(|part| !part.is_empty())
    }

    /// Whether this is `dir` or lies below it.
    pub fn is_within(&self, dir: &Self) -> bool {
        self.below(dir).is_some()
    }

    /// The raw bytes of this path as seen from `dir`, empty for `dir` itself; none for what lies elsewhere.
    pub fn below(&self, dir: &Self) -> Option<&[u8]> {
        if dir.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(dir.as_bytes())?;
        if rest.is_empty() {
            return Some(rest);
        }
        rest.strip_prefix(b"/")
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For the standard library.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }
}

/// Whether bytes are one plain file name.
fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= RelPath::NAME_BYTES_MAX
        && name != b"."
        && name != b".."
        && !name.contains(&0)
        && !name.contains(&b'/')
}

impl Ord for RelPath {
    fn cmp(&self, other: &Self) -> Ordering {
        // '/' sorts below every byte that a name can hold.
        let rank = |b: u8| if b == b'/' { 0 } else { b };
        let at = first_difference(&self.0, &other.0);
        match (self.0.get(at), other.0.get(at)) {
            (Some(a), Some(b)) => rank(*a).cmp(&rank(*b)),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }
}

/// Where two texts begin to differ, or where the shorter one ends. Eight bytes at a time: paths of one tree share long
/// beginnings, and sorting compares them often.
fn first_difference(a: &[u8], b: &[u8]) -> usize {
    let (words_a, _) = a.as_chunks::<8>();
    let (words_b, _) = b.as_chunks::<8>();
    let same = words_a.iter().zip(words_b).take_while(|(a, b)| a == b);
    let start = same.count() * 8;
    let rest = a[start..].iter().zip(&b[start..]);
    start + rest.take_while(|(a, b)| a == b).count()
}

impl PartialOrd for RelPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            f.write_str(".")
        } else {
            Shown(&self.0).fmt(f)
        }
    }
}

impl serde::Serialize for RelPath {
    /// Text where it is UTF-8, else the bytes.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_seq(self.0.iter()),
        }
    }
}

impl<'de> serde::Deserialize<'de> for RelPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Bytes(Vec<u8>),
        }
        let bytes = match Form::deserialize(deserializer)? {
            Form::Text(text) => text.into_bytes(),
            Form::Bytes(bytes) => bytes,
        };
        Self::new(&bytes).map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{self}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_normal() {
        for bad in [
            "/", "/a", "a/", "a//b", ".", "a/./b", "..", "a/../b", "a\0b",
        ] {
            assert!(RelPath::new(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(RelPath::new(&[b'x'; 256]).is_err());
        assert!(RelPath::new(b"lib/a b/\xff").is_ok());
    }

    #[test]
    fn a_directory_is_followed_by_what_it_holds() {
        let mut paths: Vec<_> = ["a-b", "a", "a/c", "a/b", "a.py"]
            .iter()
            .map(|p| RelPath::new(p.as_bytes()).unwrap())
            .collect();
        paths.sort();
        let names: Vec<_> = paths.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a", "a/b", "a/c", "a-b", "a.py"]);
    }

    #[test]
    fn knows_its_parts() {
        let path = RelPath::new(b"lib/x/y.py").unwrap();
        assert_eq!(path.name(), b"y.py");
        assert_eq!(path.parent(), Some(RelPath::new(b"lib/x").unwrap()));
        assert_eq!(
            RelPath::new(b"lib").unwrap().parent(),
            Some(RelPath::root())
        );
        assert!(path.is_within(&RelPath::new(b"lib").unwrap()));
        assert!(!path.is_within(&RelPath::new(b"li").unwrap()));
        for (dir, below) in [
            ("", Some(&b"lib/x/y.py"[..])),
            ("lib", Some(b"x/y.py")),
            ("lib/x/y.py", Some(b"")),
            ("li", None),
            ("x", None),
        ] {
            let dir = RelPath::new(dir.as_bytes()).unwrap();
            assert_eq!(path.below(&dir), below, "{dir}");
        }
    }
}
