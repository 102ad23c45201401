//! Why a replaced tree stays beside the new one.

use std::fmt::{self, Display};

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
#[derive(Debug)]
pub(super) enum Lost {
    /// Nobody keeps anything of it.
    All,
    /// What was kept of it is gone.
    Gone,
    /// Something of which the last state could not be had: it cannot be read, or never holds still.
    Restless(RelPath),
    /// What changed last cannot be kept.
    Late(Error),
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => write!(f, "no snapshot has it"),
            Self::Gone => write!(f, "its incident snapshot is gone"),
            Self::Restless(path) => write!(f, "'{path}' cannot be read, or never holds still"),
            Self::Late(error) => write!(f, "{}", reason(error)),
        }
    }
}
