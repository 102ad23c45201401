//! `pin` and `unpin`: a mark that keeps a snapshot from every retention rule.

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use crate::model::{SnapshotId, SnapshotRef};
use crate::tree::Site;

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
    /// Snapshots that are given up: their files were gone.
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
    let catalog = store.snapshots.catalog()?;
    let venv = site.map(|site| context.venv_id(site));
    let (mut chosen, mut given_up) = (Vec::new(), Vec::new());
    let gone = match pinning {
        Pinning::Pin => Vec::new(),
        Pinning::Unpin => store.snapshots.missing()?,
    };
    for name in names {
        let found = match catalog.find_snapshot(name, venv.as_ref()) {
            Err(error @ Error::NoSnapshot { .. }) => Err(error),
            found => Ok(found?),
        };
        match missing(&gone, name, found.as_ref().ok())? {
            Some(id) => given_up.push(id),
            None => chosen.push(found?),
        }
    }
    let pinned = store.snapshots.pins()?;
    let mut done = Vec::new();
    for id in &given_up {
        store.snapshots.give_up(*id)?;
    }
    for one in chosen {
        let was = pinned.contains(&one.id);
        match pinning {
            Pinning::Pin if !was => {
                store.snapshots.pin(one.id)?;
                // A `forget` that began before may not have seen the mark. Whoever looks last mends it.
                if let Err(gone) = store.snapshots.snapshot_bytes(one.id) {
                    store.snapshots.unpin(one.id)?;
                    return Err(gone.into());
                }
            }
            Pinning::Unpin if was => store.snapshots.unpin(one.id)?,
            _ => {}
        }
        done.push((one, was == (pinning == Pinning::Unpin)));
    }
    Ok(PinOutcome { done, given_up })
}

/// The missing snapshot that a name means: the one of those that are `gone` that begins with these digits, as no other
/// does and not what was `found` in the catalog.
fn missing(
    gone: &[SnapshotId],
    name: &SnapshotRef,
    found: Option<&Chosen>,
) -> Result<Option<SnapshotId>, Error> {
    let SnapshotRef::Prefix(prefix) = name else {
        return Ok(None);
    };
    let found = found.map(|one| one.id);
    let is_meant = |id: &&SnapshotId| id.to_hex().starts_with(prefix) && found != Some(**id);
    let missing: Vec<SnapshotId> = gone.iter().filter(is_meant).copied().collect();
    match (&missing[..], found) {
        ([], _) => Ok(None),
        ([id], None) => Ok(Some(*id)),
        _ => {
            let all = found.iter().chain(&missing);
            Err(Error::Ambiguous {
                prefix: prefix.clone(),
                candidates: all.map(|id| (*id, None)).collect(),
            })
        }
    }
}
