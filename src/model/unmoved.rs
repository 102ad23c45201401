//! What of a tree still belongs to its old place after the tree was adapted to another one.

use super::path::RelPath;

/// What stays as it was in a tree that is adapted to another place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unmoved {
    /// A distribution is installed as editable, and its source lies outside of the tree.
    Editable {
        /// The directory of its metadata.
        metadata: Vec<u8>,
    },
    /// A file adds a directory that lies outside of the tree.
    Outside {
        /// The file.
        path: RelPath,
        /// The directory.
        adds: Vec<u8>,
    },
    /// A file still names the old place, and cannot be rewritten.
    Stuck(RelPath),
}
