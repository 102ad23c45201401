//! `log`: what happened to a venv. Saves and incidents are read from the snapshots, which are the truth; the index adds how
//! long a restore took and what it did.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::error::Error;
use crate::model::{SnapshotId, VenvId};
use crate::monitor::Monitor;
use crate::store::Store;
use crate::venv::Site;

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When it began.
    pub time: Timestamp,
    /// `save`, `restore` or `undo`.
    pub verb: String,
    /// To which venv.
    pub venv: VenvId,
    /// The snapshot that was made or restored.
    pub snapshot: SnapshotId,
    /// What a restore replaced.
    #[serde(default)]
    pub incident: Option<SnapshotId>,
    /// The label of a save.
    #[serde(default)]
    pub label: Option<String>,
    /// How many files a restore replaced or removed.
    #[serde(default)]
    pub changed: Option<u64>,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub took_ms: Option<u64>,
}

/// What happened, oldest first.
#[derive(Debug)]
pub struct LogOutcome {
    /// The events.
    pub events: Vec<Event>,
}

/// Tells what happened to one venv, or to all.
pub fn log(context: &Context<'_>, site: Option<&Site>) -> Result<LogOutcome, Error> {
    let store = context.open()?;
    let wanted = site.map(|site| context.venv_id(site));
    let mut events: Vec<Event> = store
        .log_events(context.monitor)?
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    for (id, snapshot) in store.catalog()?.snapshots {
        let known = |event: &Event| event.incident == Some(id);
        let verb = if snapshot.is_save() {
            "save"
        } else {
            "restore"
        };
        if snapshot.completes.is_some() || !snapshot.is_save() && events.iter().any(known) {
            continue;
        }
        events.push(Event {
            time: snapshot.created,
            verb: verb.to_owned(),
            venv: snapshot.venv,
            snapshot: snapshot.replaced_by.unwrap_or(id),
            incident: (verb == "restore").then_some(id),
            label: snapshot.label.map(String::from),
            changed: None,
            took_ms: None,
        });
    }
    events.retain(|event| wanted.as_ref().is_none_or(|venv| event.venv == *venv));
    events.sort_by_key(|event| event.time);
    Ok(LogOutcome { events })
}

/// Writes an event down. That it cannot be written hurts nothing but the log.
pub(super) fn record(store: &Store, event: &Event, monitor: &dyn Monitor) -> Result<(), Error> {
    let text = serde_json::to_string(event).unwrap_or_default();
    Ok(store.append_log(&text, monitor)?)
}
