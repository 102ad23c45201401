//! What is being done, for those who want to follow. `report::text::warning` makes the sentences.

use std::path::Path;

use crate::model::RelPath;

/// Something that a person who waits may want to know.
#[derive(Clone, Copy, Debug)]
pub enum Status<'a> {
    /// Another process holds a lock on this path, and is waited for.
    Waiting(&'a Path),
    /// So many entries changed while they were read, and are read again.
    ChangedWhileRead(usize),
    /// The venv was exchanged for another tree while it was read, and is read again.
    ExchangedWhileRead,
    /// Running processes write into files through memory, so their times prove nothing.
    Mapped {
        /// The first of the files.
        first: &'a RelPath,
        /// How many more there are.
        more: usize,
    },
    /// So many files changed after they were checked, and are written afresh.
    ChangedSinceChecked(usize),
    /// Something changed outside of the part that is restored, so all of it is staged anew.
    StagedAnew,
    /// So much is to be fetched from elsewhere, which takes time and may be paid for.
    Fetches {
        /// Of how many packs.
        packs: u64,
        /// How many bytes.
        bytes: u64,
    },
    /// So many files are shared with the replaced tree, and are written afresh.
    Shared(usize),
}
