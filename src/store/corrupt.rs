//! What of a store is damaged, and how. Facts only; their texts are those of an error.

use std::fmt;

use super::wire::Malformed;
use crate::model::{Digest, RelPath, Shown};

/// A part of a store that was found damaged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CorruptPart {
    /// The file of a snapshot, by its name.
    SnapshotFile(String),
    /// A pack, by its name; none where the index has forgotten it.
    Pack(Option<String>),
    /// The frame that begins at this byte of a pack.
    Frame {
        /// The name of the pack.
        pack: String,
        /// The first byte.
        offset: u64,
    },
    /// An object.
    Object(Digest),
    /// The list of segments that a large object is.
    Segments(Digest),
    /// The topmost tree of a snapshot.
    TopTree(Digest),
    /// The tree of a directory.
    Tree {
        /// The directory.
        dir: RelPath,
        /// The tree.
        id: Digest,
    },
    /// A file of a snapshot.
    File(RelPath),
    /// A frame that is given to be added.
    NewFrame,
}

impl fmt::Display for CorruptPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SnapshotFile(name) => write!(f, "snapshot file {}", short(name)),
            Self::Pack(name) => write!(f, "pack {}", name.as_deref().map_or("?".into(), short)),
            Self::Frame { pack, offset } => write!(f, "pack {} (byte {offset})", short(pack)),
            Self::Object(id) => write!(f, "object {id:?}"),
            Self::Segments(id) => write!(f, "the list of segments of {id:?}"),
            Self::TopTree(id) => write!(f, "the topmost tree ({id:?})"),
            Self::Tree { dir, id } => write!(f, "the tree of '{dir}' ({id:?})"),
            Self::File(path) => write!(f, "'{}'", Shown(path.as_bytes())),
            Self::NewFrame => f.write_str("a frame"),
        }
    }
}

/// What is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Corruption {
    /// A file does not hold what its name, a digest, says.
    #[error("its content does not fit its name")]
    ForeignContent,
    /// An object does not hold what its name, a digest, says.
    #[error("object {0:?} does not have the content that its name says")]
    ForeignObject(Digest),
    /// It cannot be read as JSON of that form.
    #[error("{0}")]
    Json(String),
    /// It does not have the form that docs/format.md gives it.
    #[error("{0}")]
    Malformed(&'static str),
    /// It is longer than anything of its kind can be.
    #[error("it is too long for what it is")]
    TooLong,
    /// It ends before the length that a tree gives.
    #[error("it is shorter than a tree says")]
    TooShort,
    /// Its length is another one than a tree gives.
    #[error("the tree gives another length than the object has")]
    OtherLength,
}

impl From<Malformed> for Corruption {
    fn from(Malformed(what): Malformed) -> Self {
        Self::Malformed(what)
    }
}

/// The part of a file's name that people see.
pub(super) fn short(name: &str) -> String {
    name.chars().take(12).collect()
}
