//! What probably did it.

use std::io::{self, Write};

use super::Style;
use super::words::coloured;
use crate::model::{Class, Diagnosis, Shown};

/// How many survivors are named without `--verbose`.
const SURVIVORS_SHOWN: usize = 3;

/// The same where the restore is done: what it advised to do before is still to be done.
pub(super) fn write_after(out: &mut dyn Write, all: &[Diagnosis], style: &Style) -> io::Result<()> {
    let after = all.iter().map(|diagnosis| Diagnosis {
        text: afterwards(&diagnosis.text),
        ..diagnosis.clone()
    });
    write(out, &after.collect::<Vec<_>>(), style)
}

/// What a diagnosis advises, once the restore is done.
pub(in crate::report) fn afterwards(text: &str) -> String {
    text.replace(" before you restore.", ", or it may happen again.")
}

/// Writes each diagnosis as a paragraph of its own.
pub(super) fn write(out: &mut dyn Write, all: &[Diagnosis], style: &Style) -> io::Result<()> {
    for diagnosis in all {
        let rule = coloured(&diagnosis.rule, Class::Drift, style);
        writeln!(out, "probably {rule}: {}", Shown(diagnosis.text.as_bytes()))?;
        let shown = if style.verbose {
            usize::MAX
        } else {
            SURVIVORS_SHOWN
        };
        for path in diagnosis.survivors.iter().take(shown) {
            writeln!(out, "  survived: {path}")?;
        }
    }
    Ok(())
}
