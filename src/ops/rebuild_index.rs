//! `rebuild-index`: the index anew, from the packs, with the log of the old one.

use super::context::Context;
use super::error::Error;
use crate::store::KeptLog;

/// What the new index holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RebuildOutcome {
    /// Packs.
    pub packs: u64,
    /// Objects in them.
    pub objects: u64,
    /// What stayed of the log.
    pub log: KeptLog,
}

/// Throws the index away and reads it anew from the packs.
pub fn rebuild_index(context: &Context<'_>) -> Result<RebuildOutcome, Error> {
    let store = context.open()?;
    let rebuilt = store.rebuild_index(context.monitor)?;
    Ok(RebuildOutcome {
        packs: rebuilt.packs,
        objects: rebuilt.objects,
        log: rebuilt.log,
    })
}
