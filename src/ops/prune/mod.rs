//! `prune`: frees the space of what no snapshot needs any more.
//!
//! Mark what is needed; delete packs that hold nothing of it, which needs no room; write the rest of half-empty packs
//! into new ones, let the index change over in one transaction, and only then delete the old ones (promise 1).

pub(super) mod needed;
pub(super) mod plan;

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::Timestamp;

use super::context::Context;
use super::error::Error;
use crate::store::Usage;

use needed::mark;
use plan::{BATCH_BYTES, Plan};
pub use plan::{PruneOptions, PruneOutcome};

/// Frees space.
pub fn prune(context: &Context<'_>, options: &PruneOptions) -> Result<PruneOutcome, Error> {
    let start = Instant::now();
    let store = context.open()?;
    if store.is_of_bucket() {
        return super::collect::collect(context, &store, options);
    }
    let alone = store.alone(context.monitor)?;
    let old = (context.now.checked_sub(options.grace)).map_or(i64::MAX, Timestamp::as_second);
    let is_old = |written: i64| options.grace.is_zero() || written <= old;
    let mut outcome = PruneOutcome {
        dry_run: options.dry_run,
        ..PruneOutcome::default()
    };
    let needed = mark(context, &store, &is_old, &mut outcome)?;
    let usage = Usage::measure(&store, &needed, &BTreeSet::new())?;
    outcome.before = usage.iter().map(|pack| pack.size).sum();
    outcome.after = outcome.before;
    let plan = Plan::new(usage, &is_old, &mut outcome);
    context.go_on()?;
    if options.dry_run {
        plan.foretell(&mut outcome);
    } else {
        plan.carry_out(context, &alone, BATCH_BYTES, &mut outcome)?;
    }
    outcome.took = start.elapsed();
    Ok(outcome)
}
