//! What a guard announces: one for each change of a state, reminders of what still is wrong, and nothing else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::found::{Culprit, Found};

/// What is guarded of a venv.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// Its files.
    Integrity,
    /// The service that runs from it.
    Service,
    /// Its imports.
    Imports,
}

/// How something stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Sound,
    /// It could not be looked at, several times in a row.
    Unknown,
    /// There is no baseline.
    Unsaved,
    /// Upgraded, and nobody has approved that yet.
    Upgraded,
    /// Changed legitimately in another way.
    Drifted,
    /// Damaged.
    Damaged,
    /// Damaged, and healing it fails.
    Stuck,
    /// Damage came back too often, or a service failed too often: nothing is done until it is sound again.
    Held,
    /// The service does not answer, or imports fail.
    Failing,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Sound,
        Self::Unknown,
        Self::Unsaved,
        Self::Upgraded,
        Self::Drifted,
        Self::Damaged,
        Self::Stuck,
        Self::Held,
        Self::Failing,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Unknown => "unknown",
            Self::Unsaved => "unsaved",
            Self::Upgraded => "upgraded",
            Self::Drifted => "drifted",
            Self::Damaged => "damaged",
            Self::Stuck => "stuck",
            Self::Held => "held",
            Self::Failing => "failing",
        }
    }

    /// Whether somebody has to come.
    pub fn is_critical(self) -> bool {
        matches!(
            self,
            Self::Damaged | Self::Stuck | Self::Held | Self::Failing
        )
    }
}

/// Why something is announced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Occasion {
    /// It is not as it should be, in a way that was not told yet.
    Firing,
    /// It still is not.
    Reminder,
    /// It is as it should be again.
    Resolved,
}

/// One announcement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct News {
    /// Why.
    pub occasion: Occasion,
    /// Of what.
    pub subject: Subject,
    /// How it stands.
    pub state: State,
    /// How it stood before.
    pub was: State,
    /// For how long it stands so.
    pub lasts: Duration,
    /// What a program said of it, where one did.
    pub why: Option<String>,
    /// What was found, where it is of files.
    pub found: Option<Found>,
    /// Who was seen to change files since they were sound.
    pub culprits: Vec<Culprit>,
    /// Heals, or restarts, within the window.
    pub attempts: u32,
    /// The last heal within the window.
    pub heal: Option<Mended>,
}

/// A heal that mended something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mended {
    /// The snapshot of what it replaced.
    pub incident: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// What it had to leave as it is: packages.
    pub left: u32,
}
