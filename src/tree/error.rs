//! Why a venv could not be looked at.

use std::path::PathBuf;

use crate::disk::PathError;
use crate::model::{RelPath, Shown};

/// A venv that cannot be used as wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is there.
    #[error("there is no '{}'", Shown::path(.0))]
    NotFound(PathBuf),
    /// The directory that would hold it is not there either.
    #[error("the directory that should hold '{}' does not exist", Shown::path(.0))]
    NoParent(PathBuf),
    /// It is a file or something else.
    #[error("'{}' is no directory", Shown::path(.0))]
    NotADirectory(PathBuf),
    /// A directory without `pyvenv.cfg`.
    #[error("'{}' is no venv: it holds no pyvenv.cfg", Shown::path(.0))]
    NotAVenv(PathBuf),
    /// A directory in which nothing tells what should be there.
    #[error(
        "'{}' is no venv, no environment of conda, and not what pip filled: nothing in it tells what should be there",
        Shown::path(.0)
    )]
    NotAudited(PathBuf),
    /// Something could not be read.
    #[error("cannot read {} of the venv's entries, the first is '{first}': {reason}", .count)]
    Unreadable {
        /// How many.
        count: usize,
        /// The first.
        first: RelPath,
        /// Why.
        reason: String,
    },
    /// It never held still.
    #[error("the venv kept changing while it was read; the last to change was '{0}'")]
    Unstable(RelPath),
    /// Each tree that was read was exchanged for another one meanwhile.
    #[error("'{}' changes while it is read: it was exchanged for another tree each time", Shown::path(.0))]
    Exchanged(PathBuf),
    /// The work was told to stop.
    #[error("interrupted")]
    Stopped,
    /// A system call failed.
    #[error(transparent)]
    Path(#[from] PathError),
}
