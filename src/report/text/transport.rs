//! `export`, `import` and `copy`: snapshots that leave and enter.

use std::io::{self, Write};
use std::path::Path;

use super::Style;
use super::words::{count, size, took, what};
use crate::model::Shown;
use crate::ops::ExportOutcome;

/// Writes what an export did.
pub fn export(
    out: &mut dyn Write,
    outcome: &ExportOutcome,
    file: &Path,
    _style: &Style,
) -> io::Result<()> {
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
