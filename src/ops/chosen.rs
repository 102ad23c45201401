//! A snapshot that was chosen: its name with what its file says.

use crate::model::{Snapshot, SnapshotId};
use crate::store::Catalog;

/// A snapshot and its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Its name.
    pub id: SnapshotId,
    /// What its file says.
    pub snapshot: Snapshot,
}

impl Chosen {
    /// Whether there is a tree in it at all: none is in the incident of a restore that replaced nothing
    /// (docs/format.md, "Snapshot file").
    pub fn holds_a_tree(&self) -> bool {
        self.snapshot.totals.dirs > 0
    }

    /// The snapshot that this one completes, else itself. The late changes of an incident are kept in a second
    /// snapshot, but what was found stands in the first.
    pub(super) fn first(&self, catalog: &Catalog) -> Self {
        let first = self.snapshot.completes;
        let found = first.and_then(|first| catalog.snapshots.iter().find(|(id, _)| *id == first));
        found.map_or_else(|| self.clone(), chosen)
    }
}

pub(super) fn chosen((id, snapshot): &(SnapshotId, Snapshot)) -> Chosen {
    Chosen {
        id: *id,
        snapshot: snapshot.clone(),
    }
}
