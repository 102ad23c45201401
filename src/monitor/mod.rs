//! How the library tells what it is doing: counters, facts, and whether to stop. It prints nothing itself.

mod status;
mod warning;

use std::sync::atomic::{AtomicU64, Ordering};

pub use status::Status;
pub use warning::{
    Cause, EntryWarning, RecoveryWarning, RestoreWarning, SnapshotWarning, StoreWarning, Warning,
};

/// The listener that an operation reports to. Called from many threads.
pub trait Monitor: Sync {
    /// A new phase begins; totals are 0 where they are not known.
    fn phase(&self, name: &'static str, files_total: u64, bytes_total: u64);
    /// Work was done in this phase.
    fn advance(&self, files: u64, bytes: u64);
    /// Content was read from the venv: the counters by which a test knows that nothing was read twice.
    fn read(&self, files: u64, bytes: u64);
    /// Something people should know though the work goes on.
    fn warn(&self, warning: Warning<'_>);
    /// What is being done, for those who want to follow.
    fn status(&self, status: Status<'_>);
    /// Whether the person asked to stop.
    fn cancelled(&self) -> bool;
}

/// Passes everything on but the wish to stop: for work that must be brought to its end.
pub(crate) struct Unstoppable<'a>(pub(crate) &'a dyn Monitor);

impl Monitor for Unstoppable<'_> {
    fn phase(&self, name: &'static str, files_total: u64, bytes_total: u64) {
        self.0.phase(name, files_total, bytes_total);
    }
    fn advance(&self, files: u64, bytes: u64) {
        self.0.advance(files, bytes);
    }
    fn read(&self, files: u64, bytes: u64) {
        self.0.read(files, bytes);
    }
    fn warn(&self, warning: Warning<'_>) {
        self.0.warn(warning);
    }
    fn status(&self, status: Status<'_>) {
        self.0.status(status);
    }
    fn cancelled(&self) -> bool {
        false
    }
}

/// Listens to nothing but counts.
#[derive(Debug, Default)]
pub struct Silent {
    files_read: AtomicU64,
    bytes_read: AtomicU64,
}

impl Silent {
    /// How many files were read from a venv.
    pub fn files_read(&self) -> u64 {
        self.files_read.load(Ordering::Relaxed)
    }

    /// How many bytes were read from a venv.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }
}

impl Monitor for Silent {
    fn phase(&self, _: &'static str, _: u64, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
    fn read(&self, files: u64, bytes: u64) {
        self.files_read.fetch_add(files, Ordering::Relaxed);
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }
    fn warn(&self, _: Warning<'_>) {}
    fn status(&self, _: Status<'_>) {}
    fn cancelled(&self) -> bool {
        false
    }
}
