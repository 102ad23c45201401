//! Errors as people see them: what, why, and what to do. The only place that knows with which exit code an error of the
//! library ends the program.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use venv_snap::model::{Audit, Shown};
use venv_snap::ops::{Error, Unbuilt, Unsettled};
use venv_snap::{StoreError, VenvError};

use super::exit::Exit;
use super::hint::hint;

/// An error with its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hint: Option<String>,
    pub(crate) exit: Exit,
    /// What was found, where findings are the reason.
    pub(crate) audit: Option<Box<Audit>>,
    /// In which venv.
    pub(crate) venv: Option<PathBuf>,
}

impl Failure {
    /// A mistake in the command line.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hint: Some(hint.into()),
            exit: Exit::Usage,
            audit: None,
            venv: None,
        }
    }

    /// Something that could not be done.
    pub(crate) fn not_done(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            exit: Exit::NotDone,
            audit: None,
            venv: None,
        }
    }

    /// The refusal of a venv whose findings have just been shown: they are not told once more.
    pub(crate) fn refused(audit: Box<Audit>) -> Self {
        let message = "the venv is damaged, and so it was not saved".to_owned();
        Self {
            message,
            ..Error::Damaged(audit).into()
        }
    }

    /// What is left to do after a restore that happened.
    pub(crate) fn unsettled(place: &Path, unsettled: &Unsettled) -> Self {
        let place = Shown::path(place);
        let next = "the next command that works on the venv tries again";
        let hint = match &unsettled.left {
            Some(left) => format!(
                "what it replaced is left as '{}': {next}, and the next restore or undo goes on whatever comes of it",
                Shown::path(left)
            ),
            None => next.to_owned(),
        };
        let why = &unsettled.why;
        Self {
            causes: [why.to_string()].into_iter().chain(causes(why)).collect(),
            hint: Some(hint),
            ..Self::not_done(format!(
                "'{place}' is restored, but not all is done that comes after it"
            ))
        }
    }

    /// Says in which venv it was found.
    pub(crate) fn in_venv(self, venv: &Path) -> Self {
        Self {
            venv: Some(venv.to_owned()),
            ..self
        }
    }

    /// Replaces the hint.
    pub(crate) fn with_hint(self, hint: String) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// Replaces the hint where there is a better one.
    pub(crate) fn with_next(self, next: Option<String>) -> Self {
        match next {
            Some(next) => self.with_hint(next),
            None => self,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            message: error.to_string(),
            causes: match &error {
                Error::Unbuilt(unbuilt) => super::rebuild::said(unbuilt),
                _ => causes(&error),
            },
            hint: hint(&error),
            exit: exit(&error),
            audit: match error {
                Error::Damaged(audit) | Error::Unbuilt(Unbuilt::Unsound(audit)) => Some(audit),
                _ => None,
            },
            venv: None,
        }
    }
}

impl From<VenvError> for Failure {
    fn from(error: VenvError) -> Self {
        Error::from(error).into()
    }
}

/// What caused an error, in words, the nearest first.
fn causes(error: &Error) -> Vec<String> {
    let mut all = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        all.push(cause.to_string());
        source = cause.source();
    }
    all
}

fn exit(error: &Error) -> Exit {
    match error {
        Error::Store(StoreError::NoStore(_))
        | Error::NoSnapshot { .. }
        | Error::NoHost { .. }
        | Error::NoRole { .. }
        | Error::NoBaseline { .. }
        | Error::NothingToUndo(_)
        | Error::NoRestore(_) => Exit::NoStore,
        Error::Store(StoreError::Locked(_)) | Error::Busy(_) | Error::Unbuilt(Unbuilt::Busy(_)) => {
            Exit::Locked
        }
        Error::Unsettled { source, .. } if matches!(**source, StoreError::Locked(_)) => {
            Exit::Locked
        }
        Error::Ambiguous { .. }
        | Error::KeepsNothing
        | Error::ShortGrace
        | Error::NoMatch(_)
        | Error::NotCached(_)
        | Error::NotQuarantined(_)
        | Error::NoSuchPath { .. }
        | Error::NoVenv(_)
        | Error::Store(
            StoreError::Elsewhere(_) | StoreError::InDirectory(_) | StoreError::Homeless,
        )
        | Error::SameStore(_)
        | Error::Unbuilt(
            Unbuilt::Requirements { .. } | Unbuilt::With { .. } | Unbuilt::BadInterpreter(_),
        ) => Exit::Usage,
        Error::Interrupted => Exit::Interrupted,
        // What could not be read may be worse than what was found.
        Error::Damaged(audit) if !audit.unread.is_empty() => Exit::NotDone,
        Error::Damaged(_) => Exit::Findings,
        _ => Exit::NotDone,
    }
}

/// The system grants no thread, and a guard needs some.
pub(crate) fn no_thread(error: &std::io::Error) -> Failure {
    Failure {
        causes: vec![error.to_string()],
        ..Failure::not_done("cannot start a thread")
    }
}
