//! `status`: one row for each venv, the worst first.

use std::io::{self, Write};

use jiff::Timestamp;

use super::Style;
use super::diagnosis::share;
use super::table::{table, write_table};
use super::words::{coloured, count, number, size, time};
use super::wrap::Wrapped;
use crate::model::{Class, PackageChange, Shown};
use crate::ops::{Cause, Health, StatusOutcome, VenvStatus, Why};

/// So many packages are named of one venv.
const PACKAGES: usize = 4;

/// Writes how all venvs stand.
pub fn status(out: &mut dyn Write, outcome: &StatusOutcome, style: &Style) -> io::Result<()> {
    writeln!(out, "{}", counted(outcome))?;
    let header = ["state", "since", "baseline", "size", "venv", "what"];
    let mut rows = table(&header, &[3]);
    for one in &outcome.venvs {
        let baseline = one.baseline.as_ref().map_or_else(
            || "-".to_owned(),
            |saved| {
                let old = age(saved.snapshot.created, outcome.now);
                format!("{}, {old}", saved.id)
            },
        );
        rows.add_row(vec![
            word(one.health, style),
            time(one.since, style),
            baseline,
            one.bytes.map_or_else(|| "-".to_owned(), size),
            Shown::path(&one.venv).to_string(),
            what(one),
        ]);
    }
    if !outcome.venvs.is_empty() {
        write_table(out, &rows, style)?;
    }
    let out = &mut Wrapped::new(out, style);
    for one in &outcome.venvs {
        if let Some(cause) = one.cause.as_ref().filter(|_| one.health == Health::Damaged) {
            let text = Shown(cause.text.as_bytes());
            let (word, rule) = (cause.surety.word(), &cause.rule);
            writeln!(out, "'{}': {word} {rule}: {text}", Shown::path(&one.venv))?;
            if let Some(rest) = rest(cause) {
                writeln!(out, "  {rest}")?;
            }
        }
    }
    let free = outcome
        .free_bytes
        .map(|free| format!(", {} free there", size(free)));
    writeln!(
        out,
        "the store takes {}{}",
        size(outcome.store_bytes),
        free.unwrap_or_default()
    )?;
    match (outcome.elsewhere, outcome.others.is_empty()) {
        (0, true) => Ok(()),
        (elsewhere, true) => {
            let venvs = count(elsewhere as u64, "venv");
            writeln!(out, "of {venvs} of other hosts nothing is told")
        }
        (_, false) => others(out, outcome, style),
    }
}

/// How much damage a cause leaves that nothing explains.
pub(in crate::report) fn rest(cause: &Cause) -> Option<String> {
    share(cause.explains, cause.of, &cause.unexplained)
}

/// What each other host told last.
fn others(out: &mut dyn Write, outcome: &StatusOutcome, style: &Style) -> io::Result<()> {
    writeln!(out, "\nother hosts, as each last told:")?;
    let header = ["host", "state", "told", "by", "baseline", "venv"];
    let mut rows = table(&header, &[]);
    for one in &outcome.others {
        let baseline = one.baseline.as_ref();
        rows.add_row(vec![
            Shown(one.host_name.as_ref().unwrap_or(&one.host).as_bytes()).to_string(),
            word(one.health, style),
            format!("{}, {}", time(one.told, style), age(one.told, outcome.now)),
            one.word.as_str().to_owned(),
            baseline.map_or_else(|| "-".to_owned(), |saved| saved.id.to_string()),
            Shown::path(&one.venv).to_string(),
        ]);
    }
    write_table(out, &rows, style)
}

