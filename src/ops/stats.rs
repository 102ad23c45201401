//! `stats`: what a store holds and what it takes.

use std::collections::BTreeSet;

use super::context::Context;
use super::error::Error;

/// The figures of a store. All sizes are bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StatsOutcome {
    /// Hosts that have a snapshot there.
    pub hosts: u64,
    /// Different venvs.
    pub venvs: u64,
    /// Snapshots, with incident snapshots.
    pub snapshots: u64,
    /// Incident snapshots.
    pub incidents: u64,
    /// Damaged snapshot files.
    pub damaged: u64,
    /// Objects in all packs.
    pub objects: u64,
    /// Packs.
    pub packs: u64,
    /// What the packs take.
    pub packs_bytes: u64,
    /// What the snapshot files take.
    pub snapshots_bytes: u64,
    /// What the index takes.
    pub index_bytes: u64,
    /// What all snapshots would take as plain copies.
    pub logical_bytes: u64,
}

/// Counts what a store holds and measures what it takes.
pub fn stats(context: &Context<'_>) -> Result<StatsOutcome, Error> {
    let store = context.open()?;
    let catalog = store.snapshots.catalog()?;
    let venvs: BTreeSet<_> = catalog
        .snapshots
        .iter()
        .map(|(_, s)| (s.venv.host.clone(), s.venv.path()))
        .collect();
    let [(packs, packs_bytes), (_, snapshots_bytes), (_, index_bytes)] = store.sizes()?;
    Ok(StatsOutcome {
        hosts: venvs
            .iter()
            .map(|(host, _)| host)
            .collect::<BTreeSet<_>>()
            .len() as u64,
        venvs: venvs.len() as u64,
        snapshots: catalog.snapshots.len() as u64,
        incidents: catalog
            .snapshots
            .iter()
            .filter(|(_, snapshot)| !snapshot.is_save())
            .count() as u64,
        damaged: catalog.damaged.len() as u64,
        objects: store.object_count(context.monitor)? as u64,
        packs,
        packs_bytes,
        snapshots_bytes,
        index_bytes,
        logical_bytes: catalog.snapshots.iter().fold(0, |sum, (_, snapshot)| {
            sum.saturating_add(snapshot.totals.bytes)
        }),
    })
}
