//! What to do about an error of a store in a bucket.

use venv_snap::{NotInBucket, StoreError};

/// What to do about an error that only stores in a bucket know.
pub(super) fn hint(error: &StoreError) -> Option<String> {
    let name = super::called();
    Some(match error {
        StoreError::Elsewhere(NotInBucket::Mended) => sent_anew(),
        StoreError::Elsewhere(what) => {
            let owner = if *what == NotInBucket::Freed {
                format!("'{name} remote init --owner' makes this host the owner; ")
            } else {
                String::new()
            };
            format!(
                "{owner}a store in a directory can do that: '{name} copy --to DIR' brings snapshots to one"
            )
        }
        StoreError::NotOwner { .. } => format!(
            "run it there; where that host is gone for good, '{name} remote init --owner --take-over' makes this one \
             the owner"
        ),
        StoreError::ClocksApart { .. } => {
            format!("set the clocks; '{name} remote check' tells how far they are apart")
        }
        StoreError::TooSlow(_) => {
            "run it again: what it sent is there, and is not sent again".to_owned()
        }
        StoreError::InDirectory(_) => {
            "name a store in a bucket: --store s3://BUCKET/PREFIX".to_owned()
        }
        StoreError::SoleWriter { .. } => format!(
            "'{name} remote check' tries the server again; '{name} copy --to' \
            brings snapshots to a store elsewhere; reading and restoring work from every host"
        ),
        StoreError::NoRanges(_) => format!(
            "'{name} remote check' tries the server again; a proxy between may be the \
            cause"
        ),
        StoreError::NoHome(_) => {
            "set XDG_CACHE_HOME to a directory in which this user may write".to_owned()
        }
        StoreError::Homeless => "set XDG_CACHE_HOME or HOME".to_owned(),
        _ => return None,
    })
}

/// How what is damaged in a bucket and needed by nothing goes.
pub(super) fn pruned() -> String {
    let name = super::called();
    format!(
        "nothing relies on a damaged pack; '{name} prune' by the store's owner ('remote init --owner') removes it when \
        its grace is over"
    )
}

/// How a store in a bucket is mended: not from within.
pub(super) fn sent_anew() -> String {
    let name = super::called();
    format!(
        "'{name} copy --all --store GOOD --to BUCKET' sends what is damaged there anew from another store"
    )
}
