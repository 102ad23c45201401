//! What a member of a tar is.

use crate::model::RelPath;

/// What a member is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A directory.
    Dir,
    /// A regular file with its length; its content follows.
    File(u64),
    /// Another name of a file that came before.
    Link(RelPath),
    /// A symbolic link.
    Symlink(Vec<u8>),
    /// A named pipe.
    Fifo,
}
