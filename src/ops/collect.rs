//! `prune` of a store in a bucket, by its owner and beside hosts that save: what nothing needs is marked first, and
//! goes with a later prune, when its grace is over and nothing needs it still. The rules are those of
//! `store/grace.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::context::Context;
use super::error::Error;
use super::prune::needed::mark;
use super::prune::plan::{BATCH_BYTES, Plan, PruneOptions, PruneOutcome};
use crate::store::grace::{Fate, GRACE_SECONDS_MIN, Known};
use crate::store::{Digests, GoodFrame, Owned, Store, Usage};

/// Frees the space of what was marked long ago, and marks what nothing needs.
pub(super) fn collect(
    context: &Context<'_>,
    store: &Store,
    options: &PruneOptions,
) -> Result<PruneOutcome, Error> {
    let start = Instant::now();
    let grace = options.grace.as_secs();
    if grace < GRACE_SECONDS_MIN {
        return Err(Error::ShortGrace);
    }
    let owned = store.owned(&context.host, context.now.as_second(), context.monitor)?;
    let is_old = |written: i64| owned.now.saturating_sub(written) >= grace;
    let mut outcome = PruneOutcome {
        dry_run: options.dry_run,
        ..PruneOutcome::default()
    };
    let needed = mark(context, store, &is_old, &mut outcome)?;
    let [packs, ..] = store.sizes()?;
    (outcome.before, outcome.after) = (packs.1, packs.1);
    let mut past = decide_marked(context, &owned, (&needed, grace), &mut outcome)?;
    context.go_on()?;
    owned.look_past(&past, context.monitor)?;
    let usage = Usage::measure(store, &needed, &past)?;
    let Plan { delete, rewrite } = Plan::new(usage, &is_old, &mut outcome);
    outcome.marked = (delete.len() + rewrite.len()) as u64;
    outcome.rewritten = rewrite.len() as u64;
    if !options.dry_run {
        let dead: Vec<String> = delete.into_iter().map(|pack| pack.name).collect();
        owned.mark(&dead)?;
        past.extend(dead);
        carry_over(context, &owned, rewrite, past, &mut outcome)?;
        if outcome.deleted > 0 || outcome.snapshots > 0 {
            owned.renew_summaries();
        }
    }
    outcome.took = start.elapsed();
    Ok(outcome)
}

/// Decides the fate of all packs that are marked, and carries it out unless it is a dry run. Returns those that stay
/// marked.
fn decide_marked(
    context: &Context<'_>,
    owned: &Owned<'_>,
    (needed, grace): (&Digests, i64),
    outcome: &mut PruneOutcome,
) -> Result<BTreeSet<String>, Error> {
    let (mut goes, mut spared, mut stays) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (pack, since) in owned.marked()? {
        context.go_on()?;
        let known = Known {
            written: since,
            marked: Some(since),
            needed: owned.is_needed(&pack, needed)?,
        };
        match Fate::decide(known, owned.now, grace) {
            Fate::Goes => goes.push(pack),
            Fate::Spared => spared.push(pack),
            Fate::Stays | Fate::Marked => drop(stays.insert(pack)),
        }
    }
    outcome.deleted = goes.len() as u64;
    if outcome.dry_run {
        stays.extend(goes);
        return Ok(stays);
    }
    owned.spare(&spared)?;
    let before = owned.size()?;
    owned.remove(&goes)?;
    outcome.after -= before.saturating_sub(owned.size()?).min(outcome.after);
    Ok(stays)
}

/// Writes what is needed of packs with much waste anew, batch by batch, and marks the old packs once the batch is
/// durable.
fn carry_over(
    context: &Context<'_>,
    owned: &Owned<'_>,
    packs: Vec<Usage>,
    mut past: BTreeSet<String>,
    outcome: &mut PruneOutcome,
) -> Result<(), Error> {
    let mut rest = packs.into_iter().peekable();
    let (mut frames, mut keep, mut live) = (
        BTreeMap::<String, Vec<GoodFrame>>::new(),
        Digests::default(),
        0,
    );
    while let Some(pack) = rest.next() {
        context.go_on()?;
        live += pack.live;
        keep.extend(pack.keeps);
        frames.insert(pack.name, pack.frames);
        if rest
            .peek()
            .is_some_and(|next| live + next.live <= BATCH_BYTES)
        {
            continue;
        }
        let (frames, keep) = (std::mem::take(&mut frames), std::mem::take(&mut keep));
        let names: Vec<String> = frames.keys().cloned().collect();
        past.extend(names.iter().cloned());
        let added = owned.carry_over(&frames, keep, &past, context.monitor)?;
        owned.mark(&names)?;
        outcome.after += added.stored;
        live = 0;
    }
    Ok(())
}
