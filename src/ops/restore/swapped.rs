//! Verified → Swapped: the exchange. `settled.rs` does what comes after it.

use super::in_place;
use super::late;
use super::outcome::Wrong;
use super::plan::{Keep, Plan, Route};
use super::still::moved;
use super::verified::Verified;
use crate::disk::PathError;
use crate::disk::apply::apply;
use crate::disk::inode::Inode;
use crate::disk::journal::Phase;
use crate::disk::meta;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::swap::{self, Refusal, Way};
use crate::model::{RelPath, Shown};
use crate::monitor::Unstoppable;
use crate::ops::context::Context;
use crate::ops::error::Error;

/// How often a tree whose files change under our hands is mended before we give up.
const ATTEMPTS: usize = 3;

/// The new tree stands at its place, durably.
pub(super) struct Swapped<'a> {
    pub(super) verified: Verified<'a>,
    pub(super) way: Way,
    /// What is not as it should be after all.
    pub(super) wrong: Vec<Wrong>,
}

impl<'a> Verified<'a> {
    /// Exchanges the trees, or goes file by file where that is impossible.
    pub(super) fn swap(mut self, context: &Context<'_>) -> Result<Swapped<'a>, Error> {
        if let Route::InPlace(why) = self.staged.plan.route {
            return self.go_in_place(context, why);
        }
        let live = match &self.staged.plan.live {
            Some(live) => Some(live.root.stat()?),
            None => self.current()?,
        };
        // With nothing to look at once more, the tree is as it shall be: a crash may then put it in its place.
        let finished = self.staged.taken.count() == 0;
        if finished {
            self.expose()?;
        }
        let phase = Phase::Swap {
            staged: Inode::of(self.staged.bench.staging.root())?,
            live: match &self.staged.plan.live {
                Some(live) => Some(Inode::of(&live.root)?),
                None => Inode::at(&self.staged.bench.work.dir, self.staged.plan.place.name())?,
            },
            finished,
        };
        self.staged.bench.journal.phase = phase;
        self.staged.bench.work.write(&self.staged.bench.journal)?;
        if !finished {
            self.mend(context)?;
            self.expose()?;
        }
        context.go_on()?;
        self.same_place(live.as_ref())?;
        // From here on the next command decides by the inodes what stands where.
        self.staged.bench.commit();
        match self.exchange(context, live.is_some()) {
            Ok(way) => Ok(Swapped {
                verified: self,
                way,
                wrong: Vec::new(),
            }),
            Err(Refusal::Immovable | Refusal::Unknown) => {
                self.go_in_place(context, "its directory cannot be renamed here")
            }
            Err(Refusal::Filled) => {
                self.staged.bench.give_up();
                Err(filled(&self.staged.plan))
            }
            Err(Refusal::Failed(error)) => {
                if self.same_place(live.as_ref()).is_ok() {
                    self.staged.bench.give_up();
                }
                Err(error.into())
            }
        }
    }

    fn exchange(&self, context: &Context<'_>, live: bool) -> Result<Way, Refusal> {
        let (work, name) = (&self.staged.bench.work, self.staged.plan.place.name());
        if self.staged.plan.options.to.is_some() && live {
            // An empty directory gives its place. What came into it meanwhile must not go with it.
            swap::vacate(work, name)?;
            return swap::place(work, name);
        }
        if !live {
            return swap::place(work, name);
        }
        match swap::exchange(work, name) {
            Err(Refusal::Unknown) => {
                context.monitor.warn("directories cannot be exchanged in one step here, so it takes two renames: between them there is no venv for a moment");
                swap::two_renames(work, name)
            }
            done => done,
        }
    }

    /// Gives the root of the staged tree its own attributes: the last that is written there before it is exchanged.
    fn expose(&self) -> Result<(), Error> {
        let root = self.staged.plan.target.manifest.get(&RelPath::root());
        root.map_or(Ok(()), |root| {
            Ok(self.staged.bench.staging.expose(&root.meta)?)
        })
    }

    /// What stands at the place now, if anything.
    fn current(&self) -> Result<Option<Stat>, Error> {
        Ok(self
            .staged
            .bench
            .work
            .dir
            .stat_name(self.staged.plan.place.name())?)
    }

    /// That the place still holds what was saved and compared.
    fn same_place(&self, live: Option<&Stat>) -> Result<(), Error> {
        let same = match (self.current()?, live) {
            (Some(now), Some(then)) => now.same_inode(then),
            (None, None) => true,
            _ => false,
        };
        if same {
            Ok(())
        } else {
            Err(Error::Refused(
                "the venv was replaced by somebody else in the meantime; nothing was changed"
                    .to_owned(),
            ))
        }
    }

    /// Writes files afresh that changed since they were taken over, until none did.
    fn mend(&mut self, context: &Context<'_>) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let staged = &self.staged;
            let changed = staged
                .taken
                .changed_since(staged.bench.staging.root(), &staged.plan.target.manifest);
            if changed.is_empty() {
                return Ok(());
            }
            context.monitor.status(&format!(
                "{} files changed after they were checked; they are written afresh",
                changed.len()
            ));
            self.staged.rewrite(context, &changed)?;
            self.check(context)?;
            self.staged.bench.staging.sync()?;
        }
        Err(Error::Refused("files of the venv change faster than they can be taken over; use --copy; nothing was changed".to_owned()))
    }

