//! What was seen done to one file of a venv, and by whom.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::Time;
use super::path::RelPath;
use super::who::Who;

/// One change that was seen. Of each path only the last one counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sighting {
    /// What was changed, below the venv.
    pub path: RelPath,
    /// When.
    pub at: Timestamp,
    /// What was left there; none where nothing was.
    pub left: Option<Left>,
    /// Who did it.
    pub who: Who,
}

/// What was left of a file: while it is still like this, nobody else has changed it since.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Left {
    /// Its length in bytes.
    pub size: u64,
    /// Its change time: whole seconds since the epoch.
    pub changed: i64,
    /// And nanoseconds.
    pub changed_nanos: u32,
}

impl Left {
    /// The state of a file of `size` bytes that last changed at `changed`.
    pub fn new(size: u64, changed: Time) -> Self {
        Self {
            size,
            changed: changed.secs,
            changed_nanos: changed.nanos,
        }
    }
}
