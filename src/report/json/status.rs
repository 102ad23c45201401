//! How all venvs stand, in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{check, diff, document, entry, millis, snapshot};
use crate::ops::{Cause, HostStatus, StatusOutcome, VenvStatus};
use crate::report::text::why;

/// Writes how all venvs stand.
pub fn status(out: &mut dyn Write, outcome: &StatusOutcome) -> io::Result<()> {
    let fields = json!({
        "sound": outcome.is_sound(),
        "venvs": outcome.venvs.iter().map(|one| venv(one, outcome)).collect::<Vec<_>>(),
        "elsewhere": outcome.elsewhere,
        "others": outcome.others.iter().map(other).collect::<Vec<_>>(),
        "store_bytes": outcome.store_bytes,
        "free_bytes": outcome.free_bytes,
        "took_ms": millis(outcome.took),
    });
    document(out, "status", fields)
}

fn venv(one: &VenvStatus, outcome: &StatusOutcome) -> Value {
    let created = one.baseline.as_ref().map(|saved| saved.snapshot.created);
    let age = created.map(|created| outcome.now.as_second() - created.as_second());
    let mut value = json!({
        "venv": null,
        "state": one.health.as_str(),
        "since": one.since.to_string(),
        "damaged": one.damaged,
        "drifted": one.drifted,
        "packages": one.packages.iter().map(diff::package).collect::<Vec<_>>(),
        "cause": one.cause.as_ref().map(cause),
        "reason": one.why.as_ref().map(why),
        "complete": !one.incomplete,
        "baseline": one.baseline.as_ref().map(snapshot::value),
        "baseline_age_seconds": age.map(|age| age.max(0)),
        "drill": one.drill.map(|last| json!({
            "time": last.time.to_string(),
            "proved": last.proved,
            "last_proved": last.last_proved.map(|time| time.to_string()),
        })),
        "files": one.files,
        "bytes": one.bytes,
    });
    entry::put_path(&mut value, "venv", &one.venv);
    value
}

fn cause(cause: &Cause) -> Value {
    json!({
        "rule": cause.rule,
        "text": cause.text,
        "certainty": cause.surety.as_str(),
        "explains": cause.explains,
        "of": cause.of,
        "unexplained": check::unexplained(&cause.unexplained),
    })
}

/// What another host told last of one of its venvs.
fn other(one: &HostStatus) -> Value {
    let mut value = json!({
        "host": one.host,
        "host_name": one.host_name,
        "venv": null,
        "state": one.health.as_str(),
        "since": one.since.map(|time| time.to_string()),
        "time": one.told.to_string(),
        "told_by": one.word.as_str(),
        "damaged": one.damaged,
        "drifted": one.drifted,
        "baseline": one.baseline.as_ref().map(snapshot::value),
    });
    entry::put_path(&mut value, "venv", &one.venv);
    value
}
