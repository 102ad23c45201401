//! How the library tells what it is doing: counters, messages, and whether to stop. It prints nothing itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The listener that an operation reports to. Called from many threads.
pub trait Monitor: Sync {
    /// A new phase begins; totals are 0 where they are not known.
    fn phase(&self, name: &'static str, files_total: u64, bytes_total: u64);
    /// Work was done in this phase.
    fn advance(&self, files: u64, bytes: u64);
    /// Content was read from the venv: the counters by which a test knows that nothing was read twice.
    fn read(&self, files: u64, bytes: u64);
    /// Something people should know though the work goes on.
    fn warn(&self, text: &str);
    /// The same of what the person can change by asking for it. Who knows how adds that to the words.
    fn advise(&self, warning: &Warning) {
        self.warn(&warning.to_string());
    }
    /// What was done, for those who want to follow.
    fn status(&self, text: &str);
    /// Whether the person asked to stop.
    fn cancelled(&self) -> bool;
}

/// Something that was left as it is, and that a person may ask for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Warning {
    /// Set-id bits or file capabilities, which give whoever runs the file the rights of another.
    #[error("'{path}' had set-id bits or file capabilities; they are not restored")]
    PrivilegesLeftOut {
        /// The path, as it is shown.
        path: String,
    },
    /// Packages that are gone as a whole, which somebody may have wanted.
    #[error("left as they are, since all of them is gone: {packages}")]
    LeftGone {
        /// Their names, with commas between.
        packages: String,
    },
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
    fn warn(&self, text: &str) {
        self.0.warn(text);
    }
    fn advise(&self, warning: &Warning) {
        self.0.advise(warning);
    }
    fn status(&self, text: &str) {
        self.0.status(text);
    }
    fn cancelled(&self) -> bool {
        false
    }
}

/// Listens to nothing but counts, and keeps the warnings.
#[derive(Debug, Default)]
pub struct Silent {
    files_read: AtomicU64,
    bytes_read: AtomicU64,
    warnings: Mutex<Vec<String>>,
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

    /// The warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

impl Monitor for Silent {
    fn phase(&self, _: &'static str, _: u64, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
    fn read(&self, files: u64, bytes: u64) {
        self.files_read.fetch_add(files, Ordering::Relaxed);
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }
    fn warn(&self, text: &str) {
        self.warnings
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(text.to_owned());
    }
    fn status(&self, _: &str) {}
    fn cancelled(&self) -> bool {
        false
    }
}
