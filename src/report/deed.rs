//! What a report of an incident is called, and what it calls its parts.

use crate::model::Deed;
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

/// What is said where no package is listed.
pub(super) fn no_packages(outcome: &ReportOutcome) -> &'static str {
    match outcome.deed() {
        Deed::Copied => "Nothing stood there.",
        _ if !outcome.incident.holds_a_tree() => "All were gone.",
        _ => "None was affected.",
    }
}
