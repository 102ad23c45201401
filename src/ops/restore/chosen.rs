//! A restore of a snapshot that is settled before: by `undo`, or by `rebuild`, which built it for that.

use std::time::Instant;

use super::keeper::Brings;
use super::partial::Lost;
use super::{RestoreOptions, RestoreOutcome, Run};
use crate::model::shortfall::Shortfall;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::lookup::Chosen;
use crate::store::Store;
use crate::tree::Site;

/// Brings a venv to the state of one snapshot, which is settled.
pub(in crate::ops) fn restore_chosen(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    chosen: Chosen,
    options: &RestoreOptions,
    verb: &'static str,
) -> Result<RestoreOutcome, Error> {
    Run {
        context,
        store,
        options,
        chosen,
        passed_over: None,
        lost: Lost::default(),
        known: Shortfall::default(),
        old_places: Vec::new(),
        start: Instant::now(),
        brings: Brings::Nothing,
        verb,
    }
    .at(site)
}

/// Puts a tree in the place of a venv that was built for that: all its content is in the store, and its snapshot
/// counts from the moment on at which that of the replaced state does.
pub(in crate::ops) fn put_in_place(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    built: Chosen,
    verb: &'static str,
) -> Result<RestoreOutcome, Error> {
    let options = RestoreOptions {
        force: true,
        ..RestoreOptions::default()
    };
    Run {
        context,
        store,
        options: &options,
        brings: Brings::Drafted(Box::new(built.snapshot.clone())),
        chosen: built,
        passed_over: None,
        lost: Lost::default(),
        known: Shortfall::default(),
        old_places: Vec::new(),
        start: Instant::now(),
        verb,
    }
    .at(site)
}
