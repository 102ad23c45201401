//! The inner parts of a restore, one by one, for `benches/` (feature `bench`). Nothing is saved, exchanged or taken
//! away: what was staged is thrown away.

use super::RestoreOptions;
use super::contents::SnapshotContents;
use super::keeper::Keeper;
use super::target::Target;
use crate::ops::chosen::Chosen;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::snapshot::{Incident, scan_live};
use crate::replace::{self, Goal, How, Live, Plan};
use crate::store::{Digests, Store};
use crate::tree::{Site, Standing};

/// A restore of the newest baseline of a venv.
pub struct Restoring<'c> {
    context: &'c Context<'c>,
    store: Store,
    chosen: Chosen,
    options: RestoreOptions,
}

impl<'c> Restoring<'c> {
    /// Opens the store and chooses the snapshot. The tree keeps every byte (`exact`), since it is built elsewhere.
    pub fn open(context: &'c Context<'c>, venv: &Site) -> Result<Self, Error> {
        let store = context.open()?;
        let (chosen, _) = super::choose(context, &store, &context.venv_id(venv), None)?;
        store.load_objects(context.monitor)?;
        let options = RestoreOptions {
            exact: true,
            ..RestoreOptions::default()
        };
        Ok(Self {
            context,
            store,
            chosen,
            options,
        })
    }

    /// Reads the trees of the snapshot; returns how many entries they have.
    pub fn target(&self, place: &Site) -> Result<usize, Error> {
        Ok(self.load(place)?.manifest.entries().len())
    }

    fn load(&self, place: &Site) -> Result<Target, Error> {
        let (chosen, options) = (&self.chosen, &self.options);
        let nothing = Digests::default();
        Target::load(
            &self.store,
            chosen,
            place,
            options,
            None,
            &nothing,
            self.context.monitor,
        )
    }

    /// A plan for a place. What stands there is scanned, so that good files can be taken over.
    pub fn plan(&self, place: &Site) -> Result<Planned<'_>, Error> {
        let place = place.again()?;
        let live = if place.standing() == Standing::Directory {
            let root = place.open()?;
            Some(scan_live(self.context, &self.store, root, true)?.0)
        } else {
            None
        };
        let target = self.load(&place)?;
        let (context, store) = (self.context, &self.store);
        let venv = context.venv_id(&place);
        let keeper = Keeper::new(context, store, venv, self.chosen.id, Incident::none());
        let contents = SnapshotContents {
            store,
            rewritten: target.rewritten,
        };
        let goal = Goal::new(target.manifest, target.stays);
        Ok(Planned {
            context,
            keeper,
            contents,
            place,
            goal,
            live,
        })
    }
}

/// A plan that can be looked at and staged.
pub struct Planned<'a> {
    context: &'a Context<'a>,
    keeper: Keeper<'a>,
    contents: SnapshotContents<'a>,
    place: Site,
    goal: Goal,
    live: Option<Live>,
}

const HOW: How = How {
    may_link: true,
    may_link_special: true,
    preserve: false,
    into_empty: false,
    part: false,
    is_noise: super::keep::is_noise,
};

impl Planned<'_> {
    /// How many files may be taken over, and how many bytes the rest takes.
    pub fn cost(&self) -> (usize, u64) {
        let proofs = self.goal.proofs(self.live.as_ref(), HOW);
        let reusable = proofs.iter().flatten().count();
        (
            reusable,
            self.goal.need(&proofs, |_, proof| proof.is_none()).bytes,
        )
    }

    /// Builds the new tree beside the place. It goes when what is returned is dropped.
    pub fn stage(&mut self) -> Result<Staged<'_>, Error> {
        let (goal, live) = (std::mem::take(&mut self.goal), self.live.take());
        let (contents, keeper) = (&self.contents, &self.keeper);
        let plan = Plan::new(contents, keeper, &self.place, goal, live, HOW, None);
        Ok(Staged(plan.stage(self.context.monitor)?))
    }
}

/// A tree that is built.
pub struct Staged<'a>(replace::Staged<'a>);

impl Staged<'_> {
    /// How many files were written, and how many taken over.
    pub fn counts(&self) -> (u64, usize) {
        self.0.counts()
    }
}
