//! `restore` and `undo`: what was done, how to go back, what to restart.

use std::io::{self, Write};
use std::path::Path;

use super::Style;
use super::changes::{self, tally};
use super::words::{count, passed_over, size, snapshot, took};
use super::wrap::Wrapped;
use crate::disk::processes::Process;
use crate::model::{Change, Class, PackageChange, Shown};
use crate::ops::{Mode, OldName, Replaced, RestoreOutcome};
use crate::replace::Way;

/// Writes what a restore did.
pub fn restore(out: &mut dyn Write, outcome: &RestoreOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let place = Shown::path(&outcome.place);
    let chosen = snapshot(&outcome.chosen, style);
    match &outcome.mode {
        Mode::Identical => writeln!(
            out,
            "nothing to do: {place} is what {chosen} holds ({})",
            took(outcome.took)
        )?,
        Mode::NothingToHeal => writeln!(
            out,
            "nothing to do: nothing is damaged in {place} that {chosen} could mend ({})",
            took(outcome.took)
        )?,
        Mode::PartIdentical => writeln!(
            out,
            "nothing to do: what was asked for is in {place} as {chosen} has it ({})",
            took(outcome.took)
        )?,
        Mode::LeftAlone => writeln!(
            out,
            "nothing was changed: {chosen} has nothing that mends {place} ({})",
            took(outcome.took)
        )?,
        Mode::DryRun => {
            writeln!(
                out,
                "would restore {place} from {chosen}: {}",
                undone(outcome)
            )?;
            super::packages::write(out, &outcome.report.packages)?;
            changes::write(out, &outcome.changes, style)?;
        }
        Mode::Done(replaced) => done(out, outcome, replaced, &chosen, style)?,
    }
    match &outcome.mode {
        // What was wanted has no cause.
        _ if outcome.deed().was_wanted() => {}
        Mode::Done(_) => super::diagnosis::write_after(out, &outcome.report.diagnosis, style)?,
        _ => super::diagnosis::write(out, &outcome.report.diagnosis, style)?,
    }
    if let Some(names) = &outcome.old_names {
        let from = outcome.chosen.snapshot.venv.path();
        old_names(out, &from, &names.found, style)?;
    }
    other(out, outcome)?;
    if !outcome.holes.is_empty() {
        let holes = count(outcome.holes.len() as u64, "part");
        writeln!(out, "the store has lost {holes} of the snapshot:")?;
        for hole in &outcome.holes {
            writeln!(out, "  {}", super::care::hole_line(hole))?;
        }
    }
    left_out(out, outcome)?;
    for package in &outcome.left {
        writeln!(out, "{}", left(package, style))?;
    }
    passed_over(out, outcome.passed_over.as_ref(), style)?;
    Ok(())
}

/// What is not as the snapshot has it, and what is not known of that.
fn left_out(out: &mut dyn Write, outcome: &RestoreOutcome) -> io::Result<()> {
    super::left_out::write(out, &outcome.left_out)?;
    if outcome.left_out_tried {
        return Ok(());
    }
    writeln!(
        out,
        "not tried: a dry run writes nothing, and so cannot tell all that this place does not hold (times, owners, \
         modes, attributes, hard links); the restore leaves that out and names it"
    )
}

/// Of which venv the snapshot is, where that is another one.
fn other(out: &mut dyn Write, outcome: &RestoreOutcome) -> io::Result<()> {
    let venv = outcome.chosen.snapshot.venv.path();
    let venv = Shown::path(&venv);
    match (outcome.other_host(), outcome.other_venv()) {
        (Some(host), _) => {
            let host = Shown(host.as_bytes());
            writeln!(
                out,
                "that snapshot is of another host, {host}, and its venv {venv}"
            )
        }
        (None, Some(_)) => writeln!(out, "that snapshot is of another venv, {venv}"),
        (None, None) => Ok(()),
    }
}

/// What differs now, and would not after the restore.
fn undone(outcome: &RestoreOutcome) -> String {
    let adapting = count(outcome.adapting, "entry");
    let adapting = format!("{adapting} to be adapted to the new place");
    let is_noise = |one: &Change| one.class == Class::Noise;
    match (outcome.changes.iter().all(is_noise), outcome.adapting) {
        (true, 0) => "nothing differs".to_owned(),
        (true, _) => adapting,
        (false, 0) => differing(&outcome.changes),
        (false, _) => format!("{}, and {adapting}", differing(&outcome.changes)),
    }
}

