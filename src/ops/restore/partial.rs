//! `--partial`: what a store has lost is left out of a restore, and named.

use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::lookup::Chosen;
use crate::ops::repair::take_in;
use crate::store::{Digests, Hole, Store};
use crate::venv::{Site, Standing};

/// What of a snapshot cannot be had.
#[derive(Debug, Default)]
pub(super) struct Lost {
    pub(super) objects: Digests,
    pub(super) holes: Vec<Hole>,
}

impl Lost {
    /// Reads all that a snapshot needs. What cannot be read is taken from the venv that is to be replaced, if that still has it:
    /// what is good there must not get lost by the restore.
    pub(super) fn find(
        context: &Context<'_>,
        store: &Store,
        chosen: &Chosen,
        place: &Site,
        dry_run: bool,
    ) -> Result<Self, Error> {
        context.monitor.phase("looking for holes", 0, 0);
        let needed = store.reach([&chosen.snapshot], |id| store.has(id))?.needed;
        let bad = store.unreadable(needed);
        store.disown(&bad);
        let mut reach = store.reach([&chosen.snapshot], |id| store.has(id))?;
        if !reach.missing.is_empty() && place.standing() == Standing::Directory && !dry_run {
            if let Err(error) = take_in(context, store, place, reach.missing.clone()) {
                context.go_on()?;
                context.monitor.warn(&crate::ops::error::reason(&error));
            }
            reach = store.reach([&chosen.snapshot], |id| store.has(id))?;
        }
        Ok(Self {
            holes: store.holes(&chosen.snapshot, &reach)?,
            objects: reach.missing,
        })
    }
}
