//! What a guard tells systemd (`Type=notify`, `WatchdogSec=`): that it is ready, that it lives, that it ends.

use std::time::Duration;

use sd_notify::NotifyState;
use venv_snap::watch::Moment;

/// The watchdog, where there is one.
pub(super) struct Systemd {
    every: Option<Duration>,
    due: Moment,
}

impl Systemd {
    pub(super) fn new(now: Moment) -> Self {
        // Half of the time that it is given, as sd_watchdog_enabled(3) advises.
        let every = sd_notify::watchdog_enabled().map(|time| time / 2);
        Self { every, due: now }
    }

    pub(super) fn ready() {
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    /// Tells that it lives, where that is due.
    pub(super) fn alive(&mut self, now: Moment) {
        if let Some(every) = self.every.filter(|_| now >= self.due) {
            self.due = now.after(every);
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
    }

    pub(super) fn due(&self) -> Option<Moment> {
        self.every.map(|_| self.due)
    }

    pub(super) fn ends() {
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
    }
}
