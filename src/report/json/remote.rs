//! What a server was seen to do, in JSON.

use std::io::{self, Write};

use serde_json::json;

use super::{document, entry, millis};
use crate::ops::RemoteOutcome;

/// Writes what came of trying the server of a store.
pub fn remote(out: &mut dyn Write, outcome: &RemoteOutcome) -> io::Result<()> {
    let promises = outcome.terms.promises;
    let mut fields = json!({
        "new": outcome.is_new,
        "kept": promises.are_kept(),
        "promises": {
            "creates_once": promises.creates_once,
            "seen_at_once": promises.seen_at_once,
            "ranges": promises.ranges,
        },
        "sole_writer": outcome.terms.sole_writer,
        "owner": outcome.owner,
        "clock_ahead_s": outcome.clock_ahead,
        "took_ms": millis(outcome.took),
    });
    entry::put_path(&mut fields, "store", &outcome.store);
    document(out, "remote", fields)
}
