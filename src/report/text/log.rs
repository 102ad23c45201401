//! `log`: what happened, oldest first.

use std::io::{self, Write};
use std::time::Duration;

use super::Style;
use super::snapshots::tells_hosts;
use super::table::{table, write_table};
use super::words::{id_or_dash, number, time, took};
use crate::model::Shown;
use crate::ops::{Entry, Event, LogOutcome};

/// Writes a table of events.
pub fn log(out: &mut dyn Write, outcome: &LogOutcome, style: &Style) -> io::Result<()> {
    if outcome.entries.is_empty() {
        return writeln!(out, "nothing happened");
    }
    let hosts = outcome.entries.iter();
    let hosts = hosts.map(|entry| entry.event.venv.host.as_str());
    let has_hosts = tells_hosts(hosts, &outcome.host);
    let mut header = vec![
        "when", "what", "snapshot", "replaced", "changed", "took", "label", "venv",
    ];
    header.extend(has_hosts.then_some("host"));
    let mut rows = table(&header, &[4, 5]);
    for Entry { event, .. } in &outcome.entries {
        let mut row = vec![
            time(event.time, style),
            what(event),
            event.snapshot.to_string(),
            id_or_dash(event.incident),
            event.changed.map(number).unwrap_or_default(),
            event
                .took_ms
                .map(|ms| took(Duration::from_millis(ms)))
                .unwrap_or_default(),
            event
                .label
                .as_ref()
                .map(|label| Shown(label.as_bytes()).to_string())
                .unwrap_or_default(),
            Shown::path(&event.venv.path()).to_string(),
        ];
        row.extend(has_hosts.then(|| Shown(event.venv.host.as_bytes()).to_string()));
        rows.add_row(row);
    }
    write_table(out, &rows, style)?;
    for Entry { event, packages } in outcome.entries.iter().filter(|e| !e.packages.is_empty()) {
        writeln!(out, "\n{} brought:", event.snapshot)?;
        for package in packages {
            writeln!(out, "  {}", super::packages::line(package))?;
        }
    }
    Ok(())
}

/// What happened, and of a drill what came of it.
fn what(event: &Event) -> String {
    let verb = Shown(event.verb.as_bytes());
    match event.proved {
        Some(true) => format!("{verb}, proved"),
        Some(false) => format!("{verb}, broken"),
        None => verb.to_string(),
    }
}
