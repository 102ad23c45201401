//! What happened, in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{diff, document, entry as paths};
use crate::ops::{Entry, LogOutcome};

/// Writes what happened.
pub fn log(out: &mut dyn Write, outcome: &LogOutcome) -> io::Result<()> {
    let events: Vec<Value> = outcome.entries.iter().map(entry).collect();
    document(out, "log", json!({"events": events}))
}

/// One event with the package changes that a save brought.
pub(super) fn entry(entry: &Entry) -> Value {
    let event = &entry.event;
    let mut value = json!({
        "time": event.time.to_string(),
        "verb": event.verb,
        "venv": null,
        "snapshot": event.snapshot.to_hex(),
        "incident": event.incident.map(crate::model::SnapshotId::to_hex),
        "label": event.label,
        "changed": event.changed,
        "took_ms": event.took_ms,
        "proved": event.proved,
        "packages": entry.packages.iter().map(diff::package).collect::<Vec<_>>(),
    });
    paths::put_path(&mut value, "venv", &event.venv.path());
    value
}
