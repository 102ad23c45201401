//! `pin` and `unpin`: a mark that keeps a snapshot from every retention rule.

use super::context::Context;
use super::error::Error;
use super::lookup::Chosen;
use crate::model::SnapshotRef;
use crate::venv::Site;

/// Whether a mark is set or taken away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pinning {
    /// Keep it for ever.
    Pin,
    /// Let retention decide.
    Unpin,
}

/// Pins or unpins snapshots; each with whether that changed anything.
pub fn pin(
    context: &Context<'_>,
    site: Option<&Site>,
    names: &[SnapshotRef],
    pinning: Pinning,
) -> Result<Vec<(Chosen, bool)>, Error> {
    let store = context.open()?;
    let catalog = store.catalog()?;
    let venv = site.map(|site| context.venv_id(site));
    let mut chosen = Vec::new();
    for name in names {
        chosen.push(catalog.find(name, venv.as_ref())?);
    }
    let pinned = store.pins()?;
    let mut done = Vec::new();
    for one in chosen {
        let was = pinned.contains(&one.id);
        match pinning {
            Pinning::Pin if !was => {
                store.pin(one.id)?;
                // A `forget` that began before may not have seen the mark. Whoever looks last mends it.
                if let Err(gone) = store.snapshot_bytes(one.id) {
                    store.unpin(one.id)?;
                    return Err(gone.into());
                }
            }
            Pinning::Unpin if was => store.unpin(one.id)?,
            _ => {}
        }
        done.push((one, was == (pinning == Pinning::Unpin)));
    }
    Ok(done)
}
