//! What a prune must leave: all that snapshots need, with forgotten ones that can still be brought back.

use std::collections::BTreeMap;

use super::plan::PruneOutcome;
use crate::model::SnapshotId;
use crate::ops::context::Context;
use crate::ops::error::{self, Error, NotKnown};
use crate::store::{Digests, Reach, Store};

/// Everything that snapshots need, with forgotten ones that can still be brought back; the others are gone from here
/// on.
pub(in crate::ops) fn mark(
    context: &Context<'_>,
    store: &Store,
    is_old: &impl Fn(i64) -> bool,
    outcome: &mut PruneOutcome,
) -> Result<Digests, Error> {
    let (catalog, forgotten) = (store.snapshots.catalog()?, store.snapshots.forgotten()?);
    if let Some((name, error)) = catalog.damaged.first() {
        let (name, why) = (name.clone(), error::reason(error));
        return Err(Error::CannotPrune(NotKnown::Unread { name, why }));
    }
    if let Some(lost) = store.snapshots.lost([&catalog, &forgotten])?.first() {
        return Err(Error::CannotPrune(NotKnown::Lost(lost.clone())));
    }
    if let Some(id) = store.snapshots.missing()?.first() {
        return Err(Error::CannotPrune(NotKnown::Gone(*id)));
    }
    // A snapshot that was brought back between the two listings is in neither of them, so all are listed once more.
    let now = store.snapshots.catalog_anew()?;
    if let Some((name, error)) = now.damaged.first() {
        let (name, why) = (name.clone(), error::reason(error));
        return Err(Error::CannotPrune(NotKnown::Unread { name, why }));
    }
    let listed = catalog.snapshots.iter().chain(&now.snapshots);
    let listed: BTreeMap<_, _> = listed.map(|(id, one)| (*id, one)).collect();
    let is_back = |id: &SnapshotId| store.is_of_bucket() && listed.contains_key(id);
    let mut keep: Vec<_> = listed.values().copied().collect();
    let mut gone = Vec::new();
    let left = forgotten.snapshots.iter().filter(|(id, _)| !is_back(id));
    for (id, snapshot) in left {
        if is_old(store.snapshots.forgotten_at(&id.to_hex())?) {
            gone.push(id.to_hex());
            if store.is_of_bucket() {
                // Another host may be bringing it back, so what it needs is needed until the next prune.
                keep.push(snapshot);
            }
        } else {
            outcome.spared += 1;
            keep.push(snapshot);
        }
    }
    for (name, error) in &forgotten.damaged {
        // Within its grace it can still come back, if its file is mended.
        if !is_old(store.snapshots.forgotten_at(name)?) {
            let (name, why) = (name.clone(), error::reason(error));
            return Err(Error::CannotPrune(NotKnown::UnreadForgotten { name, why }));
        }
        gone.push(name.clone());
    }
    outcome.snapshots = gone.len() as u64;
    if !outcome.dry_run {
        store.snapshots.drop_forgotten(&gone)?;
    }
    store.load_all(context.monitor)?;
    context.monitor.phase("marking", 0, 0);
    let reach = Reach::walk(&store.objects, keep, |id| store.objects.has(id))?;
    if reach.blind {
        return Err(Error::CannotPrune(NotKnown::Blind));
    }
    Ok(reach.needed)
}
