//! Why a replaced tree stays beside the new one.

use super::error::Error;
use crate::disk::error::reason;
use crate::model::RelPath;

/// Why a replaced tree stays beside the new one, as far as that is known before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Keep {
    /// The person asked for it.
    Asked,
    /// Something in it could not be read, and would be lost with it.
    Unread(RelPath),
}

/// What would be lost with a replaced tree, found out when it was to go.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// Nobody keeps anything of it.
    #[error("no snapshot has it")]
    All,
    /// It is another tree.
    #[error("it is not the tree that was replaced")]
    Other,
    /// What was kept of it is gone.
    #[error("its incident snapshot is gone")]
    Gone,
    /// Something of which the last state could not be had: it cannot be read, or never holds still.
    #[error("'{0}' cannot be read, or never holds still")]
    Restless(RelPath),
    /// What changed last cannot be kept.
    #[error("{}", reason(.0))]
    Late(Error),
}
