//! An incident in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{check, diff, document, entry, log, snapshot};
use crate::model::IncidentReport;
use crate::ops::ReportOutcome;

/// Writes what is known of an incident.
pub fn report(out: &mut dyn Write, outcome: &ReportOutcome) -> io::Result<()> {
    let mut fields = json!({
        "venv": null,
        "incident": snapshot::value(&outcome.incident),
        "restored": outcome.restored.as_ref().map(snapshot::value),
        "timeline": outcome.timeline.iter().map(log::entry).collect::<Vec<_>>(),
        "deed": outcome.deed().as_str(),
        "took_ms": outcome.took_ms,
    });
    let venv = outcome.incident.snapshot.venv.path();
    entry::put_path(&mut fields, "venv", &venv);
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, found(&outcome.found)) {
        fields.extend(more);
    }
    if !outcome.is_incident() {
        fields["diagnosis"] = json!([]);
    }
    document(out, "report", fields)
}

/// What a restore found.
pub(super) fn found(found: &IncidentReport) -> Value {
    let entries: Vec<Value> = found
        .changes
        .iter()
        .map(|seen| {
            let mut value = entry::path(&seen.path);
            value["class"] = seen.class.as_str().into();
            value["kind"] = seen.kind.as_str().into();
            value["package"] = seen.package.clone().into();
            value["left"] = seen.left.into();
            value
        })
        .collect();
    json!({
        "entries": entries,
        "part": found.part,
        "packages": found.packages.iter().map(diff::package).collect::<Vec<_>>(),
        "diagnosis": found.diagnosis.iter().map(check::diagnosis_after).collect::<Vec<_>>(),
    })
}
