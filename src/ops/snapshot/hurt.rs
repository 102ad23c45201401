//! Which snapshots need what a store does not have.

use crate::ops::chosen::Chosen;
use crate::ops::error::Error;
use crate::store::{Catalog, Hole, Reach, Store};

/// A snapshot with places that cannot be restored.
#[derive(Clone, Debug)]
pub struct Hurt {
    /// Which.
    pub chosen: Chosen,
    /// The places.
    pub holes: Vec<Hole>,
}

/// The snapshots that need what is missing, newest first.
pub(in crate::ops) fn hurt(
    store: &Store,
    catalog: &Catalog,
    reach: &Reach,
) -> Result<Vec<Hurt>, Error> {
    let mut found = Vec::new();
    for (id, snapshot) in catalog.snapshots.iter().rev() {
        if reach.hurts(snapshot) {
            let chosen = Chosen {
                id: *id,
                snapshot: snapshot.clone(),
            };
            let holes = reach.holes(store.trees(), snapshot)?;
            found.push(Hurt { chosen, holes });
        }
    }
    Ok(found)
}
