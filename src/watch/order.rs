//! What a guard is told, and what it orders.

use std::collections::BTreeSet;

use super::found::{Culprit, Found};
use super::news::{Mended, News};

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// Something changed in the venv, as far as that can be told by whom. What Python writes by itself is `noise`.
    Changed {
        /// Who did it.
        by: Option<Culprit>,
        /// Whether it is only bytecode.
        noise: bool,
    },
    /// The directory of the venv, or one above, was renamed.
    Renamed,
    /// Another venv was damaged in place, and files of this one may be the same inodes. These are, of those that are
    /// damaged there.
    Shared(BTreeSet<String>),
    /// Changes may have been missed.
    Lost,
    /// Changes are not seen there: it must be looked at by time.
    Blind,
    /// An installer is at work, so nothing was looked at.
    AtWork,
    /// What a look found.
    Found(Found),
    /// The venv could not be looked at, for this reason.
    NotFound(String),
    /// What the service answered.
    Asked(Result<(), String>),
    /// Whether everything could be imported.
    Imported(Result<(), String>),
    /// How a heal ended.
    Healed(Healed),
    /// Whether the service was started again.
    Restarted(Result<(), String>),
    /// Whether a baseline was saved.
    Saved(Result<(), String>),
    /// Time went by.
    Tick,
}

/// How a heal ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Healed {
    /// Something was mended.
    Mended(Mended),
    /// There was nothing that it could mend.
    Nothing,
    /// It was not done.
    Failed(String),
}

/// What is to be done. One order is under way at a time, beside `Ask`, `Import` and `Announce`.
#[derive(Clone, PartialEq, Debug)]
pub enum Order {
    /// Look at the venv; in `full`, read every byte. Where an installer is at work, look only `despite` of that.
    Look {
        /// Whether every byte is read.
        full: bool,
        /// Whether it is looked at while an installer works.
        despite: bool,
    },
    /// Ask the service.
    Ask,
    /// Try the imports.
    Import,
    /// Mend the damage.
    Heal,
    /// Start the service again.
    Restart,
    /// Save the next baseline.
    Save,
    /// Tell people.
    Announce(Box<News>),
}
