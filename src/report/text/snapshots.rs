//! `save`, `list` and `show`: snapshots.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::table::{table, write_table};

use super::Style;
use super::words::{coloured, count, id_or_dash, number, size, snapshot, time, took, what};
use super::wrap::Wrapped;
use crate::model::{
    Audit, Check, Class, Followed, IncidentReport, Kind, Label, Seen, Shown, Snapshot, TreeKind,
    Unread,
};
use crate::ops::{Chosen, Listed, Listing, SaveOutcome, ShowOutcome};

/// How many of the things that could not be read are named.
const NAMED: usize = 10;

/// Writes what a save did.
pub fn save(out: &mut dyn Write, outcome: &SaveOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let venv = outcome.chosen.snapshot.venv.path();
    if outcome.unchanged {
        let (venv, last) = (Shown::path(&venv), snapshot(&outcome.chosen, style));
        let took = took(outcome.took);
        return writeln!(
            out,
            "nothing changed in {venv} since {last}, in {took}: no new snapshot"
        );
    }
    write!(out, "saved {} as ", Shown::path(&venv))?;
    saved(out, outcome)
}

/// What could not be read when it was saved, counted and named: what the snapshot does not have, and what else could
/// not be looked at.
fn unread(out: &mut dyn Write, outcome: &SaveOutcome) -> io::Result<()> {
    let unsaved = &outcome.chosen.snapshot.unreadable;
    let is_unsaved = |one: &&Unread| unsaved.contains(&one.path.to_string());
    let (unsaved, unseen): (Vec<_>, Vec<_>) = outcome.audit.unread.iter().partition(is_unsaved);
    named(out, &unsaved, "could not be read and so cannot be restored")?;
    named(out, &unseen, "could not be looked at")
}

fn named(out: &mut dyn Write, unread: &[&Unread], what: &str) -> io::Result<()> {
    if unread.is_empty() {
        return Ok(());
    }
    writeln!(out, "{} {what}:", count(unread.len() as u64, "entry"))?;
    for one in unread.iter().take(NAMED) {
        writeln!(out, "  {}: {}", one.path, Shown(one.reason.as_bytes()))?;
    }
    match unread.len().saturating_sub(NAMED) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more ('check' names all)"),
    }
}

/// What the audit found, counted.
fn audited(out: &mut dyn Write, outcome: &SaveOutcome) -> io::Result<()> {
    if outcome.audit.kind == TreeKind::Any {
        writeln!(
            out,
            "nothing in it tells what should be there, so it is taken as it is"
        )?;
    }
    if !outcome.audit.findings.is_empty() {
        let damage = outcome.audit.damage().count() as u64;
        let notices = outcome.audit.findings.len() as u64 - damage;
        let parts: Vec<String> = [(damage, "finding of damage"), (notices, "notice")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| match (number, what.split_once(' ')) {
                (1, _) | (_, None) => count(number, what),
                (_, Some((first, rest))) => format!("{} {rest}", count(number, first)),
            })
            .collect();
        writeln!(
            out,
            "the audit has {} ('check' tells more)",
            parts.join(" and ")
        )?;
    }
    Ok(())
}

/// The rest of what became a snapshot: its name, what it holds, what the audit found, what was new.
pub(super) fn saved(out: &mut dyn Write, outcome: &SaveOutcome) -> io::Result<()> {
    let Chosen { id, snapshot } = &outcome.chosen;
    let totals = format!(
        "{}, {}",
        count(snapshot.totals.files, "file"),
        size(snapshot.totals.bytes)
    );
    let label = snapshot
        .label
        .as_ref()
        .map(|label| format!(" @{}", label.as_str()))
        .unwrap_or_default();
    writeln!(
        out,
        "{} {id}{label}: {totals}, in {}",
        what(&outcome.chosen),
        took(outcome.took)
    )?;
    audited(out, outcome)?;
    let findings = outcome.audit.findings.iter();
    let unmet =
        findings.filter(|one| one.check == Check::RequirementUnmet && one.accepted.is_none());
    let unmet = unmet.count() as u64;
    if unmet > 0 {
        let what = what(&outcome.chosen);
        let needs = count(unmet, "requirement");
        writeln!(out, "{what}, {needs} unmet: the application may not start")?;
    }
    let mut caches = outcome
        .audit
        .findings
        .iter()
        .filter(|one| one.check == Check::FileLinked);
    let behind = match &outcome.followed {
        None => {
            "what is saved are the links: the content lies elsewhere, and a restore needs it there"
                .to_owned()
        }
        Some(followed) => format!(
            "what they lead to is saved in their places: {}",
            content_of_links(followed)
        ),
    };
    caches.try_for_each(|one| writeln!(out, "{}; {behind}", Shown(one.text.as_bytes())))?;
    unread(out, outcome)?;
    match outcome.added.objects {
        0 => writeln!(out, "nothing in it was new to the store"),
        objects => writeln!(
            out,
            "new to the store: {}, {} after compression",
            count(objects, "object"),
            size(outcome.added.stored)
        ),
    }
}

