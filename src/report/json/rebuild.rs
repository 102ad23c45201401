//! `rebuild`

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{check, diff, document, entry, millis, snapshot};
use crate::model::{Finding, Remains, SnapshotId, Unmet};
use crate::ops::{Done, Planned, Rebuilt, RestoreOutcome, ToldBy};

/// Writes what a rebuild did, or would do.
pub fn rebuild(out: &mut dyn Write, outcome: &Rebuilt) -> io::Result<()> {
    let told_by = match &outcome.told_by {
        ToldBy::Snapshot(id) => json!({"kind": "snapshot", "snapshot": id.to_hex()}),
        ToldBy::Venv => json!({"kind": "venv"}),
        ToldBy::Requirements(path) | ToldBy::Lock(path) => {
            let kind = match &outcome.told_by {
                ToldBy::Lock(_) => "lock",
                _ => "requirements",
            };
            let mut told = json!({"kind": kind, "path": null});
            entry::put_path(&mut told, "path", path);
            told
        }
    };
    let left = outcome.left_behind.iter().map(entry::path);
    let done = outcome.done.as_ref();
    let placed = done.map(|done| &done.placed);
    let replaced = placed.and_then(RestoreOutcome::replaced);
    let mut fields = json!({
        "venv": null,
        "place": null,
        "mode": placed.map_or("dry-run", |placed| snapshot::mode(&placed.mode)),
        "told_by": told_by,
        "python": null,
        "python_version": format!("{}.{}", outcome.version.0, outcome.version.1),
        "installer": outcome.installer.as_str(),
        "packages": outcome.packages.iter().map(package).collect::<Vec<_>>(),
        "dropped": outcome.dropped,
        "carried": outcome.carried.iter().map(entry::path).collect::<Vec<_>>(),
        "left_behind": left.collect::<Vec<_>>(),
        "remains": outcome.remains.iter().map(remains).collect::<Vec<_>>(),
        "unmet": outcome.unmet.iter().map(unmet).collect::<Vec<_>>(),
        "left_out": outcome.left_out.iter().map(diff::left_out).collect::<Vec<_>>(),
        "snapshot": placed.map(|placed| snapshot::value(&placed.chosen)),
        "incident": replaced.and_then(|replaced| replaced.incident).map(SnapshotId::to_hex),
        "audit": done.map(|done: &Done| check::audit(&done.audit)),
        "diagnosis": placed.map_or_else(Vec::new, |placed| {
            placed.report.diagnosis.iter().map(check::diagnosis_after).collect()
        }),
        "wrong": replaced.map_or_else(Vec::new, |replaced| replaced.wrong.iter().map(diff::wrong).collect()),
        "processes": replaced.map_or_else(Vec::new, |replaced| {
            let processes = replaced.processes.iter();
            processes.map(|process| json!({"pid": process.pid, "name": process.name})).collect()
        }),
        "took_ms": millis(outcome.took),
    });
    entry::put_path(&mut fields, "venv", &outcome.venv);
    entry::put_path(&mut fields, "place", &outcome.place);
    entry::put_path(&mut fields, "python", &outcome.python);
    document(out, "rebuild", fields)
}

fn package(planned: &Planned) -> Value {
    json!({
        "name": planned.name,
        "version": planned.version,
        "asked": planned.asked,
        "comes": planned.comes.as_str(),
        "why": planned.why,
        "evidence": planned.evidence.as_ref().map(ToString::to_string),
    })
}

fn remains(one: &Remains) -> Value {
    let mut value = json!({"module": one.module, "perhaps": one.perhaps, "path": null});
    entry::put_path(&mut value, "path", one.path.as_path());
    value
}

fn unmet(finding: &Finding) -> Value {
    let unmet = Unmet::read(&finding.text);
    json!({
        "package": finding.package,
        "need": unmet.as_ref().map(|unmet| &unmet.need),
        "found": unmet.as_ref().and_then(|unmet| unmet.found.as_ref()),
    })
}
