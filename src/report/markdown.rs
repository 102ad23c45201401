//! `report`: an incident as one Markdown file for the postmortem.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::{Deed, Kind, Seen, Shown};
use crate::ops::{Chosen, ReportOutcome};
use crate::report::deed::{headings, no_packages, title};
use crate::report::left_damage::left_damage;
use crate::report::text::{self, Style, afterwards, words};

/// Writes the whole file.
pub fn report(out: &mut dyn Write, outcome: &ReportOutcome, style: &Style) -> io::Result<()> {
    let snapshot = &outcome.incident.snapshot;
    let venv = Shown::path(&snapshot.venv.path()).to_string();
    let deed = outcome.deed();
    writeln!(
        out,
        "# {} {} of {}\n",
        title(deed),
        outcome.incident.id,
        code(&venv)
    )?;
    let mut row = |name: &str, value: String| writeln!(out, "- **{name}:** {value}");
    let name = snapshot.host_name.as_deref();
    let host = name.map(|name| Shown(name.as_bytes()).to_string());
    row(
        "host",
        code(&host.unwrap_or_else(|| words::nameless(&snapshot.venv.host))),
    )?;
    let (when, what) = headings(deed);
    row(when, words::time(snapshot.created, style))?;
    match &outcome.restored {
        Some(restored) => row(what, named(restored, style))?,
        None => row(what, "a snapshot that is gone".to_owned())?,
    }
    if let Some(part) = &outcome.found.part {
        let left = outcome.found.changes.iter().filter(|seen| seen.left);
        let left = words::number(left.count() as u64);
        row(
            "of it",
            format!(
                "{}; what was found and left as it was: {left}",
                code(&plain(part))
            ),
        )?;
    }
    if let Some(left) = left_damage(outcome) {
        row("stays damaged", plain(&left.names))?;
    }
    if let Some(ms) = outcome.took_ms {
        let took = words::took(std::time::Duration::from_millis(ms));
        row("the restore took", took)?;
    }
    row(
        "the replaced state",
        format!("snapshot {}", code(&outcome.incident.id.to_hex())),
    )?;
    let (now, zone) = (
        words::time(outcome.now, style),
        words::zone(outcome.now, style),
    );
    row("written", format!("{now}; all times are in {zone}"))?;
    if outcome.is_incident() {
        diagnosis(out, outcome)?;
    }
    packages(out, outcome)?;
    files(out, outcome)?;
    timeline(out, outcome, style)
}

fn diagnosis(out: &mut dyn Write, outcome: &ReportOutcome) -> io::Result<()> {
    writeln!(out, "\n## Cause\n")?;
    if outcome.found.diagnosis.is_empty() {
        return writeln!(out, "No rule explains the damage.");
    }
    for diagnosis in &outcome.found.diagnosis {
        writeln!(
            out,
            "- **{}** ({}, explains {}, precision {:.2}, recall {:.2}): {}",
            diagnosis.rule,
            diagnosis.surety().as_str(),
            diagnosis.explains,
            diagnosis.precision,
            diagnosis.recall,
            plain(&afterwards(&diagnosis.text))
        )?;
        if let Some(rest) = text::rest(diagnosis) {
            writeln!(out, "  - {rest}")?;
        }
        for path in &diagnosis.survivors {
            writeln!(out, "  - survived: {}", code(&path.to_string()))?;
        }
    }
    Ok(())
}

fn packages(out: &mut dyn Write, outcome: &ReportOutcome) -> io::Result<()> {
    writeln!(out, "\n## Packages\n")?;
    if outcome.found.packages.is_empty() {
        return writeln!(out, "{}", no_packages(outcome));
    }
    let is_incident = outcome.is_incident();
    let (head, rule) = if is_incident {
        (" damaged entries |", "---|")
    } else {
        ("", "")
    };
    writeln!(
        out,
        "| package | state | expected | found |{head}\n|---|---|---|---|{rule}"
    )?;
    for package in &outcome.found.packages {
        let version =
            |version: &Option<String>| version.as_deref().map_or_else(|| "-".to_owned(), cell);
        write!(
            out,
            "| {} | {} | {} | {} |",
            cell(&package.name),
            package.state.as_str(),
            version(&package.expected),
            version(&package.actual),
        )?;
        if is_incident {
            write!(out, " {} |", package.damaged)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn files(out: &mut dyn Write, outcome: &ReportOutcome) -> io::Result<()> {
    writeln!(out, "\n## What was found\n")?;
    if outcome.found.changes.is_empty() {
        return writeln!(out, "Nothing differed, or nothing stood there.");
    }
    // What a rollback or an undo changes back was wanted, so it has no class.
    let class = |seen: &Seen| match outcome.deed() {
        Deed::Mended => seen.class.as_str(),
        deed if seen.left && !deed.was_wanted() => seen.class.as_str(),
        Deed::RolledBack | Deed::ChangedBack => "changed back",
        deed => deed.words(),
    };
    let mut counts: BTreeMap<(&str, Kind), u64> = BTreeMap::new();
    for seen in &outcome.found.changes {
        *counts.entry((class(seen), seen.kind)).or_default() += 1;
    }
    for ((class, kind), count) in &counts {
        let (count, kind) = (words::number(*count), kind.as_str());
        writeln!(out, "- {count} {kind} ({class})")?;
    }
    writeln!(
        out,
        "\n| entry | kind | class | package | restored |\n|---|---|---|---|---|"
    )?;
    let mut changes: Vec<&Seen> = outcome.found.changes.iter().collect();
    changes.sort_by_key(|seen| (seen.class, seen.kind));
    for seen in changes {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            code(&cell(&seen.path.to_string())),
            seen.kind.as_str(),
            class(seen),
            seen.package.as_deref().map_or_else(|| "-".to_owned(), cell),
            if seen.left { "no" } else { "yes" }
        )?;
    }
    for seen in &outcome.found.changes {
        if let Some(other) = &seen.shared_with {
            let (path, other) = (code(&plain(&seen.path.to_string())), code(&plain(other)));
            writeln!(out, "\n{path} is one file with {other}, which is hurt too.")?;
        }
    }
    Ok(())
}

fn timeline(out: &mut dyn Write, outcome: &ReportOutcome, style: &Style) -> io::Result<()> {
    writeln!(out, "\n## Timeline\n")?;
    for entry in &outcome.timeline {
        let event = &entry.event;
        let label = event
            .label
            .as_ref()
            .map(|label| format!(", label {}", code(label)));
        let incident = event.incident.map(|id| format!(", replaced state {id}"));
        let own = event.incident == Some(outcome.incident.id);
        writeln!(
            out,
            "- {} {} {}{}{}{}",
            words::time(event.time, style),
            event.verb,
            event.snapshot,
            label.unwrap_or_default(),
            incident.unwrap_or_default(),
            if own { " **(this incident)**" } else { "" }
        )?;
        for package in &entry.packages {
            writeln!(out, "  - {}", plain(&super::text::package_line(package)))?;
        }
    }
    Ok(())
}

fn named(chosen: &Chosen, style: &Style) -> String {
    plain(&words::snapshot(chosen, style))
}

/// Text that Markdown takes as it is.
fn plain(text: &str) -> String {
    Shown(text.as_bytes()).to_string().replace('<', "&lt;")
}

/// Text in a table.
fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

/// Text in a code span.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}
