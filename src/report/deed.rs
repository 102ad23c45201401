//! What a report of an incident is called, and what it calls its parts.

use std::collections::BTreeMap;

use super::text::words;
use crate::model::{Class, Deed, Shown};
use crate::ops::ReportOutcome;

/// Its title.
pub(super) fn title(deed: Deed) -> &'static str {
    match deed {
        Deed::Nothing | Deed::Mended => "Incident",
        Deed::RolledBack => "Rollback",
        Deed::BroughtForward => "Return to a newer state",
        Deed::ChangedBack => "Undo",
        Deed::Copied => "Copy",
        Deed::Replaced => "Replacement",
    }
}

/// What the time of it is called, and the snapshot that came.
pub(super) fn headings(deed: Deed) -> (&'static str, &'static str) {
    match deed {
        Deed::Nothing | Deed::Mended => ("found", "restored"),
        Deed::RolledBack => ("when", "rolled back to"),
        Deed::BroughtForward => ("when", "brought forward to"),
        Deed::ChangedBack => ("when", "changed back to"),
        Deed::Copied => ("when", "copied from"),
        Deed::Replaced => ("when", "replaced by"),
    }
}

/// Damage that a restore left as it was.
pub(super) struct Remains {
    /// How many entries.
    pub(super) entries: u64,
    /// Where they are.
    pub(super) names: String,
}

/// So many packages with damage that was left are named.
const NAMED: usize = 10;

/// What of the damage was left: in packages or, where none owns it, by its path. None where all was put right, and
/// where what differed is no damage.
pub(super) fn remains(outcome: &ReportOutcome) -> Option<Remains> {
    let seen = outcome.found.changes.iter();
    let left = seen.filter(|seen| seen.left && seen.class == Class::Damage);
    let mut places: BTreeMap<String, u64> = BTreeMap::new();
    for seen in left {
        let path = || seen.path.to_string();
        let package = seen.package.as_ref();
        let name = package.map(|name| Shown(name.as_bytes()).to_string());
        *places.entry(name.unwrap_or_else(path)).or_default() += 1;
    }
    if places.is_empty() || outcome.deed() != Deed::Mended {
        return None;
    }
    let named = places.iter().take(NAMED);
    let named = named.map(|(name, many)| format!("{name} ({})", words::count(*many, "entry")));
    let mut names = named.collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = places.len().checked_sub(NAMED) {
        names = format!("{names}, and {more} more");
    }
    Some(Remains {
        entries: places.values().sum(),
        names,
    })
}

/// What is said where no package is listed.
pub(super) fn no_packages(outcome: &ReportOutcome) -> &'static str {
    match outcome.deed() {
        Deed::Copied => "Nothing stood there.",
        _ if !outcome.incident.holds_a_tree() => "All were gone.",
        _ => "None was affected.",
    }
}
