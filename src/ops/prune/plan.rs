//! What a prune does to each pack, and what comes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::store::{Alone, Digests, GoodFrame, Usage};

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
pub(in crate::ops) const BATCH_BYTES: u64 = 48 << 20;
/// A pack is written anew where at least one part in so many of it is not needed.
const WASTE_PARTS: u64 = 10;
/// Packs smaller than this are joined, where there are that many.
const SMALL_PACK_BYTES: u64 = 4 << 20;
const SMALL_PACKS: usize = 16;

/// What happens to which pack.
pub(in crate::ops) struct Plan {
    pub(in crate::ops) delete: Vec<Usage>,
    pub(in crate::ops) rewrite: Vec<Usage>,
}

impl Plan {
    pub(in crate::ops) fn new(
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

    pub(super) fn foretell(self, outcome: &mut PruneOutcome) {
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

    pub(super) fn carry_out(
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
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;
    use crate::model::Digest;
    use crate::monitor::Silent;
    use crate::store::{Location, Store};

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
