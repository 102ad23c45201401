//! The inner parts of a restore, one by one, for `benches/` (feature `bench`). Nothing is saved, exchanged or taken away: what
//! was staged is thrown away.

use super::RestoreOptions;
use super::plan::Plan;
use super::target::Target;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::lookup::Chosen;
use crate::ops::snapshot::{Incident, scan_live};
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
    /// Opens the store and chooses the snapshot. What shall be built elsewhere keeps every byte.
    pub fn of(context: &'c Context<'c>, venv: &Site) -> Result<Self, Error> {
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
        let (id, options) = (self.chosen.id, &self.options);
        let plan = Plan::new(
            &self.store,
            &place,
            target,
            live,
            Incident::none(),
            id,
            options,
        );
        Ok(Planned {
            context: self.context,
            plan,
        })
    }
}

/// A plan that can be looked at and staged.
pub struct Planned<'a> {
    context: &'a Context<'a>,
    plan: Plan<'a>,
}

impl<'a> Planned<'a> {
    /// How many files may be taken over, and how many bytes the rest takes.
    pub fn cost(&self) -> (usize, u64) {
        let proofs = self.plan.proofs();
        let reusable = proofs.iter().flatten().count();
        (reusable, self.plan.need(&proofs).bytes)
    }

    /// Builds the new tree beside the place. It goes when what is returned is dropped.
    pub fn stage(self) -> Result<Staged<'a>, Error> {
        Ok(Staged(self.plan.stage(self.context)?))
    }
}

/// A tree that is built.
pub struct Staged<'a>(super::stage::Staged<'a>);

impl Staged<'_> {
    /// How many files were written, and how many taken over.
    pub fn counts(&self) -> (u64, usize) {
        (self.0.written, self.0.taken.count() as usize)
    }
}