/// `3 venvs: 1 damaged, 2 sound`, the worst first.
pub(in crate::report) fn counted(outcome: &StatusOutcome) -> String {
    let of = |health| {
        outcome
            .venvs
            .iter()
            .filter(|one| one.health == health)
            .count()
    };
    let parts: Vec<String> = Health::ALL
        .into_iter()
        .rev()
        .map(|health| (of(health), health.as_str()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    match outcome.venvs.len() {
        0 => "no venv of this host is known".to_owned(),
        all => format!("{}: {}", count(all as u64, "venv"), parts.join(", ")),
    }
}

fn word(health: Health, style: &Style) -> String {
    match health {
        Health::Damaged | Health::Gone | Health::Unknown => {
            coloured(health.as_str(), Class::Damage, style)
        }
        Health::Drifted | Health::Unsaved => coloured(health.as_str(), Class::Drift, style),
        Health::Sound => health.as_str().to_owned(),
    }
}

/// How long ago a time was, in its largest unit.
pub(in crate::report) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    match seconds {
        ..60 => "just now".to_owned(),
        60..3600 => format!("{} min old", seconds / 60),
        3600..172_800 => format!("{} h old", seconds / 3600),
        _ => format!("{} days old", number((seconds / 86_400) as u64)),
    }
}

/// What is to be known of one venv beside its state, in a few words.
pub(in crate::report) fn what(one: &VenvStatus) -> String {
    let mut parts = Vec::new();
    if one.damaged > 0 {
        let hurt = one.packages.iter().filter(|package| package.damaged > 0);
        let names: Vec<&str> = hurt.map(|package| package.name.as_str()).collect();
        let of = match names.len() {
            0 => String::new(),
            len => format!(" of {}", some(&names, len)),
        };
        parts.push(format!("{} damaged{of}", count(one.damaged, "entry")));
    }
    if let Some(cause) = &one.cause {
        parts.push(format!("{} {}", cause.surety.word(), cause.rule));
    }
    let moved = one.packages.iter().filter(|package| package.damaged == 0);
    let moved: Vec<String> = moved.map(change).collect();
    let moved: Vec<&str> = moved.iter().map(String::as_str).collect();
    if !moved.is_empty() {
        parts.push(some(&moved, moved.len()));
    } else if one.drifted > 0 {
        parts.push(format!("{} drifted", count(one.drifted, "entry")));
    }
    parts.extend(one.why.as_ref().map(why));
    Shown(parts.join("; ").as_bytes()).to_string()
}

fn some(names: &[&str], all: usize) -> String {
    let more = match all.saturating_sub(PACKAGES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names[..all.min(PACKAGES)].join(", "))
}

/// `click 8.1.7 -> 8.2.0`, with a dash where there is no version. Where both versions are the same: `click 8.1.7` and
/// the state.
fn change(package: &PackageChange) -> String {
    let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
    let (expected, actual) = (version(&package.expected), version(&package.actual));
    if expected == actual {
        return format!("{} {expected} {}", package.name, package.state.as_str());
    }
    format!("{} {expected} -> {actual}", package.name)
}

/// Why more cannot be told of a venv.
pub(in crate::report) fn why(why: &Why) -> String {
    match why {
        Why::NothingThere => "nothing stands there any more".to_owned(),
        Why::NoDirectory => "what stands there is no directory".to_owned(),
        Why::Link(to) => format!("a link stands there, to '{}'", to.display()),
        Why::NoVenv => "it is no venv, and there is no snapshot of one".to_owned(),
        Why::NeverThere => "there is no venv here, and no snapshot of one".to_owned(),
        Why::NeverSaved => "it was never saved".to_owned(),
        Why::NoBaseline(saves) => {
            format!("none of its {} is a baseline", count(*saves as u64, "save"))
        }
        Why::Unreadable(1, first) => format!("'{first}' could not be read"),
        Why::Unreadable(all, first) => {
            format!(
                "{} could not be read, the first is '{first}'",
                count(*all as u64, "entry")
            )
        }
        Why::NoInterpreter => "bin/python leads nowhere".to_owned(),
        Why::Failed(why) => why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        for (ago, told) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 min old"),
            (7200, "2 h old"),
            (172_800, "2 days old"),
            (400_000_000, "4,629 days old"),
        ] {
            let then = Timestamp::from_second(1_000_000_000 - ago).unwrap();
            assert_eq!(age(then, now), told);
        }
    }
}