/// Whether a table has to tell of which host each row is: one is of another host than the one that asks.
pub(super) fn tells_hosts<'a>(mut hosts: impl Iterator<Item = &'a str>, own: &str) -> bool {
    hosts.any(|host| host != own)
}

/// Writes a table of snapshots.
pub fn list(out: &mut dyn Write, listing: &Listing, style: &Style) -> io::Result<()> {
    if listing.snapshots.is_empty() && listing.damaged.is_empty() {
        return match listing.omitted {
            0 => writeln!(out, "no snapshots"),
            older => writeln!(out, "no snapshots so new; {} older", number(older)),
        };
    }
    let hosts = listing.snapshots.iter();
    let hosts = hosts.map(|listed| listed.chosen.snapshot.venv.host.as_str());
    let has_hosts = tells_hosts(hosts, &listing.host);
    let mut all = listing
        .snapshots
        .iter()
        .map(|listed| &listed.chosen.snapshot);
    let has_roles = all.any(|snapshot| snapshot.role.is_some());
    let mut header = vec!["id", "saved", "what", "label", "files", "size", "venv"];
    header.extend(has_roles.then_some("role"));
    header.extend(has_hosts.then_some("host"));
    let mut rows = table(&header, &[4, 5]);
    for Listed { chosen, pinned } in &listing.snapshots {
        let Chosen { id, snapshot } = chosen;
        let label = snapshot
            .label
            .as_ref()
            .map(|label| label.as_str().to_owned())
            .unwrap_or_default();
        let pin = if *pinned { " (pinned)" } else { "" };
        let mut row = vec![
            id.to_string(),
            time(snapshot.created, style),
            worth(chosen),
            format!("{label}{pin}"),
            number(snapshot.totals.files),
            size(snapshot.totals.bytes),
            Shown::path(&snapshot.venv.path()).to_string(),
        ];
        let role = || snapshot.role.as_ref().map_or("", Label::as_str).to_owned();
        row.extend(has_roles.then(role));
        row.extend(has_hosts.then(|| host(snapshot)));
        rows.add_row(row);
    }
    write_table(out, &rows, style)?;
    if listing.omitted > 0 {
        writeln!(out, "… and {} older", number(listing.omitted))?;
    }
    for (name, what) in &listing.damaged {
        let name: String = name.chars().take(8).collect();
        writeln!(out, "{name} is damaged: {what}")?;
    }
    Ok(())
}

/// What a host is known by, after what people call it.
fn host(snapshot: &Snapshot) -> String {
    let id = &snapshot.venv.host;
    match snapshot.host_name.as_ref().filter(|name| *name != id) {
        Some(name) => Shown(format!("{name} {id}").as_bytes()).to_string(),
        None => Shown(id.as_bytes()).to_string(),
    }
}

/// What a snapshot is worth, with what its audit found.
fn worth(chosen: &Chosen) -> String {
    let snapshot = &chosen.snapshot;
    match (snapshot.damage, snapshot.notices) {
        (0, 0) => kind(chosen).to_owned(),
        (0, notices) => format!("{}, {}", kind(chosen), count(notices, "finding")),
        (damage, _) => format!("{}, {}", kind(chosen), count(damage, "finding")),
    }
}

/// What a snapshot is.
fn kind(chosen: &Chosen) -> &'static str {
    match (chosen.snapshot.baseline, chosen.snapshot.is_save()) {
        (true, _) => "baseline",
        (_, true) if chosen.snapshot.damage > 0 => "damaged",
        (_, true) => "not whole",
        _ => "incident",
    }
}

