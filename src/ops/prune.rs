//! `prune`: frees the space of what no snapshot needs any more.
//!
//! Mark what is needed; delete packs that hold nothing of it, which needs no room; write the rest of half-empty packs
//! into new ones, let the index change over in one transaction, and only then delete the old ones (promise 1).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use super::error::{Error, NotKnown};
use crate::model::SnapshotId;
use crate::store::{Alone, Digests, GoodFrame, Reach, Store, Usage};

/// What a prune is told.
#[derive(Clone, Debug, Default)]
pub struct PruneOptions {
    /// Nothing that was written or forgotten so recently is removed.
    pub grace: SignedDuration,
    /// Change nothing, tell what would be freed.
    pub dry_run: bool,
}

/// What a prune freed. Sizes are bytes as stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PruneOutcome {
    /// Forgotten snapshots that are gone for good.
    pub snapshots: u64,
    /// Packs that were deleted because nothing needs them.
    pub deleted: u64,
    /// Packs of a store in a bucket that nothing needs from now on, and that go when their grace is over.
    pub marked: u64,
    /// Packs that were written anew without what nothing needs.
    pub rewritten: u64,
    /// Objects that are gone.
    pub objects: u64,
    /// What the packs took before,
    pub before: u64,
    /// and what they take now.
    pub after: u64,
    /// Forgotten snapshots that stay for now, since they were forgotten within the grace.
    pub spared: u64,
    /// What packs hold that nothing needs, and that stays for now, since they were written within the grace.
    pub waste: u64,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// How long it took.
    pub took: Duration,
}

/// Stored bytes that are rewritten at a time: so much room is needed beside what is there.
pub(super) const BATCH_BYTES: u64 = 48 << 20;
/// A pack is written anew where at least one part in so many of it is not needed.
const WASTE_PARTS: u64 = 10;
/// Packs smaller than this are joined, where there are that many.
const SMALL_PACK_BYTES: u64 = 4 << 20;
const SMALL_PACKS: usize = 16;

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

/// Everything that snapshots need, with forgotten ones that can still be brought back; the others are gone from here
/// on.
pub(super) fn mark(
    context: &Context<'_>,
    store: &Store,
    is_old: &impl Fn(i64) -> bool,
    outcome: &mut PruneOutcome,
) -> Result<Digests, Error> {
    let (catalog, forgotten) = (store.snapshots.catalog()?, store.snapshots.forgotten()?);
    if let Some((name, error)) = catalog.damaged.first() {
        let (name, why) = (name.clone(), super::error::reason(error));
        return Err(Error::CannotPrune(NotKnown::Unread { name, why }));
    }
    if let Some(lost) = store.snapshots.lost([&catalog, &forgotten])?.first() {
        return Err(Error::CannotPrune(NotKnown::Lost(lost.clone())));
    }
    if let Some(id) = store.snapshots.missing()?.first() {
        return Err(Error::CannotPrune(NotKnown::Gone(*id)));
    }
    // One that was brought back between the two listings is in neither.
    let now = store.snapshots.catalog_anew()?;
    if let Some((name, error)) = now.damaged.first() {
        let (name, why) = (name.clone(), super::error::reason(error));
        return Err(Error::CannotPrune(NotKnown::Unread { name, why }));
    }
    let listed = catalog.snapshots.iter().chain(&now.snapshots);
    let listed: BTreeMap<_, _> = listed.map(|(id, one)| (*id, one)).collect();
    let is_back = |id: &SnapshotId| store.is_of_bucket() && listed.contains_key(id);
    let mut keep: Vec<_> = listed.values().copied().collect();
    let mut gone = Vec::new();
    let left = forgotten.snapshots.iter().filter(|(id, _)| !is_back(id));
    for (id, snapshot) in left {
        if is_old(store.snapshots.forgotten_at(&id.to_hex())?) {
            gone.push(id.to_hex());
            if store.is_of_bucket() {
                // Another host may be bringing it back, so what it needs is needed until the next prune.
                keep.push(snapshot);
            }
        } else {
            outcome.spared += 1;
            keep.push(snapshot);
        }
    }
    for (name, error) in &forgotten.damaged {
        // Within its grace it can still come back, if its file is mended.
        if !is_old(store.snapshots.forgotten_at(name)?) {
            let (name, why) = (name.clone(), super::error::reason(error));
            return Err(Error::CannotPrune(NotKnown::UnreadForgotten { name, why }));
        }
        gone.push(name.clone());
    }
    outcome.snapshots = gone.len() as u64;
    if !outcome.dry_run {
        store.snapshots.drop_forgotten(&gone)?;
    }
    store.load_all(context.monitor)?;
    context.monitor.phase("marking", 0, 0);
    let reach = Reach::walk(&store.objects, keep, |id| store.objects.has(id))?;
    if reach.blind {
        return Err(Error::CannotPrune(NotKnown::Blind));
    }
    Ok(reach.needed)
}

/// What happens to which pack.
pub(super) struct Plan {
    pub(super) delete: Vec<Usage>,
    pub(super) rewrite: Vec<Usage>,
}

