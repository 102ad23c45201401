//! Calls to whoever raises the alarm when this guard falls silent.

use std::sync::mpsc::Sender;
use std::time::Duration;

use venv_snap::model::Shown;
use venv_snap::watch::{Moment, Ping};

use super::super::limits::aside;
use super::super::ui::Ui;
use super::happened::Happened;
use super::http;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whom to call, if anybody, and when next.
pub(super) struct Calls {
    ping: Option<Ping>,
    due: Moment,
    has_failed: bool,
}

impl Calls {
    pub(super) fn new(ping: Option<Ping>, now: Moment) -> Self {
        Self {
            ping,
            due: now,
            has_failed: false,
        }
    }

    /// When the next call is to be made; none where nobody is called.
    pub(super) fn due(&self) -> Option<Moment> {
        self.ping.as_ref().map(|_| self.due)
    }

    /// Makes the call that is due, in a thread of its own.
    pub(super) fn make(&mut self, now: Moment, speaker: &Sender<Happened>) {
        let Some(Ping { url, every }) = self.ping.clone().filter(|_| now >= self.due) else {
            return;
        };
        self.due = now.after(every);
        let speaker = speaker.clone();
        aside(move || {
            let called = http::ping(&url, PATIENCE);
            let _ = speaker.send(Happened::Called(called));
        });
    }

    /// Warns of a call that did not arrive, once for several in a row.
    pub(super) fn ended(&mut self, ui: &Ui, called: Result<(), String>) {
        let has_failed = called.is_err();
        if let (Err(why), false) = (called, self.has_failed) {
            ui.alert(&format!(
                "the ping does not arrive: {}",
                Shown(why.as_bytes())
            ));
        }
        self.has_failed = has_failed;
    }
}