/// Writes all about one snapshot.
pub fn show(out: &mut dyn Write, shown: &ShowOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let Listed { chosen, pinned } = &shown.listed;
    let snapshot = &chosen.snapshot;
    let totals = &snapshot.totals;
    let mut line = |name: &str, value: String| writeln!(out, "{name:<12} {value}");
    line("snapshot", chosen.id.to_hex())?;
    line(
        "what",
        format!("{}{}", worth(chosen), if *pinned { ", pinned" } else { "" }),
    )?;
    line("venv", Shown::path(&snapshot.venv.path()).to_string())?;
    line("host", host(snapshot))?;
    line("saved", time(snapshot.created, style))?;
    let name = |name: Option<&Label>| name.map_or("-", Label::as_str).to_owned();
    line("label", name(snapshot.label.as_ref()))?;
    if snapshot.role.is_some() {
        line("role", name(snapshot.role.as_ref()))?;
    }
    if let Some(note) = &snapshot.note {
        line("note", Shown(note.as_bytes()).to_string())?;
    }
    line("parent", id_or_dash(snapshot.parent))?;
    line(
        "holds",
        format!("{}, {}", count(totals.files, "file"), size(totals.bytes)),
    )?;
    line(
        "",
        format!(
            "{}, {}",
            count(totals.dirs, "directory"),
            count(totals.symlinks, "symbolic link")
        ),
    )?;
    if totals.special > 0 {
        line(
            "",
            format!(
                "{} (FIFO, socket or device)",
                count(totals.special, "special file")
            ),
        )?;
    }
    if let Some(id) = snapshot.replaced_by {
        line("replaced by", id.to_string())?;
    }
    if let Some(id) = snapshot.completes {
        line("completes", id.to_string())?;
    }
    for path in &snapshot.unreadable {
        line("unreadable", Shown(path.as_bytes()).to_string())?;
    }
    for path in &snapshot.unstable {
        line("changing", Shown(path.as_bytes()).to_string())?;
    }
    if let Some(followed) = &shown.document.followed {
        line("followed", content_of_links(followed))?;
    }
    line("written by", Shown(snapshot.writer.as_bytes()).to_string())?;
    if let Some(found) = &shown.document.incident {
        show_found(out, found, style)?;
    }
    match &shown.document.audit {
        Some(audit) => show_audit(out, audit, style),
        None => Ok(()),
    }
}

/// What the restore found that replaced this state.
fn show_found(out: &mut dyn Write, found: &IncidentReport, style: &Style) -> io::Result<()> {
    let mut kinds: BTreeMap<(Class, Kind), u64> = BTreeMap::new();
    for seen in &found.changes {
        *kinds.entry((seen.class, seen.kind)).or_default() += 1;
    }
    for ((class, kind), entries) in kinds {
        let (kind, class) = (kind.as_str(), class.as_str());
        writeln!(out, "{:<12} {} {kind} ({class})", "found", number(entries))?;
    }
    super::diagnosis::write_after(out, &found.diagnosis, style)?;
    super::packages::write(out, &found.packages)?;
    let mut changes: Vec<&Seen> = found.changes.iter().collect();
    changes.sort_by_key(|seen| (seen.class, seen.kind));
    let named = changes
        .iter()
        .filter(|seen| style.verbose || seen.class == Class::Damage);
    for seen in named {
        let kind = coloured(&format!("{:<11}", seen.kind.as_str()), seen.class, style);
        writeln!(out, "  {kind} {}", seen.path)?;
    }
    Ok(())
}

/// `27 links: 27 files, 1.2 MB`.
fn content_of_links(followed: &Followed) -> String {
    let (links, files) = (count(followed.links, "link"), count(followed.files, "file"));
    format!("{links}, as {files} with {}", size(followed.bytes))
}

fn show_audit(out: &mut dyn Write, audit: &Audit, style: &Style) -> io::Result<()> {
    if let Some(python) = &audit.interpreter {
        let realpath = Shown(python.realpath.as_bytes());
        writeln!(
            out,
            "{:<12} {} {} ({realpath})",
            "interpreter", python.implementation, python.version
        )?;
    }
    let packages = count(audit.packages.len() as u64, "distribution");
    let freeze = style.options.freeze;
    writeln!(out, "{:<12} {packages} ({freeze} lists them)", "packages")?;
    super::check::findings(out, audit, style)
}

/// Writes the requirements of a snapshot.
pub fn freeze(out: &mut dyn Write, shown: &ShowOutcome) -> io::Result<()> {
    let lines = shown.document.audit.iter().flat_map(Audit::freeze);
    for line in lines {
        writeln!(out, "{}", Shown(line.as_bytes()))?;
    }
    Ok(())
}
