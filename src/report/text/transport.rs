//! `export`, `import` and `copy`: snapshots that leave and enter.

use std::io::{self, Write};
use std::path::Path;

use super::Style;
use super::restore::relocated;
use super::snapshots::saved;
use super::words::{count, size, snapshot, time, took, what};
use super::wrap::Wrapped;
use crate::model::Shown;
use crate::ops::{CopyOutcome, ExportOutcome, ImportOutcome};

/// Writes what an export did.
pub fn export(
    out: &mut dyn Write,
    outcome: &ExportOutcome,
    file: &Path,
    style: &Style,
) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    writeln!(
        out,
        "exported {} {} of {} to {}: {}, {}, in {}",
        what(&outcome.chosen),
        outcome.chosen.id,
        Shown::path(&outcome.chosen.snapshot.venv.path()),
        Shown::path(file),
        count(outcome.entries, "entry"),
        size(outcome.bytes),
        took(outcome.took)
    )?;
    match outcome.left_out {
        0 => Ok(()),
        left => writeln!(out, "left out: {}", count(left, "entry")),
    }
}

/// Writes what an import did.
pub fn import(
    out: &mut dyn Write,
    outcome: &ImportOutcome,
    file: &Path,
    style: &Style,
) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let snapshot = &outcome.saved.chosen.snapshot;
    let venv = snapshot.venv.path();
    write!(out, "imported {} as ", Shown::path(file))?;
    saved(out, &outcome.saved)?;
    relocated(out, outcome.relocated)?;
    let host = Shown(snapshot.venv.host.as_bytes());
    writeln!(
        out,
        "it is of {} on host {host}, saved {}",
        Shown::path(&venv),
        time(snapshot.created, style)
    )
}

/// Writes what a copy did.
pub fn copy(
    out: &mut dyn Write,
    outcome: &CopyOutcome,
    to: &Path,
    style: &Style,
) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    for copied in &outcome.snapshots {
        let what = if copied.already {
            "already there"
        } else {
            "copied"
        };
        let pin = if copied.pinned { ", pinned" } else { "" };
        let venv = Shown::path(&copied.chosen.snapshot.venv.path()).to_string();
        writeln!(
            out,
            "{what}: {} of {venv}{pin}",
            snapshot(&copied.chosen, style)
        )?;
    }
    let sent = &outcome.sent;
    writeln!(
        out,
        "sent to {}: {}, {} ({} as stored); it had {} already; in {}",
        Shown::path(to),
        count(sent.objects, "object"),
        size(sent.bytes),
        size(sent.stored),
        count(outcome.had, "object"),
        took(outcome.took)
    )
}
