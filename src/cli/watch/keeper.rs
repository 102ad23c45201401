//! Keeps what a guard remembers, and goes on where it cannot: a store may be full, or not mounted.

use std::path::PathBuf;

use venv_snap::model::Shown;
use venv_snap::watch::{Kept, Ledger, Moment, Opened, back_off};

use super::super::error::Failure;
use super::super::exit::Exit;
use super::super::ui::Ui;
use super::super::when;
use super::clock;

/// What keeps the memory of the guards of this host, if it can.
pub(super) struct Keeper<'a> {
    ui: &'a Ui,
    store: PathBuf,
    host: String,
    ledger: Option<Ledger>,
    /// How often in a row the keeping failed, and when it is tried again.
    failures: u32,
    due: Option<Moment>,
    /// Whether nothing is kept at all.
    is_off: bool,
    /// Whether it is known what was done before: the ledger was open once, or nothing is kept at all.
    knows: bool,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(ui: &'a Ui, store: PathBuf, host: String, is_off: bool) -> Self {
        Self {
            ui,
            store,
            host,
            ledger: None,
            failures: 0,
            due: None,
            is_off,
            knows: is_off,
        }
    }

    /// Opens the place, if it is not open, and gives what is kept there. Where it cannot be opened that is told, and
    /// tried again later; where another guard has it this one must end.
    pub(super) fn open(&mut self, now: Moment) -> Result<Option<Kept>, Failure> {
        if self.is_off || self.ledger.is_some() {
            return Ok(None);
        }
        match Ledger::open(&self.store, &self.host) {
            Ok(Opened::Taken) => {
                let message = format!(
                    "another guard is at work for the store '{}'",
                    Shown::path(&self.store)
                );
                Err(Failure {
                    exit: Exit::Locked,
                    ..Failure::not_done(message)
                })
            }
            Ok(Opened::Ours(ledger)) => {
                let kept = ledger.read().unwrap_or_else(|error| {
                    self.ui.alert(&format!(
                        "what was remembered is begun anew: {}",
                        told(&error)
                    ));
                    None
                });
                self.ledger = Some(ledger);
                self.knows = true;
                self.went_well();
                Ok(kept)
            }
            Err(error) => {
                self.went_wrong(now, &told(&error));
                Ok(None)
            }
        }
    }

    /// Puts this in place of what was kept.
    pub(super) fn keep(&mut self, kept: &Kept, now: Moment) {
        let Some(ledger) = &self.ledger else {
            return;
        };
        if !ledger.is_at(&self.store) {
            self.ledger = None;
            self.went_wrong(now, "the store is not there any more");
            return;
        }
        match ledger.write(kept) {
            Ok(()) => self.went_well(),
            Err(error) => self.went_wrong(now, &told(&error)),
        }
    }

    fn went_well(&mut self) {
        if self.failures > 0 {
            self.ui.note("what happens is remembered again");
        }
        (self.failures, self.due) = (0, None);
    }

    fn went_wrong(&mut self, now: Moment, why: &str) {
        self.failures = self.failures.saturating_add(1);
        self.due = Some(now.after(back_off(self.failures)));
        if self.failures == 1 {
            self.ui.alert(&format!(
                "what happens cannot be remembered across an end of the guard: {why}"
            ));
        }
    }

    /// When it is tried again.
    pub(super) fn due(&self) -> Option<Moment> {
        self.due
    }

    /// Whether it is known what was done before.
    pub(super) fn knows(&self) -> bool {
        self.knows
    }
}

fn told(error: &venv_snap::PathError) -> String {
    let cause =
        std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    format!("{error}{cause}")
}

/// What is kept now.
pub(super) fn kept(
    venvs: impl Iterator<Item = (String, venv_snap::watch::Memory)>,
    letters: Vec<venv_snap::watch::Letter>,
) -> Kept {
    Kept {
        format: venv_snap::watch::FORMAT,
        boot: clock::boot(),
        at: clock::now(),
        time: when::now(),
        venvs: venvs.collect(),
        letters,
    }
}
