//! `rebuild-index`: the index anew, from the packs.

use super::context::Context;
use super::error::Error;

/// What the new index holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RebuildOutcome {
    /// Packs.
    pub packs: u64,
    /// Objects in them.
    pub objects: u64,
}

/// Throws the index away and reads it anew from the packs.
pub fn rebuild_index(context: &Context<'_>) -> Result<RebuildOutcome, Error> {
    let store = context.open()?;
    let rebuilt = store.rebuild_index(context.monitor)?;
    Ok(RebuildOutcome {
        packs: rebuilt.packs,
        objects: rebuilt.objects,
    })
}