impl Plan {
    pub(super) fn new(
        usage: Vec<Usage>,
        is_old: &impl Fn(i64) -> bool,
        outcome: &mut PruneOutcome,
    ) -> Self {
        let mut plan = Self {
            delete: Vec::new(),
            rewrite: Vec::new(),
        };
        let mut small = Vec::new();
        for pack in usage {
            if !is_old(pack.written) {
                outcome.waste += pack.dead;
            } else if pack.live == 0 {
                plan.delete.push(pack);
            } else if pack.dead * WASTE_PARTS >= pack.live + pack.dead {
                plan.rewrite.push(pack);
            } else if pack.size < SMALL_PACK_BYTES {
                small.push(pack);
            }
        }
        if small.len() >= SMALL_PACKS {
            plan.rewrite.append(&mut small);
        }
        plan
    }

    fn foretell(self, outcome: &mut PruneOutcome) {
        outcome.deleted = self.delete.len() as u64;
        outcome.rewritten = self.rewrite.len() as u64;
        for pack in self.delete.iter().chain(&self.rewrite) {
            outcome.objects += pack.dead_objects;
            let stays = if pack.live == 0 {
                0
            } else {
                pack.size - pack.dead
            };
            outcome.after -= pack.size - stays;
        }
    }

    fn carry_out(
        self,
        context: &Context<'_>,
        alone: &Alone<'_>,
        batch_bytes: u64,
        outcome: &mut PruneOutcome,
    ) -> Result<(), Error> {
        let dead: Vec<String> = self.delete.iter().map(|pack| pack.name.clone()).collect();
        alone.delete_packs(&dead)?;
        for pack in self.delete {
            outcome.deleted += 1;
            outcome.objects += pack.dead_objects;
            outcome.after -= pack.size;
        }
        let mut batch: Vec<Usage> = Vec::new();
        let mut rest = self.rewrite.into_iter().peekable();
        while let Some(pack) = rest.next() {
            batch.push(pack);
            let live: u64 = batch.iter().map(|pack| pack.live).sum();
            let next = rest.peek().map_or(batch_bytes, |pack| pack.live);
            if live + next > batch_bytes {
                rewrite(context, alone, std::mem::take(&mut batch), outcome)?;
            }
        }
        rewrite(context, alone, batch, outcome)
    }
}

fn rewrite(
    context: &Context<'_>,
    alone: &Alone<'_>,
    packs: Vec<Usage>,
    outcome: &mut PruneOutcome,
) -> Result<(), Error> {
    if packs.is_empty() {
        return Ok(());
    }
    context.go_on()?;
    let total = packs.iter().map(|pack| pack.live).sum();
    context.monitor.phase("rewriting", 0, total);
    let mut frames: BTreeMap<String, Vec<GoodFrame>> = BTreeMap::new();
    let mut keep = Digests::default();
    for pack in packs {
        outcome.rewritten += 1;
        outcome.objects += pack.dead_objects;
        outcome.after -= pack.size;
        frames.insert(pack.name, pack.frames);
        keep.extend(pack.keeps);
    }
    let (added, reborn) = alone.repack(&frames, Some(keep), context.monitor)?;
    outcome.after += added.stored;
    let old = frames.into_keys().filter(|name| !reborn.contains(name));
    alone.delete_packs(&old.collect::<Vec<_>>())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;
    use crate::monitor::Silent;
    use crate::store::Location;

    #[test]
    fn what_two_saves_packed_at_once_outlives_the_rewriting_of_both_packs() {
        let dir = std::env::temp_dir().join(format!("venv-snap-prune.{}", std::process::id()));
        let monitor = Silent::default();
        let context = Context {
            store: Location::dir(&dir.join("store")),
            host: "host".to_owned(),
            host_name: "host".to_owned(),
            now: Timestamp::now(),
            lock_wait: Duration::ZERO,
            monitor: &monitor,
        };
        std::fs::create_dir(&dir).unwrap();
        Store::create(&context.store, context.lock_wait, &monitor).unwrap();
        let object = |text: &str| (Digest::of(text.as_bytes()), text.as_bytes().to_vec());
        // Both began before either was done, so both bring what they share; each has waste.
        let savers = [(); 2].map(|()| context.open().unwrap());
        let packers = savers
            .each_ref()
            .map(|store| store.packer(&monitor).unwrap());
        let both = ["shared", "shared as well"].map(object);
        for (number, packer) in packers.into_iter().enumerate() {
            let [own, waste] = ["own", "waste"].map(|text| object(&format!("{text} {number}")));
            packer.add_files(both.clone()).unwrap();
            packer.add_files([own, waste]).unwrap();
            packer.finish().unwrap();
        }
        drop(savers);
        let store = context.open().unwrap();
        store.load_objects(&monitor).unwrap();
        let mut needed: Digests = both.iter().map(|(id, _)| *id).collect();
        needed.extend([object("own 0").0, object("own 1").0]);

        let alone = store.alone(&monitor).unwrap();
        let mut outcome = PruneOutcome::default();
        let usage = Usage::measure(&store, &needed, &BTreeSet::new()).unwrap();
        outcome.after = usage.iter().map(|pack| pack.size).sum();
        let plan = Plan::new(usage, &|_| true, &mut outcome);
        // Each pack in a batch of its own.
        plan.carry_out(&context, &alone, 1, &mut outcome).unwrap();
        assert_eq!(outcome.rewritten, 2);
        drop(alone);
        drop(store);
        let store = context.open().unwrap();
        store.load_objects(&monitor).unwrap();
        for id in &needed {
            assert!(store.objects.read(id).is_ok(), "{id:?}");
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
