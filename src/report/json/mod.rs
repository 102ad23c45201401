//! One JSON document per answer: `"format": 1`, fields only ever added (docs/cli.md, "JSON").

mod alert;
mod cache;
mod care;
mod check;
mod deps;
mod diff;
mod discover;
mod doctor;
mod drill;
mod entry;
mod log;
mod rebuild;
mod remote;
mod report;
mod schedule;
mod self_test;
mod several;
mod snapshot;
mod status;
mod transport;
mod watch;

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::Audit;
use crate::ops::{
    ClockJump, Listed, Listing, LsOutcome, Mode, OldName, OldNames, RebuildOutcome, Replaced,
    RestoreOutcome, SaveOutcome, ShowOutcome, StatsOutcome,
};

use super::reinstall::reinstall;

pub use alert::alert;
pub use cache::{cache_check, cache_quarantine, cache_release};
pub use care::{forget, pin, prune, undelete, verify};
pub use check::check;
pub use deps::deps;
pub use diff::diff;
pub use discover::discover;
pub use doctor::doctor;
pub use drill::drill;
pub use log::log;
pub use rebuild::rebuild;
pub use remote::remote;
pub use report::report;
pub use schedule::schedule;
pub use self_test::self_test;
pub use several::several;
pub use status::status;
pub use transport::{copy, export, import};
pub use watch::{watch_rules, watch_states};

/// Writes the version of the program.
pub fn version(out: &mut dyn Write, version: &str) -> io::Result<()> {
    document(out, "version", json!({"version": version}))
}

/// Writes one document, on one line.
fn document(out: &mut dyn Write, command: &str, fields: Value) -> io::Result<()> {
    let mut whole = json!({"format": 1, "command": command});
    if let (Value::Object(whole), Value::Object(fields)) = (&mut whole, fields) {
        whole.extend(fields);
    }
    add_seconds(&mut whole);
    serde_json::to_writer(&mut *out, &whole)?;
    writeln!(out)
}

/// Puts beside each time the same time in whole seconds, for programs that read no fractions (the `fromdateiso8601` of
/// jq).
fn add_seconds(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(add_seconds),
        Value::Object(fields) => {
            for name in ["created", "time", "mtime", "since", "last_proved"] {
                let time = fields.get(name).and_then(Value::as_str);
                let time = time.and_then(|text| text.parse::<Timestamp>().ok());
                if let Some(second) =
                    time.and_then(|time| Timestamp::from_second(time.as_second()).ok())
                {
                    fields.insert(format!("{name}_seconds"), second.to_string().into());
                }
            }
            fields.values_mut().for_each(add_seconds);
        }
        _ => {}
    }
}

fn millis(time: std::time::Duration) -> u64 {
    time.as_millis() as u64
}

/// Writes what a save did.
pub fn save(out: &mut dyn Write, outcome: &SaveOutcome) -> io::Result<()> {
    document(out, "save", saved(outcome))
}

/// All about what became a snapshot.
fn saved(outcome: &SaveOutcome) -> Value {
    let mut value = json!({
        "venv": null,
        "store": null,
        "snapshot": snapshot::value(&outcome.chosen),
        "unchanged": outcome.unchanged,
        "audit": check::audit(&outcome.audit),
        "added": transport::added(outcome.added),
        "followed": snapshot::followed(outcome.followed.as_ref()),
        "clock_jump": outcome.clock_jump.map(|jump| match jump {
            ClockJump::Back => "back",
            ClockJump::Ahead => "ahead",
        }),
        "took_ms": millis(outcome.took),
    });
    entry::put_path(&mut value, "venv", &outcome.chosen.snapshot.venv.path());
    entry::put_path(&mut value, "store", &outcome.store);
    value
}

/// Writes what a restore or an undo did.
pub fn restore(out: &mut dyn Write, outcome: &RestoreOutcome) -> io::Result<()> {
    let replaced = outcome.replaced();
    let processes = replaced.map_or(&[][..], |replaced| &replaced.processes);
    let processes: Vec<Value> = processes
        .iter()
        .map(|process| json!({"pid": process.pid, "name": process.name}))
        .collect();
    let number = |of: fn(&Replaced) -> u64| replaced.map_or(0, of);
    let wrong = replaced.map_or(&[][..], |replaced| &replaced.wrong);
    let incident = replaced.and_then(|replaced| replaced.incident);
    let deed = outcome.deed();
    let diagnosis = match &outcome.mode {
        Mode::Done(_) => check::diagnosis_after,
        _ => check::diagnosis,
    };
    // What was wanted has no cause.
    let causes = outcome.report.diagnosis.iter();
    let causes = causes.filter(|_| !deed.was_wanted()).map(diagnosis);
    let mut fields = json!({
        "venv": null,
        "snapshot": snapshot::value(&outcome.chosen),
        "mode": snapshot::mode(&outcome.mode),
        "summary": diff::summary(&outcome.changes, None),
        "entries": outcome.changes.iter().map(diff::change).collect::<Vec<_>>(),
        "packages": outcome.report.packages.iter().map(diff::package).collect::<Vec<_>>(),
        "deed": deed.as_str(),
        "part": outcome.report.part,
        "diagnosis": causes.collect::<Vec<_>>(),
        "left": outcome.left.iter().map(diff::package).collect::<Vec<_>>(),
        "left_out": outcome.left_out.iter().map(diff::left_out).collect::<Vec<_>>(),
        "left_out_tried": outcome.left_out_tried,
        "incident": incident.map(crate::model::SnapshotId::to_hex),
        "wrong": wrong.iter().map(diff::wrong).collect::<Vec<_>>(),
        "other_venv": null,
        "other_host": outcome.other_host(),
        "kept_old": null,
        "left_old": null,
        "reused": number(|replaced| replaced.reused),
        "written": number(|replaced| replaced.written),
        "written_bytes": number(|replaced| replaced.written_bytes),
        "adapting": outcome.adapting,
        "relocated": number(|replaced| replaced.relocated),
        "names_old_place": outcome.old_names.as_ref().map(old_names),
        "names_old_place_bytecode": outcome.old_names.as_ref().map(|names| names.bytecode),
        "holes": outcome.holes.iter().map(care::hole).collect::<Vec<_>>(),
        "processes": processes,
        "passed_over": outcome.passed_over.as_ref().map(snapshot::value),
        "took_ms": millis(outcome.took),
    });
    entry::put_path(&mut fields, "venv", &outcome.place);
    if let Some(other) = outcome.other_venv() {
        entry::put_path(&mut fields, "other_venv", &other);
    }
    if let Some(kept) = replaced.and_then(|replaced| replaced.kept_old.as_ref()) {
        entry::put_path(&mut fields, "kept_old", kept);
    }
    let unsettled = replaced.and_then(|replaced| replaced.unsettled.as_ref());
    if let Some(left) = unsettled.and_then(|unsettled| unsettled.left.as_ref()) {
        entry::put_path(&mut fields, "left_old", left);
    }
    document(out, "restore", fields)
}

