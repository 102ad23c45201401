//! `diff`: first what is wrong, then where.

use std::io::{self, Write};

use super::Style;
use super::changes::{self, tally};
use super::words::{coloured, count, number, passed_over, size, snapshot, took};
use super::wrap::Wrapped;
use crate::model::{Change, Class, Kind, Shown};
use crate::ops::{DiffOutcome, Side};

/// Writes what a diff found: every file, or with `stat` only how many of each package.
pub fn diff(
    out: &mut dyn Write,
    outcome: &DiffOutcome,
    stat: bool,
    style: &Style,
) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    writeln!(out, "{}", headline(outcome, style))?;
    passed_over(out, outcome.passed_over.as_ref(), style)?;
    for path in &outcome.unstable {
        writeln!(out, "'{path}' kept changing while it was read")?;
    }
    for path in &outcome.unread {
        writeln!(out, "'{path}' could not be read")?;
    }
    if let Some(first) = outcome.unadapted.first() {
        writeln!(
            out,
            "{} stand there as they were saved at {}, and name that place, until a restore adapts them: '{first}'{}",
            count(outcome.unadapted.len() as u64, "entry"),
            Shown::path(&outcome.expected.snapshot.venv.path()),
            if outcome.unadapted.len() > 1 {
                ", …"
            } else {
                ""
            }
        )?;
    }
    super::left_out::write(out, &outcome.left_out)?;
    super::diagnosis::write(out, &outcome.diagnosis, style)?;
    if stat {
        return super::stat::write(out, &outcome.changes, &outcome.packages, style);
    }
    super::packages::write(out, &outcome.packages)?;
    changes::write(out, &outcome.changes, style)
}

fn headline(outcome: &DiffOutcome, style: &Style) -> String {
    let of = |class| {
        outcome
            .changes
            .iter()
            .filter(move |change| change.class == class)
    };
    let (damage, drift): (Vec<&Change>, Vec<&Change>) =
        (of(Class::Damage).collect(), of(Class::Drift).collect());
    let actual = match &outcome.actual {
        Side::Venv(path) => Shown::path(path).to_string(),
        Side::Snapshot(chosen) => snapshot(chosen, style),
    };
    let against = snapshot(&outcome.expected, style);
    let totals = format!(
        "{}, {}, {}",
        count(outcome.totals.files, "file"),
        size(outcome.totals.bytes),
        took(outcome.took)
    );
    if damage.is_empty() && drift.is_empty() {
        return format!("identical: {actual} is what {against} holds ({totals})");
    }
    let (word, class) = if damage.is_empty() {
        ("changed", Class::Drift)
    } else {
        word(&damage)
    };
    // What somebody did is no part of what is damaged.
    let all = match (&damage[..], &drift[..]) {
        ([], drift) => tally(drift),
        (damage, []) => tally(damage),
        (damage, drift) => format!("{}, {} drifted", tally(damage), number(drift.len() as u64)),
    };
    format!(
        "{}: {all} in {actual}, compared with {against} ({totals})",
        coloured(word, class, style)
    )
}

/// Where all that is wrong is that something could not be read, that is not called damage.
fn word(damage: &[&Change]) -> (&'static str, Class) {
    let unread = damage.iter().all(|change| change.kind == Kind::Unreadable);
    (if unread { "unreadable" } else { "damaged" }, Class::Damage)
}
