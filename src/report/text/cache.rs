//! `cache`: first whether anything is bad, then each bad entry with what is wrong and whom it hurts.

use std::io::{self, Write};

use super::Style;
use super::words::{coloured, count, number, size, time, took};
use super::wrap::Wrapped;
use crate::model::{Class, Shown};
use crate::ops::{
    CacheCheckOutcome, CacheFound, CacheSummary, Fault, FaultKind, Lacking, QuarantineOutcome,
    Quarantined, ReleaseOutcome, Suspect,
};

/// So many faults of one entry are told, unless all are wanted.
const FAULTS_SHOWN: usize = 5;

/// Writes what a check of caches found.
pub fn cache_check(
    out: &mut dyn Write,
    outcome: &CacheCheckOutcome,
    style: &Style,
) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    writeln!(out, "{}", headline(outcome, style))?;
    for cache in &outcome.caches {
        writeln!(out, "{}", summary(cache))?;
    }
    for suspect in &outcome.bad {
        bad(out, suspect, style)?;
    }
    if outcome.nameless > 0 {
        let entries = count(outcome.nameless, "bad entry");
        let they = "of which nothing tells the package; without a name they are shown";
        writeln!(out, "and {entries} {they}")?;
    }
    for path in &outcome.unknown {
        let what = "is of no layout that is known here, and was not looked into";
        writeln!(out, "'{}' {what}", Shown::path(path))?;
    }
    for unread in &outcome.unread {
        let (path, reason) = (Shown::path(&unread.path), Shown(unread.reason.as_bytes()));
        writeln!(out, "'{path}' could not be looked at: {reason}")?;
    }
    if style.verbose {
        for entry in &outcome.unproved {
            writeln!(out, "unproved: {}: {}", name(entry), lacking(entry))?;
        }
        let what = "temporary files and halves of pairs, which installers pass over";
        writeln!(out, "{} {what}", number(outcome.leftovers))?;
    }
    Ok(())
}

/// Writes what was moved out of the installers' way.
pub fn cache_quarantine(
    out: &mut dyn Write,
    outcome: &QuarantineOutcome,
    style: &Style,
) -> io::Result<()> {
    if outcome.dry_run || outcome.checked.bad.is_empty() {
        cache_check(out, &outcome.checked, style)?;
        let bad = outcome.checked.bad.len() as u64;
        return match bad {
            0 => writeln!(out, "nothing to move"),
            bad => writeln!(out, "would move {}", count(bad, "entry")),
        };
    }
    let out = &mut Wrapped::new(out, style);
    let moved = outcome.moved.iter().flatten().count() as u64;
    writeln!(
        out,
        "moved {} into quarantine, in {}",
        count(moved, "bad entry"),
        took(outcome.took)
    )?;
    for (suspect, moved) in outcome.checked.bad.iter().zip(&outcome.moved) {
        if let Some(moved) = moved {
            write!(out, "{} ", moved.id)?;
            bad(out, suspect, style)?;
        }
    }
    stays(out, &outcome.kept, style)
}

/// Writes what lies in quarantine, or what went back.
pub fn cache_release(
    out: &mut dyn Write,
    outcome: &ReleaseOutcome,
    style: &Style,
) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let groups = [
        ("", &outcome.listed),
        ("put back: ", &outcome.released),
        ("moved into quarantine in exchange: ", &outcome.exchanged),
    ];
    let mut is_empty = outcome.kept.is_empty();
    for (what, group) in groups {
        for one in group {
            is_empty = false;
            writeln!(out, "{what}{}", boxed(one, style))?;
        }
    }
    if is_empty {
        writeln!(out, "nothing is in quarantine")?;
    }
    stays(out, &outcome.kept, style)
}

fn boxed(one: &Quarantined, style: &Style) -> String {
    let package = one.package.as_deref().unwrap_or("of an unknown package");
    let version = one.version.as_deref().map(|version| format!(" {version}"));
    let text = format!("{package}{}", version.unwrap_or_default());
    let faults = if one.faults.is_empty() {
        String::new()
    } else {
        format!(" ({})", one.faults.join(", "))
    };
    let (text, faults) = (Shown(text.as_bytes()), Shown(faults.as_bytes()));
    format!(
        "{} {text}{faults}: of {} in '{}', {}",
        one.id,
        one.installer.as_str(),
        Shown::path(&one.cache),
        time(one.time, style)
    )
}

fn stays(out: &mut dyn Write, kept: &[crate::ops::Kept], style: &Style) -> io::Result<()> {
    for kept in kept {
        let word = coloured("not moved", Class::Damage, style);
        let (path, reason) = (Shown::path(&kept.path), Shown(kept.reason.as_bytes()));
        writeln!(out, "{word}: '{path}': {reason}")?;
    }
    Ok(())
}

