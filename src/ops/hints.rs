//! What a store knows, for completions: read without a lock and without a write, and nothing where it cannot be read.

use std::path::Path;

use super::chosen::{Chosen, chosen};
use super::list::readable;
use crate::model::SnapshotId;
use crate::monitor::Silent;
use crate::store::Store;

/// A look into a store.
pub struct Hints {
    store: Store,
}

/// Looks into a store, if there is one that can be read.
pub fn hints(store: &Path) -> Option<Hints> {
    let store = Store::peek(store).ok()?;
    Some(Hints { store })
}

impl Hints {
    /// All snapshots, oldest first.
    pub fn snapshots(&self) -> Vec<Chosen> {
        let catalog = self.store.snapshots.catalog();
        catalog.map_or_else(
            |_| Vec::new(),
            |catalog| catalog.snapshots.iter().map(chosen).collect(),
        )
    }

    /// The snapshots that were forgotten and can come back, oldest first.
    pub fn forgotten(&self) -> Vec<Chosen> {
        let catalog = self.store.snapshots.forgotten();
        catalog.map_or_else(
            |_| Vec::new(),
            |catalog| catalog.snapshots.iter().map(chosen).collect(),
        )
    }

    /// The snapshots that are pinned.
    pub fn pins(&self) -> Vec<SnapshotId> {
        self.store.snapshots.pins().unwrap_or_default()
    }

    /// The names of the packages in a snapshot, sorted.
    pub fn packages(&self, of: &Chosen) -> Vec<String> {
        let loaded = self.store.load_objects(&Silent::default());
        let document = of.snapshot.document.filter(|_| loaded.is_ok());
        let audit = document.and_then(|id| readable(&self.store, id)?.audit);
        let packages = audit.map_or_else(Vec::new, |audit| audit.packages);
        packages.into_iter().map(|package| package.name).collect()
    }
}
