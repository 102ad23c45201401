//! What can be wrong with a store.

use std::path::PathBuf;

use super::corrupt::{CorruptPart, Corruption, short};
use super::unusable::IndexFailure;
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
        what: LostHeader,
    },
    /// It belongs to somebody else, or others may write in it.
    #[error("the store '{}' cannot be trusted: {why}", Shown::path(path))]
    Untrusted {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        why: Untrusted,
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
        what: Newer,
    },
    /// Another process holds it, and it was not freed in time.
    #[error("the store '{}' is in use by another process", Shown::path(.0))]
    Locked(PathBuf),
    /// A file of the truth does not hold what its name or its checksums say.
    #[error("{part} is damaged: {what}")]
    Corrupt {
        /// What is damaged.
        part: CorruptPart,
        /// What was found.
        what: Corruption,
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
        source: IndexFailure,
    },
    /// Only a store in a directory can do that.
    #[error("a store in a bucket {0}")]
    Elsewhere(NotInBucket),
    /// A store in a directory has no server that could break a promise.
    #[error("the store '{}' lies in a directory of this host", Shown::path(.0))]
    InDirectory(PathBuf),
    /// Its server does not give parts of objects, which is how a store is read.
    #[error(
        "the server of '{}' does not give parts of objects as S3 does, so nothing that is saved there could be read \
         back",
        Shown::path(.0)
    )]
    NoRanges(PathBuf),
    /// Its server does not keep what hosts that share a store rely on, and another host writes in it.
    #[error(
        "the server of '{}' does not keep its promises, so one host alone may write there: {}",
        Shown::path(store), Shown(host.as_bytes())
    )]
    SoleWriter {
        /// The store.
        store: PathBuf,
        /// Which host.
        host: String,
    },
    /// Another host frees its space.
    #[error(
        "the space of '{}' is freed by its owner alone, which is {}",
        Shown::path(store),
        owner
            .as_ref()
            .map_or_else(|| "not told".to_owned(), |host| Shown(host.as_bytes()).to_string())
    )]
    NotOwner {
        /// The store.
        store: PathBuf,
        /// Which host; none where what names it cannot be understood.
        owner: Option<String>,
    },
    /// Clocks are apart, so that nobody knows how old anything is.
    #[error(
        "the clock of the server of '{}' is {seconds} s off that of this host, or went back: nothing there has an age",
        Shown::path(store)
    )]
    ClocksApart {
        /// The store.
        store: PathBuf,
        /// How many seconds the server's is ahead.
        seconds: i64,
    },
    /// Packs that were there when a save began may be gone by now.
    #[error("this took so long that what was relied on may be gone from '{}'", Shown::path(.0))]
    TooSlow(PathBuf),
    /// There is no place on this host for what belongs to a store in a bucket.
    #[error("there is no directory on this host for the index of a store in a bucket")]
    Homeless,
    /// The directory of this host for a store in a bucket cannot be made.
    #[error("nothing can be kept on this host of a store in a bucket")]
    NoHome(#[source] PathError),
    /// Compression failed.
    #[error("cannot compress a frame")]
    Compress(#[source] std::io::Error),
    /// The work was told to stop.
    #[error("interrupted")]
    Interrupted,
    /// A system call failed.
    #[error(transparent)]
    Path(PathError),
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        if error.is_stopped() {
            return Self::Interrupted;
        }
        Self::Path(error)
    }
}

/// What a store in a bucket does not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotInBucket {
    /// It keeps no boxes of what was displaced.
    #[error("takes nothing in that is no snapshot")]
    Boxes,
    /// Nobody holds it alone.
    #[error("can be opened by other hosts at any time, and so is nobody's alone")]
    Alone,
    /// Its header is not made anew.
    #[error("cannot be mended from here")]
    Mended,
    /// Its space is not freed while it belongs to nobody.
    #[error("has no owner, who alone may free its space")]
    Freed,
}

/// Why a store has no header.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LostHeader {
    /// The file is not there.
    #[error("it is missing")]
    Missing,
    /// It cannot be read as JSON of that form.
    #[error("it is damaged ({0})")]
    Json(String),
}

/// Why nobody goes by what a store holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Untrusted {
    /// It belongs to this user.
    #[error("it belongs to user {0}")]
    Owner(u32),
    /// Others may write in it: the bits of its mode.
    #[error("others may write in it (mode {0:04o})")]
    Mode(u32),
}

/// What is of a version that this program does not know.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Newer {
    /// The store, by the number of its format.
    #[error("it has format {0}")]
    Format(u32),
    /// The store, by a feature that it asks for.
    #[error("it needs '{0}'")]
    Feature(String),
    /// The file of a snapshot, by its name.
    #[error("snapshot {} has another format", short(.0))]
    Snapshot(String),
    /// A pack, by its name.
    #[error("pack {} has another format", short(.0))]
    Pack(String),
}
