//! The sentences of warnings about a restore or a rebuild.

use super::recovery::may_share;
use crate::disk::error::reason;
use crate::model::{PackageChange, RelPath, Shown};
use crate::monitor::RestoreWarning;

pub(super) fn of_restore(warning: RestoreWarning<'_>) -> String {
    match warning {
        RestoreWarning::LeftGone(packages) => {
            format!(
                "left as they are, since all of them is gone: {}",
                packages.join(", ")
            )
        }
        RestoreWarning::TakenBack(package) => taken_back(package),
        RestoreWarning::OldTreeStays { unread, more } => {
            let more = match more {
                0 => String::new(),
                more => format!(", nor can {more} more"),
            };
            format!(
                "'{unread}' cannot be read{more}: no snapshot can hold that, so the replaced tree stays beside the venv"
            )
        }
        RestoreWarning::NoIncident(cause) => {
            format!(
                "the replaced state cannot be saved ({}); it is only kept beside the venv",
                reason(cause)
            )
        }
        RestoreWarning::OldNamesUnknown { place, cause } => format!(
            "what still names '{}' cannot be looked for ({})",
            Shown::path(place),
            reason(cause)
        ),
        RestoreWarning::OldNamesUnread(files) => {
            format!("{files} files cannot be read, so they may still name the old place")
        }
        RestoreWarning::StatesNotNoted(cause) => format!(
            "the state of the new tree cannot be noted, and the next save reads all of it ({})",
            reason(cause)
        ),
        RestoreWarning::OtherPip { wanted, brought } => format!(
            "pip {wanted} could not be fetched; pip {brought}, which the interpreter brings, stands in its place"
        ),
        RestoreWarning::NotForHere(requirement) => format!(
            "'{}' is not for this system, by its marker: it is not asked for",
            Shown(requirement.as_bytes())
        ),
        RestoreWarning::TwoRenames => {
            "directories cannot be exchanged in one step here, so it takes two renames: \
            between them there is no venv for a moment"
                .to_owned()
        }
        RestoreWarning::FileByFile(cause) => format!(
            "{}, so files are replaced one by one: a process that starts meanwhile may see old and new ones",
            reason(cause)
        ),
        RestoreWarning::NotSavedWhole {
            cause,
            kept_as,
            shares,
        } => format!(
            "the replaced tree could not be saved whole ({}); it is kept as '{kept_as}'{}",
            reason(cause),
            may_share(shares)
        ),
        RestoreWarning::LeftBehind { first, more } => left_behind(first, more),
        RestoreWarning::ChangedAgain { path, kind } => format!(
            "'{path}' is {} again after it was replaced: something else writes in the venv",
            kind.as_str()
        ),
    }
}

/// What changed too late to be taken along.
fn left_behind(first: &RelPath, more: usize) -> String {
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "'{first}'{more} changed in the moment of the exchange, though it was not to be restored: the incident \
         snapshot has it as it was then, the venv has not"
    )
}

/// Why a package comes back whole. Of the same version only files can have been left out.
fn taken_back(package: &PackageChange) -> String {
    let name = &package.name;
    let old = package.expected.as_deref();
    let new = package.actual.as_deref().unwrap_or_default();
    match old {
        None => format!(
            "the install of {name} {new} did not come to its end, and the snapshot has none; what is known to be of \
             it goes"
        ),
        Some(old) if old == new => format!(
            "{name} {new} was installed again with files left out; it comes back whole, as the snapshot has it"
        ),
        Some(old) => format!(
            "the upgrade of {name} from {old} to {new} was half done; it is taken back to {old}, as the snapshot has \
             it, and what no RECORD lists stays"
        ),
    }
}
