//! Why a tree was not put in the place of another.

use std::path::PathBuf;

use crate::disk::PathError;
use crate::disk::space::TooLittle;
use crate::tree;

/// A replacement that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A system call.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A tree could not be read.
    #[error(transparent)]
    Tree(tree::Error),
    /// There is not enough room to build the new tree.
    #[error(transparent)]
    NoRoom(#[from] TooLittle),
    /// Something stands where the new tree would be built, and no journal says that anybody left it.
    #[error("'{0}' is in the way")]
    InTheWay(PathBuf),
    /// What was staged is not what was asked for; it was thrown away.
    #[error("the staged tree is wrong at '{path}' ({what})")]
    NotVerified { path: String, what: String },
    /// Files that were to be taken over changed each time after they were checked.
    #[error("files of the tree change faster than they can be taken over")]
    NeverSteady,
    /// The tree is another directory than the one that was looked at.
    #[error("the tree was replaced by somebody else in the meantime")]
    ReplacedMeanwhile,
    /// Where nothing stood something stands by now.
    #[error("'{0}' is not empty any more")]
    FilledMeanwhile(PathBuf),
    /// It cannot be done here, or not now.
    #[error("{0}")]
    Refused(String),
    /// What is replaced cannot be kept.
    #[error("the state that would be replaced cannot be saved")]
    NotKept(#[source] Box<Error>),
    /// Steps in place that were begun cannot be completed now.
    #[error("what was begun cannot be completed")]
    Uncompleted(#[source] Box<Error>),
    /// Somebody else works on it.
    #[error("another process is working on '{0}'")]
    Busy(PathBuf),
    /// The keeper cannot do it now, but can later.
    #[error(transparent)]
    Waits(Outside),
    /// Something beyond a window of this room failed.
    #[error(transparent)]
    Outside(Outside),
    /// Told to stop.
    #[error("interrupted")]
    Stopped,
}

/// An error of whoever stands behind a window.
pub(crate) type Outside = Box<dyn std::error::Error + Send + Sync>;

impl From<tree::Error> for Error {
    fn from(error: tree::Error) -> Self {
        match error {
            tree::Error::Stopped => Self::Stopped,
            other => Self::Tree(other),
        }
    }
}
