//! One line for Nagios and its kin (Monitoring Plugins Development Guidelines, "Plugin Output for Nagios" and
//! "Performance data"), and the code that goes with it.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::text::{counted, what};
use crate::model::Shown;
use crate::ops::{Health, StatusOutcome};

/// What Nagios makes of a state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Alarm {
    /// All is well.
    Ok,
    /// Somebody should look at it.
    Warning,
    /// Something could not be looked at.
    Unknown,
    /// Something is broken.
    Critical,
}

impl Alarm {
    /// The worst of all venvs: what is broken counts more than what could not be looked at.
    pub fn worst(outcome: &StatusOutcome) -> Self {
        let of = |health| match health {
            Health::Sound => Self::Ok,
            Health::Unsaved | Health::Drifted => Self::Warning,
            Health::Unknown => Self::Unknown,
            Health::Gone | Health::Damaged => Self::Critical,
        };
        let worst = outcome.venvs.iter().map(|one| of(one.health)).max();
        // Nothing to look at is no proof of anything.
        let worst = worst.unwrap_or(Self::Unknown);
        if outcome.incomplete() {
            worst.max(Self::Unknown)
        } else {
            worst
        }
    }

    /// The exit code that Nagios understands.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Writes the line: the state, the numbers, the venvs that are not sound, and performance data.
pub fn status(out: &mut dyn Write, outcome: &StatusOutcome) -> io::Result<()> {
    let mut text = format!(
        "SNAP {} - {}",
        Alarm::worst(outcome).word(),
        counted(outcome)
    );
    for one in outcome
        .venvs
        .iter()
        .filter(|one| one.health != Health::Sound)
    {
        let (path, what) = (Shown::path(&one.venv), what(one));
        let _ = write!(text, "; {path} {} ({what})", one.health.as_str());
    }
    // A bar begins the performance data, and a second line is for details.
    let text = text.replace(['|', '\n'], "/");
    let of = |health| {
        outcome
            .venvs
            .iter()
            .filter(|one| one.health == health)
            .count()
    };
    let counts = Health::ALL.map(|health| format!("{}={};;;0", health.as_str(), of(health)));
    let damaged: u64 = outcome.venvs.iter().map(|one| one.damaged).sum();
    writeln!(
        out,
        "{text} | {} damaged_entries={damaged};;;0 store={}B;;;0 time={:.3}s;;;0",
        counts.join(" "),
        outcome.store_bytes,
        outcome.took.as_secs_f64()
    )
}
