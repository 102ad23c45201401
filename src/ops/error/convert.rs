//! The errors of the rooms below as errors of an operation, and back through the traits of `replace/`.

use std::path::PathBuf;

use super::Error;
use crate::ops::restore::Refusal;
use crate::{replace, store, tree};

impl Error {
    /// The same error, told as the fault of `store`, which an interrupted restore used.
    pub(in crate::ops) fn of_unsettled(self, store: PathBuf) -> Self {
        match self {
            Self::Store(source) => Self::Unsettled {
                store,
                source: Box::new(source),
            },
            other => other,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Interrupted => Self::Interrupted,
            other => Self::Store(other),
        }
    }
}

impl From<tree::Error> for Error {
    fn from(error: tree::Error) -> Self {
        match error {
            tree::Error::Stopped => Self::Interrupted,
            other => Self::Venv(other),
        }
    }
}

impl From<replace::Error> for Error {
    fn from(error: replace::Error) -> Self {
        use replace::Error as Failed;
        match error {
            Failed::Path(error) => Self::Path(error),
            Failed::Tree(error) => Self::Venv(error),
            Failed::NoRoom(error) => Self::NoRoom(error),
            Failed::InTheWay(path) => Self::InTheWay(path),
            Failed::NotVerified { path, what } => Self::NotVerified { path, what },
            Failed::NeverSteady => Refusal::NeverSteady.into(),
            Failed::ReplacedMeanwhile => Refusal::ReplacedMeanwhile.into(),
            Failed::FilledMeanwhile(path) => Refusal::FilledMeanwhile(path).into(),
            Failed::Refused(why) => Self::Unreplaced(why),
            Failed::NotKept(error) => Self::NoIncident(Box::new((*error).into())),
            Failed::Busy(path) => Self::Busy(path),
            Failed::Uncompleted(error) => (*error).into(),
            // The contents and the keeper that `replace/` calls are ours, so their errors are ours too.
            Failed::Waits(error) | Failed::Outside(error) => match error.downcast() {
                Ok(error) => *error,
                Err(error) => Self::Outside(error),
            },
            Failed::Stopped => Self::Interrupted,
        }
    }
}

impl From<Error> for replace::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Interrupted => Self::Stopped,
            Error::NotVerified { path, what } => Self::NotVerified { path, what },
            // Somebody else is at work in the store, or it cannot be had now.
            Error::Store(store::Error::Locked(_)) | Error::Unsettled { .. } => {
                Self::Waits(Box::new(error))
            }
            other => Self::Outside(Box::new(other)),
        }
    }
}