fn differing(changes: &[Change]) -> String {
    let changes = changes.iter();
    let differing: Vec<&Change> = changes.filter(|one| one.class != Class::Noise).collect();
    if differing.is_empty() {
        return "nothing differs".to_owned();
    }
    tally(&differing)
}

/// A package that stays damaged.
fn left(package: &PackageChange, style: &Style) -> String {
    let shown = |version: &Option<String>| {
        version
            .as_deref()
            .map(|text| Shown(text.as_bytes()).to_string())
    };
    let version = shown(&package.actual).unwrap_or_default();
    let name = Shown(package.name.as_bytes());
    let (why, other_way) = match shown(&package.expected) {
        // With the same version, the snapshot may hold what another package, which is gone by now, wrote over this one.
        Some(old) if old == version => (
            "another build of it, or what another package wrote over it".to_owned(),
            String::new(),
        ),
        Some(old) => (format!("{name} {old}"), by_only(&name, style)),
        None => ("none".to_owned(), by_only(&name, style)),
    };
    format!(
        "{name} {version} stays damaged ({}): the snapshot has {why}, so install {version} anew{other_way}",
        count(package.damaged, "entry")
    )
}

/// How to take a package as the snapshot has it.
fn by_only(name: &Shown<'_>, style: &Style) -> String {
    let only = style.options.only;
    format!(", or take that of the snapshot by {only} {name}")
}

fn done(
    out: &mut dyn Write,
    outcome: &RestoreOutcome,
    replaced: &Replaced,
    chosen: &str,
    style: &Style,
) -> io::Result<()> {
    writeln!(
        out,
        "restored {} from {chosen} in {}",
        Shown::path(&outcome.place),
        took(outcome.took)
    )?;
    if !outcome.changes.is_empty() {
        writeln!(
            out,
            "{}: {}",
            outcome.deed().words(),
            differing(&outcome.changes)
        )?;
    }
    let over = match replaced.reused {
        0 => String::new(),
        1 => ", 1 good file taken over as it was".to_owned(),
        reused => format!(", {} taken over as they were", count(reused, "good file")),
    };
    let how = match replaced.way {
        Way::Exchanged => "exchanged in one step",
        Way::TwoRenames => "exchanged by two renames, since this file system knows no exchange",
        Way::Placed => "put where nothing was",
        Way::FileByFile => "replaced one by one",
    };
    let sure = match replaced.wrong.len() as u64 {
        0 => "verified, on the disk".to_owned(),
        wrong => format!(
            "on the disk, but {} changed again since",
            count(wrong, "entry")
        ),
    };
    writeln!(
        out,
        "{} ({}) written{over}; {sure}, {how}",
        count(replaced.written, "file"),
        size(replaced.written_bytes)
    )?;
    relocated(out, replaced.relocated)?;
    if let Some(id) = replaced.incident {
        writeln!(
            out,
            "what it replaced is incident snapshot {id}; '{}' brings it back",
            style.options.undo
        )?;
    }
    if let Some(kept) = &replaced.kept_old {
        writeln!(out, "what it replaced is kept as {}", Shown::path(kept))?;
    }
    restart(out, &replaced.processes)
}

/// How many entries that name the old place are told one by one.
const OLD_NAMES_MAX: usize = 10;

/// What still names the old place, of which the form is not known well enough to change it.
fn old_names(out: &mut dyn Write, from: &Path, found: &[OldName], style: &Style) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let many = match found.len() as u64 {
        1 => "1 entry of it still names".to_owned(),
        many => format!("{} of it still name", count(many, "entry")),
    };
    let from = Shown::path(from);
    writeln!(out, "{many} the old place {from}:")?;
    for one in found.iter().take(OLD_NAMES_MAX) {
        let (form, times) = (one.form.as_str(), count(one.count, "time"));
        writeln!(out, "  {} ({form}, {times})", one.path)?;
    }
    match found.len().saturating_sub(OLD_NAMES_MAX) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more, which {} names", style.options.json),
    }
}

/// What still runs from what was replaced.
fn restart(out: &mut dyn Write, processes: &[Process]) -> io::Result<()> {
    if !processes.is_empty() {
        let names: Vec<String> = processes
            .iter()
            .map(|process| format!("{} ({})", process.pid, Shown(process.name.as_bytes())))
            .collect();
        writeln!(
            out,
            "still running from what was replaced, so restart: {}",
            names.join(", ")
        )?;
    }
    Ok(())
}

/// How many entries were adapted to another place, where any was.
pub(super) fn relocated(out: &mut dyn Write, entries: u64) -> io::Result<()> {
    match entries {
        0 => Ok(()),
        _ => writeln!(out, "{} adapted to the new place", count(entries, "entry")),
    }
}
