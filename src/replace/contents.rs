//! The first trait through which this room is told what to do: the contents of the new tree, whoever has them.

use super::disk::staging::Staging;
use super::error::Error;
use crate::model::{Entry, RelPath};
use crate::monitor::Monitor;

/// What the new tree shall hold, byte by byte: a snapshot, or a tree that was built elsewhere.
pub(crate) trait Contents: Sync {
    /// Writes entries into a staging directory, each with its attributes. None of them is a directory, and the first
    /// name of a group of hard links comes before its others. Fails where a content is not to be had, or is not what
    /// the entry says.
    fn write(
        &self,
        staging: &Staging,
        entries: &[&Entry],
        monitor: &dyn Monitor,
    ) -> Result<Written, Error>;
}

/// How much was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Written {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Further names of files that are copies, since links were refused.
    pub(crate) copies: Vec<RelPath>,
}
