//! What the index alone keeps: the stat cache of each venv and the log. Losing it costs time or a line of the log and never a snapshot, so
//! what cannot be written is a warning: the work that it tells of is done.

use super::Store;
use super::error::Error;
use super::index::{Index, Unusable};
use crate::monitor::Monitor;

/// What a new index has of the log of the old one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeptLog {
    /// How many events.
    pub events: u64,
    /// Whether the old log could be read to its end. Where there was no index any more, nobody knows what it held.
    pub whole: bool,
}

impl Store {
    /// Makes an empty index in the place of the old one, which keeps all of its log that can be read.
    pub(super) fn renew_index(&self) -> Result<(Index, KeptLog), Unusable> {
        let store = self.home.top().path();
        let (events, whole) = Index::salvage_log(store, self.home.wait);
        let mut index = Index::create(store, self.home.wait)?;
        index.append_all(&events)?;
        let events = events.len() as u64;
        Ok((index, KeptLog { events, whole }))
    }

    /// The stat cache of a venv.
    pub(crate) fn stat_cache(
        &self,
        venv: &str,
        monitor: &dyn Monitor,
    ) -> Result<Option<Vec<u8>>, Error> {
        Ok(self
            .with_index(monitor, |index| index.stat_cache(venv))?
            .flatten())
    }

    /// Keeps the stat cache of a venv.
    pub(crate) fn set_stat_cache(&self, venv: &str, body: &[u8], monitor: &dyn Monitor) {
        let done = self.with_index(monitor, |index| index.set_stat_cache(venv, body));
        if let Err(error) = done {
            let what =
                "the state of the venv's files cannot be noted, and the next save reads them";
            monitor.warn(&format!("{what} ({error})"));
        }
    }

    /// Appends an event to the log.
    pub(crate) fn append_log(&self, event: &str, monitor: &dyn Monitor) {
        let done = self.with_index(monitor, |index| index.append_log(event));
        if let Err(error) = done {
            monitor.warn(&format!("the log cannot be written ({error})"));
        }
    }

    /// All events of the log, oldest first.
    pub(crate) fn log_events(&self, monitor: &dyn Monitor) -> Result<Vec<String>, Error> {
        Ok(self
            .with_index(monitor, |index| index.log())?
            .unwrap_or_default())
    }
}
