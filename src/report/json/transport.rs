//! Snapshots that leave and enter, in JSON.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::{document, entry, millis, snapshot};
use crate::ops::ExportOutcome;

/// Writes what an export did.
pub fn export(out: &mut dyn Write, outcome: &ExportOutcome, file: &Path) -> io::Result<()> {
    let fields = json!({
        "snapshot": snapshot::value(&outcome.chosen),
        "file": entry::path_text(file),
        "entries": outcome.entries,
        "bytes": outcome.bytes,
        "left_out": outcome.left_out,
        "took_ms": millis(outcome.took),
    });
    document(out, "export", fields)
}
