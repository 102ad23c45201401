//! `remote`: makes a store in a bucket, and tries what its server promises.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::context::Context;
use super::error::Error;
use crate::store::{Probed, Store, Terms};

/// What is to be done beside trying.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RemoteOptions {
    /// Make the store where there is none.
    pub makes: bool,
    /// Make this host its owner, who frees its space.
    pub owns: bool,
    /// Make this host the owner even if another host is that.
    pub takes_over: bool,
}

/// What came of trying the server of a store.
#[derive(Debug)]
pub struct RemoteOutcome {
    /// The store.
    pub store: PathBuf,
    /// Whether it was made.
    pub is_new: bool,
    /// What the server was seen to do, and who may write.
    pub terms: Terms,
    /// The host that frees its space, if any does.
    pub owner: Option<String>,
    /// How many seconds its clock is ahead of that of this host.
    pub clock_ahead: i64,
    /// How long it took.
    pub took: Duration,
}

/// Tries the server of a store, and writes into the store what came of it.
pub fn remote(context: &Context<'_>, options: RemoteOptions) -> Result<RemoteOutcome, Error> {
    let start = Instant::now();
    let Probed {
        is_new,
        terms,
        clock,
    } = Store::probe(
        &context.store,
        options.makes,
        context.lock_wait,
        context.monitor,
    )?;
    let took = start.elapsed();
    // The clock of the server was read at the end of that.
    let now = context.now.as_second() + took.as_secs() as i64;
    if options.owns {
        Store::claim(&context.store, options.takes_over)?;
    }
    Ok(RemoteOutcome {
        owner: Store::owner(&context.store)?,
        store: context.store.name().to_owned(),
        is_new,
        terms,
        clock_ahead: clock - now,
        took,
    })
}