    fn go_in_place(mut self, context: &Context<'_>, why: &str) -> Result<Swapped<'a>, Error> {
        if self.staged.plan.keep != Keep::No {
            self.staged.bench.give_up();
            return Err(self.staged.plan.cannot_keep(why));
        }
        context.monitor.warn(&format!("{why}, so files are replaced one by one: a process that starts meanwhile may see old and new ones"));
        if let Err(error) = self.look_again(context) {
            self.staged.bench.give_up();
            return Err(error);
        }
        let venv = self.staged.plan.in_place()?;
        self.staged.bench.journal.phase = Phase::Apply {
            steps: in_place::steps(&self.staged),
            venv: match self.staged.plan.route {
                // The journal lies in it, and so goes where it goes.
                Route::InPlace(_) => None,
                Route::Exchange => Some(lasting(&venv)?),
            },
        };
        if let Err(error) = self.staged.bench.work.write(&self.staged.bench.journal) {
            self.staged.bench.give_up();
            return Err(error.into());
        }
        self.staged.bench.commit();
        let steady = Unstoppable(context.monitor);
        let context = &context.heard_by(&steady);
        let Phase::Apply { steps, .. } = &self.staged.bench.journal.phase else {
            return Err(Error::Interrupted);
        };
        apply(&venv, Some(self.staged.bench.staging.root()), steps)?;
        let wrong = in_place::wrong(context, &self.staged.plan, &venv)?;
        Ok(Swapped {
            verified: self,
            way: Way::FileByFile,
            wrong,
        })
    }

    /// Saves what changed in the venv since it was scanned, before any of it is replaced: in place nothing of it is left afterwards.
    fn look_again(&mut self, context: &Context<'_>) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let staged = &mut self.staged;
            let Some(live) = &staged.plan.live else {
                return Ok(());
            };
            let venv = staged.plan.in_place()?;
            let restless = in_place::restless(staged).is_some();
            if !restless && !moved(staged, &venv, live)? {
                return Ok(());
            }
            if staged.plan.options.to.is_some() {
                return Err(filled(&staged.plan));
            }
            let saved = late::capture(context, staged, &venv, live)
                .map_err(|error| Error::NoIncident(Box::new(error)))?;
            let Some(saved) = saved else {
                return Ok(());
            };
            staged.bench.incident.completed(saved.id);
            if let Some(live) = &mut staged.plan.live {
                live.scan = saved.scan;
            }
            if staged.stage_more(context)? {
                self.check(context)?;
                self.staged.bench.staging.sync()?;
            }
        }
        match in_place::restless(&self.staged) {
            Some(path) => Err(Error::Refused(format!(
                "'{path}' changes all the time, so it cannot be saved before it is replaced; stop what writes to it; nothing was changed"
            ))),
            None => Ok(()),
        }
    }
}

/// The name of a venv that is changed in place. Where it lies in a layer over another file system, the first change of it makes a copy
/// of the directory, with another time of birth: so that change comes first.
fn lasting(venv: &Rooted) -> Result<Inode, PathError> {
    meta::touch(venv)?;
    Inode::of(venv)
}

/// Why a tree is not put where something came meanwhile.
fn filled(plan: &Plan<'_>) -> Error {
    let shown = Shown::path(plan.place.path());
    Error::Refused(format!(
        "'{shown}' is not empty any more; --to builds only where nothing is; nothing was changed"
    ))
}
