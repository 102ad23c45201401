//! `undelete`: forgotten snapshots come back, while all that they hold is still there.

use super::chosen::{Chosen, chosen};
use super::context::Context;
use super::error::Error;
use crate::model::{SnapshotId, SnapshotRef};
use crate::store::Reach;

/// What can be brought back, or was.
#[derive(Debug)]
pub struct UndeleteOutcome {
    /// Back in the list.
    pub restored: Vec<Chosen>,
    /// Forgotten ones that could be, where none was named; with whether all that they hold is still there.
    pub forgotten: Vec<(Chosen, bool)>,
}

/// Brings forgotten snapshots back; without a name, tells which there are.
pub fn undelete(context: &Context<'_>, names: &[SnapshotRef]) -> Result<UndeleteOutcome, Error> {
    let store = context.open()?;
    let forgotten = store.snapshots.forgotten()?;
    store.load_all(context.monitor)?;
    let whole = |chosen: &Chosen| -> Result<bool, Error> {
        let reach = Reach::walk(&store.objects, [&chosen.snapshot], |id| {
            store.objects.has(id)
        })?;
        Ok(!reach.hurts(&chosen.snapshot))
    };
    let mut outcome = UndeleteOutcome {
        restored: Vec::new(),
        forgotten: Vec::new(),
    };
    if names.is_empty() {
        for chosen in forgotten.snapshots.iter().map(chosen) {
            let there = whole(&chosen)?;
            outcome.forgotten.push((chosen, there));
        }
        return Ok(outcome);
    }
    let mut chosen = Vec::new();
    for name in names {
        let one = forgotten.find_snapshot(name, None)?;
        if !whole(&one)? {
            return Err(Error::Pruned(one.id));
        }
        chosen.push(one);
    }
    let ids: Vec<SnapshotId> = chosen.iter().map(|one| one.id).collect();
    store.snapshots.unforget(&ids)?;
    outcome.restored = chosen;
    Ok(outcome)
}
