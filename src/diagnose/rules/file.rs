//! A file as a pattern sees it.

use super::super::case::{Expected, Hurt};
use crate::model::{RelPath, Time};

/// What a pattern may look at, the same for what is damaged and for what is not.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    /// Where.
    pub(super) path: &'a RelPath,
    /// Its size as it should be.
    pub(super) size: Option<u64>,
    /// Its modification time as it should be.
    pub(super) mtime: Option<Time>,
}

impl<'a> From<&'a Hurt> for File<'a> {
    fn from(hurt: &'a Hurt) -> Self {
        Self {
            path: &hurt.path,
            size: hurt.expected_size,
            mtime: hurt.expected_mtime,
        }
    }
}

impl<'a> From<&'a Expected<'_>> for File<'a> {
    fn from(file: &'a Expected<'_>) -> Self {
        Self {
            path: &file.path,
            size: file.size,
            mtime: file.mtime,
        }
    }
}
