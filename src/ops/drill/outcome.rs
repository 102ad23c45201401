//! What came of a drill: what was proved of each baseline, and what not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::{Finding, Interpreter, LeftOut, TreeKind, Unread};
use crate::ops::chosen::Chosen;
use crate::ops::error::Error;
use crate::ops::restore::OldName;
use crate::store;

/// What came of all.
#[derive(Debug)]
pub struct DrillOutcome {
    /// The directory in which they were restored, and of which nothing is left.
    pub into: PathBuf,
    /// Each venv, in the order in which they were named.
    pub venvs: Vec<Drilled>,
    /// How long all took.
    pub took: Duration,
}

/// What came of one venv.
#[derive(Debug)]
pub struct Drilled {
    /// Where it is.
    pub venv: PathBuf,
    /// Its newest baseline.
    pub baseline: Option<Chosen>,
    /// The newest save, where that is no baseline and so was passed over.
    pub newer: Option<Chosen>,
    /// What came of it.
    pub drill: Drill,
    /// How long it took, with what was not proved.
    pub took: Duration,
}

/// How a drill ended.
#[derive(Debug)]
pub enum Drill {
    /// The baseline stood there, and was looked at.
    Brought(Box<Proof>),
    /// The store does not have what it needs any more.
    Lost(Error),
    /// There is nothing to bring back.
    NoBaseline,
    /// The drill says nothing of the baseline, which could not be tried, or not to the end.
    NotTried(Error),
}

/// What was seen of a tree that was brought back.
#[derive(Debug)]
pub struct Proof {
    /// How many files were written from the store, and read back.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How long the restore took, until it was durable.
    pub restore_took: Duration,
    /// How long the audit took.
    pub audit_took: Duration,
    /// How long the imports took.
    pub imports_took: Duration,
    /// What kind of tree it is.
    pub kind: TreeKind,
    /// How many packages are installed.
    pub packages: u64,
    /// The interpreter.
    pub interpreter: Option<Interpreter>,
    /// The damage that the audit found, and that the baseline had not when it was saved.
    pub damage: Vec<Finding>,
    /// What came of the imports.
    pub imports: Imports,
    /// What was not proved.
    pub unproved: Vec<Unproved>,
}

/// What came of the imports; each failed one with its name and the last line that Python prints.
#[derive(Debug)]
pub enum Imports {
    /// They were tried.
    Tried {
        /// How many.
        tried: u64,
        /// Those that fail.
        failed: Vec<(String, String)>,
        /// Those that fail in the same way in the live venv, so that no restore would make them better.
        alike: Vec<(String, String)>,
    },
    /// They were not.
    NotTried(NotImported),
}

/// Why nothing was imported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotImported {
    /// It was not asked for.
    NotAsked,
    /// The file system of the temporary place is mounted so that no program runs from it.
    NoExec,
    /// The interpreter cannot be run by whoever drills.
    Interpreter(String),
    /// The tree is of a kind that has no interpreter.
    NoInterpreter,
}

/// What a drill says nothing about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unproved {
    /// These still name the place of the venv, so what they lead to was taken from there and not from the snapshot.
    OldNames(Vec<OldName>),
    /// The place could not hold this, or the snapshot does not have it.
    LeftOut(Vec<LeftOut>),
    /// These could not be looked at.
    Unread(Vec<Unread>),
}

impl Proof {
    /// Whether nothing was found to be wrong.
    pub fn is_good(&self) -> bool {
        let imported = match &self.imports {
            Imports::Tried { failed, .. } => failed.is_empty(),
            Imports::NotTried(_) => true,
        };
        imported && self.damage.is_empty()
    }

    /// Whether all that was asked for could be looked at.
    pub fn is_whole(&self) -> bool {
        let imported = match &self.imports {
            Imports::Tried { .. } => true,
            Imports::NotTried(why) => {
                matches!(why, NotImported::NotAsked | NotImported::NoInterpreter)
            }
        };
        imported
            && !self
                .unproved
                .iter()
                .any(|one| matches!(one, Unproved::Unread(_)))
    }
}

impl Drilled {
    /// Whether the baseline was brought back and nothing was found to be wrong with it.
    pub fn is_proved(&self) -> bool {
        matches!(&self.drill, Drill::Brought(proof) if proof.is_good() && proof.is_whole())
    }

    /// Whether it is known that there is no way back by this baseline as it is.
    pub fn is_broken(&self) -> bool {
        match &self.drill {
            Drill::Brought(proof) => !proof.is_good(),
            Drill::Lost(_) | Drill::NoBaseline => true,
            Drill::NotTried(_) => false,
        }
    }

    /// The word in text and JSON.
    pub fn as_str(&self) -> &'static str {
        match &self.drill {
            _ if self.is_proved() => "proved",
            Drill::Brought(proof) if proof.is_good() => "incomplete",
            Drill::Brought(_) => "broken",
            Drill::Lost(_) => "lost",
            Drill::NoBaseline => "no-baseline",
            Drill::NotTried(_) => "not-tried",
        }
    }
}

/// Whether an error tells that a store does not have what a snapshot needs.
pub(super) fn is_of_store(error: &Error, store: &Path) -> bool {
    match error {
        Error::Store(store::Error::Corrupt { .. } | store::Error::LostObject(_))
        | Error::DamagedSnapshot { .. } => true,
        // Modes, owners and times depend on the place, not on the store.
        Error::NotVerified { what, .. } => !what.is_of_attributes(),
        // A file of the store is gone, or the disk below it gives it up.
        Error::Store(store::Error::Path(error)) | Error::Path(error) => {
            error.path.starts_with(store) && !error.is_denied() && !error.is_full()
        }
        _ => false,
    }
}
