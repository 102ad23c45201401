//! Why a tree was not put in the place of another.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::PathError;
use crate::disk::space::TooLittle;
use crate::model::{Kind, RelPath};
use crate::tree;

/// A replacement that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A system call failed.
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
    NotVerified { path: RelPath, what: Mismatch },
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
    #[error(transparent)]
    Refused(#[from] Unreplaced),
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
    /// Contents or keeper failed.
    #[error(transparent)]
    Outside(Outside),
    /// The person asked to stop.
    #[error("interrupted")]
    Stopped,
}

/// How something in a staged tree is not what was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mismatch {
    /// It came out otherwise.
    Differs {
        /// How.
        kind: Kind,
        /// What more is known of that.
        reason: Option<String>,
    },
    /// What the contents gave has another length than the tree says.
    Length,
    /// It was asked for, and the plan leaves it otherwise.
    LeftOut,
}

impl Mismatch {
    /// Whether its content is right, and what else belongs to it is not: the place cannot hold that.
    pub fn is_of_attributes(&self) -> bool {
        let kinds = [Kind::Mode, Kind::Owner, Kind::Mtime, Kind::Link];
        matches!(self, Self::Differs { kind, .. } if kinds.contains(kind))
    }
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { kind, reason: None } => f.write_str(kind.as_str()),
            Self::Differs {
                kind,
                reason: Some(reason),
            } => write!(f, "{}, {reason}", kind.as_str()),
            Self::Length => f.write_str("the tree gives another length than the object has"),
            Self::LeftOut => {
                f.write_str("it was asked for, and would not be as the snapshot has it")
            }
        }
    }
}

/// Why a tree is left as it is, though nothing failed.
#[derive(Debug, thiserror::Error)]
pub enum Unreplaced {
    /// The old tree was to stay beside the new one.
    #[error("the old tree cannot be kept, since {0}; nothing was changed")]
    CannotKeep(Bound),
    /// The old tree would have to stay, since nobody could read all of it.
    #[error(
        "what cannot be read would be lost, since {0} and the old tree cannot be kept; nothing was changed"
    )]
    LosesUnread(Bound),
    /// Something would be replaced in place while it changes all the time.
    #[error(
        "'{0}' changes all the time, so it cannot be saved before it is replaced; \
         stop what writes to it; nothing was changed"
    )]
    Restless(RelPath),
    /// Something stands where a step of an earlier replacement is still to be done, and nobody keeps it.
    #[error("'{path}' {why}, so it cannot be saved before it is replaced")]
    Unsaved {
        /// What.
        path: RelPath,
        /// Why nobody does.
        why: Unsaved,
    },
    /// Another user began a replacement in place.
    #[error("only the user who began it may do that")]
    OfOtherUser,
}

/// Why nobody keeps what stands in the way of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unsaved {
    /// The replacement had nobody who keeps anything.
    #[error("is in no snapshot")]
    NoKeeper,
    /// What was kept is gone.
    #[error("is in no snapshot any more")]
    KeptGone,
    /// It cannot be read, or changes while it is.
    #[error("cannot be read, or never holds still")]
    Unread,
    /// What is kept was never all that stood there.
    #[error("or something beside it changes all the time")]
    Restless,
}

/// An error of contents or keeper, which are not of this room.
pub(crate) type Outside = Box<dyn std::error::Error + Send + Sync>;

impl From<tree::Error> for Error {
    fn from(error: tree::Error) -> Self {
        match error {
            tree::Error::Stopped => Self::Stopped,
            other => Self::Tree(other),
        }
    }
}

/// Why a tree cannot be exchanged for another.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Bound {
    /// Something is mounted on it.
    #[error("the venv is a mount point")]
    MountPoint,
    /// Something is mounted below it.
    #[error("something is mounted inside the venv")]
    HoldsMount,
    /// Something stands in it that can neither be made anew nor linked.
    #[error("it holds things that cannot be copied")]
    HoldsUncopiable,
    /// Something stands in it that this user can neither make anew nor link.
    #[error("it holds files of others, which only they or root can make anew")]
    HoldsForeign,
    /// This user may not change names in the directory around it.
    #[error("its directory may not be written")]
    Unwritable,
    /// The system refused to rename it.
    #[error("its directory cannot be renamed here")]
    Immovable,
    /// The directory around it cannot be opened.
    #[error("{0}")]
    Unopened(Arc<tree::Error>),
}
