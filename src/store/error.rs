//! What can be wrong with a store.

use std::path::PathBuf;

use crate::disk::PathError;
use crate::model::Shown;

/// A store that cannot be used as wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no store at the path.
    #[error("there is no store at '{}'", Shown::path(.0))]
    NoStore(PathBuf),
    /// The directory holds something else.
    #[error("'{}' is not empty and no store", Shown::path(.0))]
    NotAStore(PathBuf),
    /// Its header is gone, or damaged.
    #[error(
        "the store '{}' has lost its header ('venv-snap.json'): {what}",
        Shown::path(path)
    )]
    Header {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It belongs to somebody else, or others may write in it.
    #[error("the store '{}' cannot be trusted: {why}", Shown::path(path))]
    Untrusted {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was written by a newer version.
    #[error(
        "the store '{}' needs a newer version of this program: {what}",
        Shown::path(path)
    )]
    TooNew {
        /// Where.
        path: PathBuf,
        /// What is not understood.
        what: String,
    },
    /// Another process holds it, and it was not freed in time.
    #[error("the store '{}' is in use by another process", Shown::path(.0))]
    Locked(PathBuf),
    /// A file of the truth does not hold what its name or its checksums say.
    #[error("{place} is damaged: {what}")]
    Corrupt {
        /// Which file, and where in it.
        place: String,
        /// What was found.
        what: String,
    },
    /// An object that a tree names is in no pack.
    #[error("the store has lost object {0}")]
    LostObject(String),
    /// More than a snapshot can hold.
    #[error("the tree holds more, or longer paths, than a snapshot can")]
    TooMuch,
    /// The index failed in a way that rebuilding cannot cure.
    #[error("the index of the store, '{}', failed", Shown::path(path))]
    Index {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// Compression failed.
    #[error("cannot compress a frame")]
    Compress(#[source] std::io::Error),
    /// The work was told to stop.
    #[error("interrupted")]
    Interrupted,
    /// A system call failed.
    #[error(transparent)]
    Path(#[from] PathError),
}
