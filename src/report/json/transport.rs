//! Snapshots that leave and enter, in JSON.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::{diff, document, entry, millis, saved, snapshot};
use crate::model::SnapshotId;
use crate::ops::{Copied, CopyOutcome, ExportOutcome, ImportOutcome};
use crate::store::Added;

/// Writes what an export did.
pub fn export(out: &mut dyn Write, outcome: &ExportOutcome, file: &Path) -> io::Result<()> {
    let mut fields = json!({
        "snapshot": snapshot::value(&outcome.chosen),
        "file": null,
        "entries": outcome.entries,
        "bytes": outcome.bytes,
        "left_out": outcome.left_out,
        "took_ms": millis(outcome.took),
    });
    entry::put_path(&mut fields, "file", file);
    document(out, "export", fields)
}

/// Writes what an import did.
pub fn import(out: &mut dyn Write, outcome: &ImportOutcome, file: &Path) -> io::Result<()> {
    let mut fields = saved(&outcome.saved);
    entry::put_path(&mut fields, "file", file);
    fields["origin"] = outcome.origin.map(SnapshotId::to_hex).into();
    fields["entries"] = outcome.entries.into();
    fields["bytes"] = outcome.bytes.into();
    fields["relocated"] = outcome.relocated.into();
    fields["left_out"] = outcome.left_out.iter().map(diff::left_out).collect();
    document(out, "import", fields)
}

/// Writes what a copy did.
pub fn copy(out: &mut dyn Write, outcome: &CopyOutcome, to: &Path) -> io::Result<()> {
    let copied = |one: &Copied| {
        let mut value = snapshot::value(&one.chosen);
        value["already"] = one.already.into();
        value["pinned"] = one.pinned.into();
        value
    };
    let mut fields = json!({
        "to": null,
        "snapshots": outcome.snapshots.iter().map(copied).collect::<Vec<_>>(),
        "sent": added(outcome.sent),
        "had": outcome.had,
        "took_ms": millis(outcome.took),
    });
    entry::put_path(&mut fields, "to", to);
    document(out, "copy", fields)
}

/// What a store took in.
pub(super) fn added(added: Added) -> Value {
    json!({"objects": added.objects, "bytes": added.bytes, "stored": added.stored})
}