/// Writes the snapshots of a store.
pub fn list(out: &mut dyn Write, listing: &Listing) -> io::Result<()> {
    let snapshots: Vec<Value> = listing.snapshots.iter().map(listed).collect();
    let damaged: Vec<Value> = listing
        .damaged
        .iter()
        .map(|(name, what)| json!({"name": name, "what": what}))
        .collect();
    document(
        out,
        "list",
        json!({"snapshots": snapshots, "damaged": damaged, "omitted": listing.omitted}),
    )
}

/// Writes one snapshot.
pub fn show(out: &mut dyn Write, shown: &ShowOutcome) -> io::Result<()> {
    let audit = shown.document.audit.as_ref();
    let fields = json!({
        "snapshot": listed(&shown.listed),
        "audit": audit.map(check::audit),
        "freeze": audit.map(crate::model::Audit::freeze),
        "incident": shown.document.incident.as_ref().map(report::found),
        "followed": snapshot::followed(shown.document.followed.as_ref()),
    });
    document(out, "show", fields)
}

/// What still names the place where the snapshot was taken.
fn old_names(names: &OldNames) -> Value {
    let one = |one: &OldName| {
        let mut value = entry::path(&one.path);
        value["form"] = one.form.as_str().into();
        value["count"] = one.count.into();
        value
    };
    names.found.iter().map(one).collect()
}

fn listed(one: &Listed) -> Value {
    let mut value = snapshot::value(&one.chosen);
    value["pinned"] = one.pinned.into();
    value
}

/// Writes the entries of a snapshot.
pub fn ls(out: &mut dyn Write, outcome: &LsOutcome) -> io::Result<()> {
    let entries: Vec<Value> = outcome
        .entries
        .iter()
        .map(|entry| {
            let mut value = entry::path(&entry.path);
            if let (Value::Object(value), Value::Object(more)) = (&mut value, entry::value(entry)) {
                value.extend(more);
            }
            value
        })
        .collect();
    document(
        out,
        "ls",
        json!({"snapshot": snapshot::value(&outcome.chosen), "entries": entries}),
    )
}

/// Writes the figures of a store.
pub fn stats(out: &mut dyn Write, outcome: &StatsOutcome) -> io::Result<()> {
    let fields = json!({
        "hosts": outcome.hosts,
        "venvs": outcome.venvs,
        "snapshots": outcome.snapshots,
        "incidents": outcome.incidents,
        "damaged": outcome.damaged,
        "objects": outcome.objects,
        "packs": outcome.packs,
        "packs_bytes": outcome.packs_bytes,
        "snapshots_bytes": outcome.snapshots_bytes,
        "index_bytes": outcome.index_bytes,
        "logical_bytes": outcome.logical_bytes,
    });
    document(out, "stats", fields)
}

/// Writes what a new index holds.
pub fn rebuild_index(out: &mut dyn Write, outcome: &RebuildOutcome) -> io::Result<()> {
    document(
        out,
        "rebuild-index",
        json!({
            "packs": outcome.packs,
            "objects": outcome.objects,
            "log": {"events": outcome.log.events, "whole": outcome.log.whole},
        }),
    )
}

/// Writes what is told beside the answer, as `warning`, `status` or `hint`: for standard error, one line each.
pub fn message(out: &mut dyn Write, kind: &str, text: &str) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &json!({"format": 1, kind: text}))?;
    writeln!(out)
}

/// Writes an error: for standard error, in the shape of the answers. `refused` is what was found, where findings are
/// the reason, and in which venv.
pub fn error(
    out: &mut dyn Write,
    message: &str,
    causes: &[String],
    hint: Option<&str>,
    exit_code: i32,
    refused: Option<(&Audit, Option<&Path>)>,
) -> io::Result<()> {
    let mut error =
        json!({"message": message, "causes": causes, "hint": hint, "exit_code": exit_code});
    if let Some((audit, venv)) = refused {
        error["audit"] = check::audit(audit);
        error["reinstall"] = venv.and_then(|venv| reinstall(venv, audit)).into();
    }
    serde_json::to_writer(&mut *out, &json!({"format": 1, "error": error}))?;
    writeln!(out)
}
