//! The sentences of warnings about a restore that was interrupted.

use crate::disk::error::reason;
use crate::model::Shown;
use crate::monitor::{Cause, RecoveryWarning};

pub(super) fn of_recovery(warning: RecoveryWarning<'_>) -> String {
    match warning {
        RecoveryWarning::Left { cause, is_begun } => {
            let or_restore = if is_begun {
                ", or for a restore or undo, which give it up and replace all"
            } else {
                ""
            };
            format!(
                "{}; it is left for the next command that can{or_restore}",
                reason(cause)
            )
        }
        RecoveryWarning::StoreAway { store, incident } => format!(
            "the store '{}' is not there; if it still has snapshot {incident}, that is of a restore which did not \
             happen",
            Shown::path(store)
        ),
        RecoveryWarning::TakenBack => {
            "a restore was interrupted before its exchange; what it left is removed, the \
            venv is as it was"
                .to_owned()
        }
        RecoveryWarning::OfOtherUser(kept_as) => format!(
            "another user's restore was interrupted; what it left is kept as '{kept_as}', the venv is as it was"
        ),
        RecoveryWarning::FlagsOff(cause) => {
            format!(
                "{}: it had flags (chattr +i, +a), which are off now",
                reason(cause)
            )
        }
        RecoveryWarning::OtherVenvSince(kept_as) => format!(
            "a restore was interrupted after its exchange, and another venv was made since; what the restore replaced \
             is kept as '{kept_as}'"
        ),
        RecoveryWarning::Unknown(kept_as) => format!(
            "a restore was interrupted, and which tree is the old one cannot be told any more (they were copied, or \
             mounted anew); one of them is kept as '{kept_as}'"
        ),
        RecoveryWarning::RemovedSince => {
            "a restore was interrupted, and what it left was removed by somebody; \
            another venv stands there now. The snapshot of what it replaced stays"
                .to_owned()
        }
        RecoveryWarning::VenvGone => {
            "a restore was interrupted while it replaced files one by one, and its venv is \
            gone or another venv was made since; what it left is removed"
                .to_owned()
        }
        RecoveryWarning::GivenUp(cause) => format!(
            "what an interrupted restore began cannot be completed ({}), and is given up",
            reason(cause)
        ),
        RecoveryWarning::FilesCompleted { had_staging } => files_completed(had_staging).to_owned(),
        RecoveryWarning::Completed => {
            "a restore was interrupted after its exchange; it is completed now".to_owned()
        }
        RecoveryWarning::RestKept {
            cause,
            kept_as,
            shares,
        } => rest_kept(cause, kept_as, shares),
    }
}

fn files_completed(had_staging: bool) -> &'static str {
    if had_staging {
        "a restore was interrupted while it replaced files one by one; it is completed now"
    } else {
        "a restore was interrupted while it replaced files one by one, and what it had staged is gone: \
        it was at its end, or somebody removed it"
    }
}

fn rest_kept(cause: Cause<'_>, kept_as: &str, shares: Option<Cause<'_>>) -> String {
    format!(
        "what an earlier restore replaced cannot be removed ({}); what is left of it is kept as '{kept_as}'{}",
        reason(cause),
        may_share(shares)
    )
}

/// Why a tree that is kept may share files with the venv, where it may.
pub(super) fn may_share(shares: Option<Cause<'_>>) -> String {
    shares.map_or_else(String::new, |cause| {
        format!(", and may share files with the venv ({})", reason(cause))
    })
}
