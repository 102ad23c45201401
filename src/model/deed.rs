//! What it means that a snapshot took the place of a venv, in one word.

use super::change::Class;
use super::snapshot::{Snapshot, VenvId};

/// What it means that a snapshot took the place of a venv.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// Nothing was to be done.
    Nothing,
    /// Damage was mended: an incident.
    Mended,
    /// Nothing was damaged: an older state came back because somebody wanted it.
    RolledBack,
    /// Nothing was damaged: after a rollback a newer state came again.
    BroughtForward,
    /// A state came back that is no baseline, as by an undo. What differs from it is no damage.
    ChangedBack,
    /// The tree was built where nothing stood and where the snapshot was not taken.
    Copied,
    /// What another venv had came in the place of this one. What differs from it is no damage.
    Replaced,
}

/// What is known of an exchange.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Whose place it is.
    pub venv: &'a VenvId,
    /// The snapshot that came there, where it is known.
    pub restored: Option<&'a Snapshot>,
    /// Whether anything stood there.
    pub stood: bool,
    /// Whether only a part of the snapshot came.
    pub part: bool,
    /// Whether the snapshot is newer than what the venv was brought to last.
    pub newer: bool,
}

impl Deed {
    /// Tells it from the classes of what differed.
    pub fn of(classes: impl Iterator<Item = Class>, exchange: &Exchange<'_>) -> Self {
        let (mut damage, mut drift) = (false, false);
        for class in classes {
            damage |= class == Class::Damage;
            drift |= class == Class::Drift;
        }
        let is_other = |one: &Snapshot| one.venv.path() != exchange.venv.path();
        let other = exchange.restored.is_some_and(is_other);
        match exchange.restored {
            Some(snapshot) if !snapshot.is_save() => Self::ChangedBack,
            _ if !exchange.stood && other => Self::Copied,
            _ if !exchange.stood => Self::Mended,
            // A venv that was moved is only adapted, and what was damaged in it may be mended from there.
            _ if other && (damage && exchange.part || !damage && !drift) => Self::Mended,
            _ if other => Self::Replaced,
            Some(snapshot) if damage && !snapshot.baseline => Self::ChangedBack,
            _ if damage => Self::Mended,
            _ if exchange.newer => Self::BroughtForward,
            _ => Self::RolledBack,
        }
    }

    /// Whether what differed is no damage, though it may look like it: somebody wanted it once, or has it elsewhere.
    pub fn was_wanted(self) -> bool {
        matches!(self, Self::ChangedBack | Self::Replaced | Self::Copied)
    }

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Mended => "mended",
            Self::RolledBack => "rolled-back",
            Self::BroughtForward => "brought-forward",
            Self::ChangedBack => "changed-back",
            Self::Copied => "copied",
            Self::Replaced => "replaced",
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing to do",
            Self::Mended => "mended",
            Self::RolledBack => "rolled back",
            Self::BroughtForward => "brought forward",
            Self::ChangedBack => "changed back",
            Self::Copied => "copied",
            Self::Replaced => "replaced by what another venv had",
        }
    }
}