fn headline(outcome: &CacheCheckOutcome, style: &Style) -> String {
    let sum = |of: fn(&CacheSummary) -> u64| outcome.caches.iter().map(of).sum::<u64>();
    let entries = count(sum(|cache| cache.entries), "entry");
    let read = size(sum(|cache| cache.bytes));
    let caches = count(outcome.caches.len() as u64, "cache");
    let totals = format!("{entries} in {caches}, {read}, {}", took(outcome.took));
    let unread = outcome.unread.len() as u64;
    let unread = (unread > 0).then(|| format!(", {} not looked at", count(unread, "entry")));
    let unread = unread.unwrap_or_default();
    let unproved = outcome.unproved.len() as u64;
    let hint = if style.verbose {
        String::new()
    } else {
        format!("; {} lists them", style.options.verbose)
    };
    let unproved = match unproved {
        0 => String::new(),
        some => format!(
            "; {} with nothing to hold them against{hint}",
            count(some, "entry")
        ),
    };
    match outcome.bad.len() as u64 {
        0 if !unread.is_empty() => {
            let word = coloured("unreadable", Class::Damage, style);
            format!("{word}: not all could be checked{unread} ({totals}{unproved})")
        }
        0 => format!("nothing bad in the caches ({totals}{unproved})"),
        bad => {
            let word = coloured("damaged", Class::Damage, style);
            format!(
                "{word}: {}{unread} ({totals}{unproved})",
                count(bad, "bad entry")
            )
        }
    }
}

fn summary(cache: &CacheSummary) -> String {
    let parts = [
        (cache.good, "proved good"),
        (cache.unproved, "unproved"),
        (cache.bad, "bad"),
    ];
    let parts = parts.iter().filter(|(some, _)| *some > 0);
    let parts: Vec<String> = parts
        .map(|(some, what)| format!("{} {what}", number(*some)))
        .collect();
    let parts = if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join(", ")
    };
    let (installer, path) = (cache.installer.as_str(), Shown::path(&cache.path));
    format!("{installer}: {parts} in '{path}'")
}

/// Name and version, and where it is.
fn name(entry: &CacheFound) -> String {
    // The name of an entry of responses is a hash of its URL, which nothing tells.
    let first = entry.path.parts().next().unwrap_or_default();
    let nameless = if first.starts_with(b"http") {
        "an entry of the http cache, of an unknown package"
    } else {
        "of an unknown package"
    };
    let package = entry.package.as_deref().unwrap_or(nameless);
    let version = entry.version.as_ref().map(|version| format!(" {version}"));
    let text = format!("{package}{}", version.unwrap_or_default());
    let place = entry.place();
    format!(
        "{}: {} '{}'",
        Shown(text.as_bytes()),
        entry.installer.as_str(),
        Shown::path(&place)
    )
}

fn bad(out: &mut dyn Write, suspect: &Suspect, style: &Style) -> io::Result<()> {
    writeln!(
        out,
        "{}",
        coloured(&name(&suspect.entry), Class::Damage, style)
    )?;
    let faults = suspect.entry.faults();
    let shown = if style.verbose {
        faults.len()
    } else {
        FAULTS_SHOWN
    };
    for fault in faults.iter().take(shown) {
        writeln!(out, "  {}", line(fault))?;
    }
    if faults.len() > shown {
        writeln!(
            out,
            "  and {} more ({} shows them)",
            number((faults.len() - shown) as u64),
            style.options.verbose
        )?;
    }
    for venv in &suspect.venvs {
        writeln!(out, "  shares files with the venv '{}'", Shown::path(venv))?;
    }
    Ok(())
}

fn line(fault: &Fault) -> String {
    let place = fault
        .member
        .as_ref()
        .map(|member| format!("{}: ", Shown(member)));
    format!("{}{}", place.unwrap_or_default(), what(fault))
}

/// What is wrong, in words.
pub(in crate::report) fn what(fault: &Fault) -> String {
    let bytes = |value: Option<u64>| value.map(|value| count(value, "byte")).unwrap_or_default();
    let is = bytes(fault.size);
    let should = bytes(fault.expected_size);
    let than = match (fault.size, fault.expected_size) {
        (Some(_), Some(_)) => format!(": {is}, should be {should}"),
        (None, Some(_)) => format!(" ({should})"),
        _ => String::new(),
    };
    let text = match fault.kind {
        FaultKind::Length => "its length is not that of its headers",
        FaultKind::Hash => "its hash is not the one that the index gives",
        FaultKind::Headers => "its headers are cut or make no sense",
        FaultKind::Cut => "it is cut or damaged",
        FaultKind::Directory => {
            "the directory of the zip is gone or makes no sense: it is cut or damaged"
        }
        FaultKind::Twice => "the zip has members of one name twice",
        FaultKind::Overlap => "members of the zip lie in one another",
        FaultKind::Checksum => "its checksum in the zip is another",
        FaultKind::MemberSize => "its length in the zip is another",
        FaultKind::Metadata => "there is no .dist-info in it",
        FaultKind::Record => "RECORD is gone or lists nothing",
        FaultKind::Unlisted => "RECORD does not list it, and installers take it along",
        FaultKind::Missing => "missing",
        FaultKind::Emptied => "emptied",
        FaultKind::ZeroFilled => "zero-filled",
        FaultKind::Truncated => "truncated",
        FaultKind::Altered => "other bytes than RECORD says",
        FaultKind::Type => "no regular file",
    };
    format!("{text}{than}")
}

fn lacking(entry: &CacheFound) -> &'static str {
    let crate::ops::Verdict::Unproved(lacking) = entry.verdict else {
        return "";
    };
    match lacking {
        Lacking::Hash => "no cached page gives its hash",
        Lacking::RecordHashes => "RECORD does not give all hashes",
        Lacking::Form => "of a form that is not known here",
        Lacking::Packing => "packed in a way that is not known here",
        Lacking::Rest => "it changes all the time",
    }
}
