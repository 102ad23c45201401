//! `list` and `show`: which snapshots there are.

use super::context::Context;
use super::error::Error;
use super::lookup::Chosen;
use crate::model::{SnapshotId, SnapshotRef};
use crate::venv::Site;

/// One snapshot in a list.
#[derive(Debug)]
pub struct Listed {
    /// The snapshot.
    pub chosen: Chosen,
    /// Whether it is kept for ever.
    pub pinned: bool,
}

/// The snapshots of a store.
#[derive(Debug)]
pub struct Listing {
    /// Oldest first.
    pub snapshots: Vec<Listed>,
    /// Files that should be snapshots and are damaged, with what is wrong.
    pub damaged: Vec<(String, String)>,
}

/// Lists the snapshots of one venv, or of all.
pub fn list(context: &Context<'_>, site: Option<&Site>) -> Result<Listing, Error> {
    let store = context.open()?;
    let venv = site.map(|site| context.venv_id(site));
    let catalog = store.catalog()?;
    let pins: std::collections::HashSet<SnapshotId> = store.pins()?.into_iter().collect();
    let listed = |(id, snapshot)| Listed {
        pinned: pins.contains(&id),
        chosen: Chosen { id, snapshot },
    };
    let wanted = catalog
        .snapshots
        .into_iter()
        .filter(|(_, snapshot)| venv.as_ref().is_none_or(|venv| snapshot.venv == *venv));
    let damaged = catalog
        .damaged
        .into_iter()
        .map(|(name, error)| (name, error.to_string()))
        .collect();
    Ok(Listing {
        snapshots: wanted.map(listed).collect(),
        damaged,
    })
}

/// Finds one snapshot.
pub fn show(
    context: &Context<'_>,
    name: &SnapshotRef,
    site: Option<&Site>,
) -> Result<Listed, Error> {
    let store = context.open()?;
    let venv = site.map(|site| context.venv_id(site));
    let chosen = store.catalog()?.find(name, venv.as_ref())?;
    Ok(Listed {
        pinned: store.pins()?.contains(&chosen.id),
        chosen,
    })
}
