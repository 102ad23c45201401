//! Why a tar is not taken.

use std::io;

use crate::model::Shown;

/// A tar that could not be read, or that is not taken as it is. Nothing of it is ever set right in silence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system could not read it.
    #[error("cannot read it")]
    Read(#[source] io::Error),
    /// It is cut short, damaged, hostile, or holds something that no snapshot can.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// About one entry.
    pub(super) fn of(name: &[u8], what: &str) -> Self {
        Self::Refused(format!("'{}': {what}", brief(name)))
    }

    /// About the archive as such.
    pub(super) fn archive(what: &str) -> Self {
        Self::Refused(what.to_owned())
    }
}

impl From<io::Error> for Error {
    /// What a decompressor finds wrong comes as an error that no system call had.
    fn from(error: io::Error) -> Self {
        if error.raw_os_error().is_some() {
            Self::Read(error)
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::archive("it is cut short")
        } else {
            Self::Refused(error.to_string())
        }
    }
}

/// A name as it may be shown: an endless one is cut.
fn brief(name: &[u8]) -> String {
    const MAX: usize = 200;
    match name.get(..MAX) {
        Some(head) if name.len() > MAX => format!("{}…", Shown(head)),
        _ => Shown(name).to_string(),
    }
}
