//! What a guard remembers of one venv, also across its own end.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::found::{Culprit, Found};
use super::moment::Moment;
use super::news::{Mended, State};
use super::place::Place;

/// How something stands, and since when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Track {
    /// How it stands; none where nothing was looked at yet.
    pub state: Option<State>,
    /// Since when.
    pub since: Moment,
    /// When it was announced last.
    pub told: Moment,
    /// What a program said of it.
    pub why: Option<String>,
    /// How often in a row it failed.
    pub failures: u32,
    /// When it is to be looked at again.
    pub due: Moment,
}

impl Track {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            state: None,
            since: now,
            told: now,
            why: None,
            failures: 0,
            due: now,
        }
    }

    fn moved(&mut self, by: i64) {
        for moment in [&mut self.since, &mut self.told, &mut self.due] {
            *moment = moment.moved(by);
        }
    }
}

/// All that is remembered of one venv.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Memory {
    /// Its files.
    pub tree: Track,
    /// Its service.
    pub service: Track,
    /// Its imports.
    pub imports: Track,
    /// When every byte is to be read again.
    pub full_due: Moment,
    /// Heals within the window.
    pub heals: Vec<Moment>,
    /// Restarts of a failing service within the window.
    pub restarts: Vec<Moment>,
    /// When a look last told something.
    #[serde(default)]
    pub looked: Option<Moment>,
    /// Why it could not be looked at; none since it could be.
    #[serde(default)]
    pub unseen: Option<String>,
    /// Where it stood when it was looked at last.
    #[serde(default)]
    pub place: Place,
    /// What that look found.
    pub found: Option<Found>,
    /// Who was seen to change files since they were sound or healed.
    pub culprits: Vec<Culprit>,
    /// Who of them was seen at what the last look found damaged.
    #[serde(default)]
    pub named: Vec<Culprit>,
    /// The last heal, until a look tells what it came to.
    pub mended: Option<Mended>,
    /// Files that are the same inodes as files that were found damaged in another venv, until it is sound.
    #[serde(default)]
    pub shared: BTreeSet<String>,
    /// The mark of damage that a heal could not mend.
    pub unhealable: Option<String>,
    /// Whether the service is still to be started again after a heal.
    pub restart_owed: bool,
    /// How many heals, saves and looks there were, and how many of each failed.
    pub totals: Totals,
}

/// What was done since the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Looks that told something.
    pub looks: u64,
    /// Looks that could not.
    pub looks_failed: u64,
    /// Heals that mended.
    pub heals: u64,
    /// Heals that did not.
    pub heals_failed: u64,
    /// Restarts of the service.
    pub restarts: u64,
    /// Baselines that were saved.
    pub saves: u64,
    /// Announcements.
    pub news: u64,
}

impl Memory {
    /// The memory of a venv that was never looked at.
    pub fn new(now: Moment) -> Self {
        Self {
            tree: Track::new(now),
            service: Track::new(now),
            imports: Track::new(now),
            full_due: now,
            heals: Vec::new(),
            restarts: Vec::new(),
            looked: None,
            unseen: None,
            place: Place::default(),
            found: None,
            culprits: Vec::new(),
            named: Vec::new(),
            mended: None,
            shared: BTreeSet::new(),
            unhealable: None,
            restart_owed: false,
            totals: Totals::default(),
        }
    }

    /// The same in another start of the machine.
    #[must_use]
    pub fn after_boot(self) -> Self {
        Self {
            place: self.place.after_boot(),
            ..self
        }
    }

    /// The same, counted from another start: `by` milliseconds are added to every moment.
    #[must_use]
    pub fn moved(mut self, by: i64) -> Self {
        for track in [&mut self.tree, &mut self.service, &mut self.imports] {
            track.moved(by);
        }
        self.full_due = self.full_due.moved(by);
        for moment in self
            .heals
            .iter_mut()
            .chain(&mut self.restarts)
            .chain(&mut self.looked)
        {
            *moment = moment.moved(by);
        }
        self
    }
}
