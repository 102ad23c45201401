//! Where a repair looks for what was lost, as it was told: trees of files, and other stores.

use super::context::Context;
use super::copy::refuse_same;
use super::error::Error;
use crate::model::SnapshotId;
use crate::store::{self, Catalog, Digests, Location, Reach, Store};
use crate::tree::Site;

/// What was named, opened.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Trees of files.
    pub(super) sites: Vec<Site>,
    /// Stores.
    pub(super) stores: Vec<Store>,
}

impl Sources {
    /// Opens what was named. What is no store is a tree, whose look comes later.
    pub(super) fn open(context: &Context<'_>, from: &[Location]) -> Result<Self, Error> {
        let mut sources = Self::default();
        for location in from {
            match Store::open(location, context.lock_wait, context.monitor) {
                Ok(store) => {
                    refuse_same(&context.store, location)?;
                    sources.stores.push(store);
                }
                Err(store::Error::NoStore(path))
                    if location.bucket().is_none() && path.is_dir() =>
                {
                    sources.sites.push(Site::resolve(&path)?);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sources)
    }
}

/// Brings snapshot files back that are lost or gone, from a store that has them. Returns which.
pub(super) fn bring_files(
    store: &Store,
    source: &Store,
    lost: &[SnapshotId],
) -> Result<Vec<SnapshotId>, Error> {
    let mut brought = Vec::new();
    for id in lost {
        // What cannot be had from there stays lost.
        if let Ok(bytes) = source.snapshots.snapshot_bytes(*id) {
            store.snapshots.commit_copy(*id, &bytes)?;
            brought.push(*id);
        }
    }
    Ok(brought)
}

/// What the snapshots of a store need.
pub(super) fn needs(store: &Store, catalog: &Catalog) -> Result<Reach, Error> {
    let snapshots = catalog.snapshots.iter().map(|(_, snapshot)| snapshot);
    Ok(Reach::walk(&store.objects, snapshots, |id| {
        store.objects.has(id)
    })?)
}

/// Takes what is missing from another store. A tree that came back may tell of more that is missing, so it goes on
/// while it helps.
pub(super) fn heal_from(
    context: &Context<'_>,
    store: &Store,
    source: &Store,
    reach: &mut Reach,
    catalog: &Catalog,
) -> Result<u64, Error> {
    source.snapshots.catalog()?;
    source.load_all(context.monitor)?;
    let mut healed = 0;
    while !reach.missing.is_empty() {
        let there = reach.missing.iter().filter(|id| source.objects.has(id));
        let there: Digests = there.copied().collect();
        // What is damaged there as well keeps nothing else from coming.
        let bad = source.objects.unreadable(there.iter().copied());
        let good: Digests = there.difference(&bad).copied().collect();
        let packer = store.packer(context.monitor)?.only(good.clone());
        source.objects.send(&good, &packer, context.monitor)?;
        let added = packer.finish()?.objects;
        if added == 0 {
            break;
        }
        healed += added;
        *reach = needs(store, catalog)?;
    }
    Ok(healed)
}
