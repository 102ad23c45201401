//! A restore of a snapshot that was chosen before: by `undo`, or by `rebuild`, which built it for that.

use std::time::Instant;

use super::keeper::Brings;
use super::old_names::with_old_names;
use super::partial::Lost;
use super::{RestoreOptions, RestoreOutcome, Run};
use crate::model::shortfall::Shortfall;
use crate::ops::chosen::Chosen;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::store::Store;
use crate::tree::Site;

impl<'a> Run<'a> {
    /// A run for a snapshot that was there before. It has no verb yet, and so is a rehearsal.
    pub(super) fn new(
        context: &'a Context<'a>,
        store: &'a Store,
        options: &'a RestoreOptions,
        chosen: Chosen,
    ) -> Self {
        Self {
            context,
            store,
            options,
            chosen,
            passed_over: None,
            newer: false,
            stood: false,
            lost: Lost::default(),
            known: Shortfall::default(),
            old_places: Vec::new(),
            adapting: 0,
            start: Instant::now(),
            brings: Brings::Nothing,
            verb: None,
        }
    }
}

/// Brings a venv to the state of one snapshot, which was chosen.
pub(in crate::ops) fn restore_chosen(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    chosen: Chosen,
    options: &RestoreOptions,
    verb: &'static str,
) -> Result<RestoreOutcome, Error> {
    Run {
        verb: Some(verb),
        ..Run::new(context, store, options, chosen)
    }
    .at(site)
}

/// Builds a snapshot where nothing is, only to see whether that can be done: neither the log nor the index hears of a
/// place that goes again.
pub(in crate::ops) fn rehearse(
    context: &Context<'_>,
    store: &Store,
    chosen: Chosen,
    place: &Site,
) -> Result<RestoreOutcome, Error> {
    let options = RestoreOptions {
        to: Some(place.clone()),
        ..RestoreOptions::default()
    };
    let run = Run::new(context, store, &options, chosen);
    Ok(with_old_names(place, run.at(place)?, context.monitor))
}

/// Puts a tree in the place of a venv that was built for that: all its content is in the store, and its snapshot
/// counts from the moment on at which that of the replaced state does. A place elsewhere (`to`) has to be free; `yes`
/// is as of a restore.
pub(in crate::ops) fn put_in_place(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    built: Chosen,
    (to, yes): (Option<Site>, bool),
) -> Result<RestoreOutcome, Error> {
    let options = RestoreOptions {
        force: true,
        to,
        yes,
        ..RestoreOptions::default()
    };
    Run {
        brings: Brings::Drafted(Box::new(built.snapshot.clone())),
        verb: Some("rebuild"),
        ..Run::new(context, store, &options, built)
    }
    .at(site)
}
