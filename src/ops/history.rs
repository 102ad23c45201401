//! How venvs went from snapshot to snapshot: what each held, and which packages changed with it.

use std::path::PathBuf;

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::log::packages;
use crate::model::{PackageChange, Snapshot, SnapshotId, VenvId};

/// The snapshots of one venv, oldest first.
#[derive(Debug)]
pub struct History {
    /// Where the venv is.
    pub venv: PathBuf,
    /// The newest snapshots of it.
    pub steps: Vec<Step>,
    /// How many older ones there are beside them.
    pub older: usize,
}

/// One snapshot, with what came with it.
#[derive(Debug)]
pub struct Step {
    /// The snapshot.
    pub chosen: Chosen,
    /// Of a save: the packages that changed since the save before it.
    pub packages: Vec<PackageChange>,
}

/// Tells how some venvs of this host went, each by its newest `limit` snapshots. What completes an incident is no
/// snapshot of its own.
pub fn history(
    context: &Context<'_>,
    venvs: &[PathBuf],
    limit: usize,
) -> Result<Vec<History>, Error> {
    let store = context.open()?;
    let catalog = store.snapshots.catalog()?;
    let of_venv = |venv: &PathBuf| {
        let id = VenvId::new(&context.host, venv);
        let all = catalog.snapshots_of(&id);
        let all = all.filter(|(_, snapshot)| snapshot.completes.is_none());
        let all: Vec<(SnapshotId, Snapshot)> = all.cloned().collect();
        let older = all.len().saturating_sub(limit);
        // What the first of them brought is told by the save before it.
        let before = all[..older].iter().rposition(|(_, one)| one.is_save());
        let mut came = packages(context, &store, &all[before.unwrap_or(older)..])?;
        let step = |(id, snapshot): (SnapshotId, Snapshot)| Step {
            packages: came.remove(&id).unwrap_or_default(),
            chosen: Chosen { id, snapshot },
        };
        Ok(History {
            venv: venv.clone(),
            steps: all.into_iter().skip(older).map(step).collect(),
            older,
        })
    };
    venvs.iter().map(of_venv).collect()
}
