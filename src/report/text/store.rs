//! `stats` and `rebuild-index`: the store itself.

use std::io::{self, Write};

use super::Style;
use super::words::{count, number, size};
use super::wrap::Wrapped;
use crate::ops::{RebuildOutcome, StatsOutcome};

/// Writes the figures of a store.
pub fn stats(out: &mut dyn Write, outcome: &StatsOutcome, _style: &Style) -> io::Result<()> {
    let stored = outcome.packs_bytes + outcome.snapshots_bytes + outcome.index_bytes;
    let mut line = |name: &str, value: String| writeln!(out, "{name:<12} {value}");
    let hosts = match outcome.hosts {
        ..2 => String::new(),
        hosts => format!(" of {}", count(hosts, "host")),
    };
    line("venvs", format!("{}{hosts}", number(outcome.venvs)))?;
    line(
        "snapshots",
        format!(
            "{}, {} of them incident snapshots",
            number(outcome.snapshots),
            number(outcome.incidents)
        ),
    )?;
    if outcome.damaged > 0 {
        line("damaged", count(outcome.damaged, "snapshot file"))?;
    }
    line(
        "objects",
        format!(
            "{} in {}",
            number(outcome.objects),
            count(outcome.packs, "pack")
        ),
    )?;
    line(
        "takes",
        format!(
            "{} (packs {}, index {})",
            size(stored),
            size(outcome.packs_bytes),
            size(outcome.index_bytes)
        ),
    )?;
    line(
        "holds",
        format!(
            "{} if every snapshot were a plain copy",
            size(outcome.logical_bytes)
        ),
    )
}

/// Writes what a new index holds.
pub fn rebuild_index(
    out: &mut dyn Write,
    outcome: &RebuildOutcome,
    style: &Style,
) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    writeln!(
        out,
        "the index is made anew: {} in {}",
        count(outcome.objects, "object"),
        count(outcome.packs, "pack")
    )?;
    if outcome.log.whole {
        return Ok(());
    }
    writeln!(
        out,
        "the log of the old one could not be read to its end: of what was not, 'log' tells only what snapshots know"
    )
}
