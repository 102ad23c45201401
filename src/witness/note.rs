//! What the kernel tells of one name in one directory.

use std::os::fd::OwnedFd;

use super::event::What;
use super::places::Key;

/// One notice.
#[derive(Debug)]
pub(super) struct Note {
    /// In which directory.
    pub(super) key: Key,
    /// Of which name in it; of the directory itself, an empty one or `.`.
    pub(super) name: Vec<u8>,
    /// What happened.
    pub(super) what: What,
    /// Whether it is a directory.
    pub(super) is_dir: bool,
    /// Which process did it, where the kernel says so.
    pub(super) by: Option<By>,
}

/// The process that did something.
#[derive(Debug)]
pub(super) struct By {
    /// Its number.
    pub(super) pid: u32,
    /// What keeps its number from being mistaken; none where it was gone already.
    pub(super) pidfd: Option<OwnedFd>,
}

/// What was read at once.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) list: Vec<Note>,
    /// How many events were read: not each is a notice that is wanted.
    pub(super) read: usize,
    /// Whether some were dropped.
    pub(super) lost: bool,
}
