//! What a witness tells.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use crate::model::{RelPath, Who};

/// Something to look at.
#[derive(Clone, Debug)]
pub enum Event {
    /// Something below a root changed.
    Changed {
        /// The root, as it was given.
        root: PathBuf,
        /// Where, below it; the root itself where it, or a directory above it, was made, moved or removed.
        path: RelPath,
        /// Whether that is a directory. Of one that was made or moved, everything below has to be looked at.
        is_dir: bool,
        /// How.
        what: What,
        /// When that was read; it happened at most a few milliseconds before.
        when: Instant,
        /// Who did it; none where that cannot be known ([`super::Witness::nameless`]).
        who: Option<Arc<Who>>,
    },
    /// Some changes were not told: everything has to be looked at.
    Lost {
        /// Why.
        why: Loss,
    },
    /// Changes below a root are not told, or not all of them: it has to be looked at by time.
    Blind {
        /// The root.
        root: PathBuf,
        /// Why.
        why: Blindness,
    },
    /// All that had happened when somebody asked ([`super::CatchUp`]) has been told.
    CaughtUp {
        /// Whoever asked waits for this. Whoever hears the witness passes all earlier events on before it sends the
        /// answer.
        answer: Sender<()>,
    },
}

/// What happened to a name in a directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum What {
    /// It is new.
    Created,
    /// It is gone.
    Removed,
    /// Its content was written or cut, or a file that was open for writing was closed.
    Written,
    /// Its mode, owner, times or other attributes were set.
    Attributes,
    /// It was renamed, from or to this name.
    Moved,
}

/// Why changes were lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Loss {
    /// More happened than the kernel keeps for one reader.
    #[error("more changes came at once than the kernel keeps")]
    Queue,
    /// More happened than this process keeps until somebody asks.
    #[error("more than {0} changes waited to be asked for")]
    Unasked(usize),
    /// The kernel said something that is not understood.
    #[error("the kernel's notices cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
}

/// Why a root cannot be watched.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Blindness {
    /// Other hosts change it as well, of which the kernel here hears nothing.
    #[error("it lies on {0}, where changes that other hosts make are not told")]
    Network(&'static str),
    /// It shows another directory, of which direct changes are not told.
    #[error("it lies on FUSE, where changes that are made past the mount are not told")]
    Fuse,
    /// No more directories can be watched.
    #[error(
        "'{}' is one directory more than may be watched ({limit}): raise {setting}",
        .path.display()
    )]
    Limit {
        /// The first one that could not be watched.
        path: PathBuf,
        /// How many may be watched.
        limit: u64,
        /// The name of the kernel's setting.
        setting: &'static str,
    },
    /// A directory cannot be watched.
    #[error("'{}' cannot be watched: {why}", .path.display())]
    Refused {
        /// Which.
        path: PathBuf,
        /// What the kernel says.
        why: String,
    },
}
