//! `--partial`: what a store has lost is left out of a restore, and named.

use super::RestoreOptions;
use crate::monitor::SnapshotWarning;
use crate::ops::chosen::Chosen;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::snapshot::store_missing;
use crate::store::{Digests, Hole, Reach, Store};
use crate::tree::{Site, Standing};

/// What of a snapshot cannot be had.
#[derive(Debug, Default)]
pub(super) struct Lost {
    pub(super) objects: Digests,
    pub(super) holes: Vec<Hole>,
}

impl Lost {
    /// Reads all that a snapshot needs. What cannot be read is taken from the venv that is to be replaced, if that
    /// still has it: what is good there must not get lost by the restore. Where the store cannot take it, the old tree
    /// has to stay.
    pub(super) fn search(
        context: &Context<'_>,
        store: &Store,
        chosen: &Chosen,
        place: &Site,
        options: &RestoreOptions,
    ) -> Result<Self, Error> {
        context.monitor.phase("looking for holes", 0, 0);
        let needed = Reach::walk(&store.objects, [&chosen.snapshot], |id| {
            store.objects.has(id)
        })?
        .needed;
        let bad = store.objects.unreadable(needed);
        store.objects.disown(&bad);
        let mut reach = Reach::walk(&store.objects, [&chosen.snapshot], |id| {
            store.objects.has(id)
        })?;
        if !reach.missing.is_empty() && place.standing() == Standing::Directory && !options.dry_run
        {
            if let Err(error) = store_missing(context, store, place, reach.missing.clone()) {
                context.go_on()?;
                if store.may_write() && !options.keep_old {
                    return Err(Error::NoIncident(Box::new(error)));
                }
                context.monitor.warn(SnapshotWarning::NoHelp(&error).into());
            }
            reach = Reach::walk(&store.objects, [&chosen.snapshot], |id| {
                store.objects.has(id)
            })?;
        }
        Ok(Self {
            holes: reach.holes(store.trees(), &chosen.snapshot)?,
            objects: reach.missing,
        })
    }
}
