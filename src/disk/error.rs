//! Every failure of a system call names what was tried and on what.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::Shown;

/// A system call that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} '{}'", Shown::path(path))]
pub struct PathError {
    /// What was tried: fits "cannot … PATH".
    pub verb: &'static str,
    /// On what.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl PathError {
    /// An error that no system call reported.
    pub(crate) fn new(verb: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self {
            verb,
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Whether the disk, the quota or a size limit is exhausted.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind as K;
        matches!(
            self.source.kind(),
            K::StorageFull | K::QuotaExceeded | K::FileTooLarge
        )
    }

    /// Whether a file would become longer than this process or the file system allows.
    pub fn is_too_long(&self) -> bool {
        self.source.kind() == io::ErrorKind::FileTooLarge
    }

    /// Whether the system refused for want of permission or because nothing may be written there.
    pub fn is_denied(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        )
    }

    /// Whether the system refused since something is in use, as what something is mounted on.
    pub(crate) fn is_busy(&self) -> bool {
        self.source.kind() == io::ErrorKind::ResourceBusy
    }

    /// Whether the person asked to stop. A system call that a signal interrupted has a number.
    pub(crate) fn is_stopped(&self) -> bool {
        self.source.kind() == io::ErrorKind::Interrupted && self.source.raw_os_error().is_none()
    }

    /// Whether there is nothing at all of that name, not even a link that leads nowhere.
    pub(crate) fn is_missing(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// Whether nothing is there: no such name, or a part of its path that is no directory.
    pub fn is_absent(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    }
}

/// Adds verb and path to what a system call returned.
pub(crate) trait At<T> {
    /// `verb` fits "cannot VERB 'PATH'".
    fn at(self, verb: &'static str, path: &Path) -> Result<T, PathError>;

    /// The same where the path has to be made, which is spared while nothing fails.
    fn at_with(self, verb: &'static str, path: impl FnOnce() -> PathBuf) -> Result<T, PathError>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, verb: &'static str, path: &Path) -> Result<T, PathError> {
        self.at_with(verb, || path.to_owned())
    }

    fn at_with(self, verb: &'static str, path: impl FnOnce() -> PathBuf) -> Result<T, PathError> {
        self.map_err(|source| PathError {
            verb,
            path: path(),
            source: source.into(),
        })
    }
}

/// An error with all that caused it, in one line.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
