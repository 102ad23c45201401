//! `remote`: who may write in a store, then one line for each promise of its server.

use std::io::{self, Write};

use super::Style;
use super::words::{coloured, took};
use super::wrap::Wrapped;
use crate::model::{Class, Shown};
use crate::ops::RemoteOutcome;

/// A clock that is so many seconds off is told.
const CLOCK_OFF: u64 = 5;

/// Writes what came of trying the server of a store.
pub fn remote(out: &mut dyn Write, outcome: &RemoteOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let made = if outcome.is_new { "made " } else { "" };
    let (store, took) = (Shown::path(&outcome.store), took(outcome.took));
    let who = match &outcome.terms.sole_writer {
        _ if !outcome.terms.promises.ranges => {
            "nothing can be kept there, since it could not be read back".to_owned()
        }
        None => "any number of hosts may write there".to_owned(),
        Some(host) => format!("one host alone may write there, {}", Shown(host.as_bytes())),
    };
    writeln!(out, "{made}{store}: {who} (tried in {took})")?;
    if let Some(owner) = &outcome.owner {
        writeln!(
            out,
            "its space is freed by host {}",
            Shown(owner.as_bytes())
        )?;
    }
    let promises = outcome.terms.promises;
    for (is_kept, name, kept, broken) in [
        (
            promises.creates_once,
            "create",
            "of eight who create one object at once, one succeeds and the others are told",
            "several created one object at once, or one that was there, and all were told that they succeeded",
        ),
        (
            promises.seen_at_once,
            "see",
            "what is written, replaced or removed is listed and read so at once",
            "what was written, replaced or removed was not listed or read so at once",
        ),
        (
            promises.ranges,
            "parts",
            "a part of an object is that part",
            "what comes back for a part of an object is not that part",
        ),
    ] {
        let (word, text) = if is_kept {
            ("good ".to_owned(), kept)
        } else {
            (coloured("bad  ", Class::Damage, style), broken)
        };
        writeln!(out, "{word} {name}: {text}")?;
    }
    let off = outcome.clock_ahead;
    if off.unsigned_abs() < CLOCK_OFF {
        return writeln!(out, "good  clock: that of the server is that of this host");
    }
    let (word, way) = (
        coloured("less ", Class::Drift, style),
        if off > 0 { "ahead of" } else { "behind" },
    );
    writeln!(
        out,
        "{word} clock: that of the server is {} s {way} that of this host",
        off.abs()
    )
}
