//! `pin` and `unpin`: a mark that keeps a snapshot from every retention rule.

use super::context::Context;
use super::error::Error;
use super::lookup::Chosen;
use crate::model::{SnapshotId, SnapshotRef};
use crate::store::Store;
use crate::venv::Site;

/// Whether a mark is set or taken away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pinning {
    /// Keep it for ever.
    Pin,
    /// Let retention decide.
    Unpin,
}

/// What was pinned or unpinned.
#[derive(Debug, Default)]
pub struct PinOutcome {
    /// The snapshots, each with whether that changed anything.
    pub done: Vec<(Chosen, bool)>,
    /// Snapshots that are given up: they were pinned, and their files are gone.
    pub given_up: Vec<SnapshotId>,
}

/// Pins or unpins snapshots.
pub fn pin(
    context: &Context<'_>,
    site: Option<&Site>,
    names: &[SnapshotRef],
    pinning: Pinning,
) -> Result<PinOutcome, Error> {
    let store = context.open()?;
    let catalog = store.catalog()?;
    let venv = site.map(|site| context.venv_id(site));
    let (mut chosen, mut given_up) = (Vec::new(), Vec::new());
    for name in names {
        match (catalog.find(name, venv.as_ref()), pinning) {
            (Err(error @ Error::NoSnapshot { .. }), Pinning::Unpin) => {
                given_up.push(missing(&store, name)?.ok_or(error)?);
            }
            (found, _) => chosen.push(found?),
        }
    }
    let pinned = store.pins()?;
    let mut done = Vec::new();
    for id in &given_up {
        store.unpin(*id)?;
    }
    for one in chosen {
        let was = pinned.contains(&one.id);
        match pinning {
            Pinning::Pin if !was => {
                store.pin(one.id)?;
                // A `forget` that began before may not have seen the mark. Whoever looks last mends it.
                if let Err(gone) = store.snapshot_bytes(one.id) {
                    store.unpin(one.id)?;
                    return Err(gone.into());
                }
            }
            Pinning::Unpin if was => store.unpin(one.id)?,
            _ => {}
        }
        done.push((one, was == (pinning == Pinning::Unpin)));
    }
    Ok(PinOutcome { done, given_up })
}

/// The pinned snapshot without a file that a name means: the one that begins with these digits.
fn missing(store: &Store, name: &SnapshotRef) -> Result<Option<SnapshotId>, Error> {
    let SnapshotRef::Prefix(prefix) = name else {
        return Ok(None);
    };
    let mut missing = store.missing()?;
    missing.retain(|id| id.to_hex().starts_with(prefix));
    match missing[..] {
        [] => Ok(None),
        [id] => Ok(Some(id)),
        _ => Err(Error::Ambiguous {
            prefix: prefix.clone(),
            candidates: missing.iter().map(|id| id.to_hex()).collect(),
        }),
    }
}
