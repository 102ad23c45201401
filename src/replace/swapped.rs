//! Verified → Swapped: the exchange. `finish.rs` does what comes after it.

use super::disk::apply::apply;
use super::disk::inode::Inode;
use super::disk::journal::Phase;
use super::disk::step::Step;
use super::disk::swap::{self, Refusal, Way};
use super::error::Bound;
use super::error::{Error, Unreplaced};
use super::observed::Observed;
use super::plan::Plan;
use super::route::{InPlace, Route};
use super::steps::{self, Wrong};
use super::verified::Verified;
use super::workspace::go_on;
use crate::disk::PathError;
use crate::disk::meta;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::RelPath;
use crate::monitor::{Monitor, RestoreWarning, Status, Unstoppable};

/// How often a tree whose files change under our hands is mended before we give up.
const ATTEMPTS: usize = 3;

/// The new tree stands at its place, durably.
pub(crate) struct Swapped<'a> {
    pub(super) verified: Verified<'a>,
    pub(super) way: Way,
    /// What is not as it should be after all.
    pub(super) wrong: Vec<Wrong>,
}

impl<'a> Verified<'a> {
    /// Puts the new tree in its place by the way that the plan chose, or file by file where directories cannot be
    /// renamed.
    pub(crate) fn swap(self, monitor: &dyn Monitor) -> Result<Swapped<'a>, Error> {
        match self.staged.plan.route {
            Route::InPlace(_) => self.go_in_place(monitor),
            Route::Place { .. } | Route::Exchange => self.go_by_name(monitor),
        }
    }

    /// By renames: the name means the new tree from one moment on.
    fn go_by_name(mut self, monitor: &dyn Monitor) -> Result<Swapped<'a>, Error> {
        self.take_along(monitor)?;
        if !self.staged.plan.route.is_by_name() {
            return self.go_in_place(monitor);
        }
        let live = self.name_both(monitor)?;
        go_on(monitor)?;
        self.same_place(live.as_ref())?;
        if let Some(live) = &mut self.staged.plan.live {
            // Flags that cannot be taken off stop nothing: what then cannot be removed after the exchange is left and
            // named.
            let _ = live.unlock();
        }
        // From here on the next command decides by the inodes what stands where.
        self.staged.space.commit();
        match self.rename(live.as_ref(), monitor) {
            Ok(way) => Ok(Swapped {
                verified: self,
                way,
                wrong: Vec::new(),
            }),
            Err(Refusal::Immovable) => self.fall_back().go_in_place(monitor),
            Err(Refusal::Filled) => {
                self.staged.space.give_up();
                Err(filled(&self.staged.plan))
            }
            Err(Refusal::Replaced) => {
                self.staged.space.give_up();
                Err(Error::ReplacedMeanwhile)
            }
            Err(Refusal::Failed(error)) => {
                if self.same_place(live.as_ref()).is_ok() {
                    self.staged.space.give_up();
                }
                Err(error.into())
            }
        }
    }

    /// Names both trees in the journal, and gives the new one its last attributes. Returns what stands at the place.
    pub(super) fn name_both(&mut self, monitor: &dyn Monitor) -> Result<Option<Stat>, Error> {
        let live = match &self.staged.plan.live {
            Some(live) => Some(live.root.stat()?),
            None => self.current()?,
        };
        // If nothing was taken over, nothing has to be looked at once more: the tree is finished, and may be put in its
        // place after a crash.
        let finished = self.staged.reused.count() == 0;
        if finished {
            self.expose()?;
        }
        if let Some(live) = &self.staged.plan.live {
            self.staged.space.note_flags(live)?;
        }
        let phase = Phase::Swap {
            staged: Inode::of(self.staged.space.staging.root())?,
            live: match &self.staged.plan.live {
                Some(live) => Some(Inode::of(&live.root)?),
                None => Inode::at(&self.staged.space.work.dir, self.staged.plan.place.name())?,
            },
            finished,
        };
        self.write_journal(phase)?;
        if !finished {
            self.mend(monitor)?;
            self.expose()?;
        }
        Ok(live)
    }

    /// Puts the new tree in the place of `live`.
    pub(super) fn rename(
        &self,
        live: Option<&Stat>,
        monitor: &dyn Monitor,
    ) -> Result<Way, Refusal> {
        let (work, name) = (&self.staged.space.work, self.staged.plan.place.name());
        if let Route::Place { vacate } = self.staged.plan.route {
            // An empty directory gives its place. What came into it meanwhile must not go with it.
            if vacate {
                swap::vacate(work, name)?;
            }
            return swap::place(work, name);
        }
        if let Some(way) = swap::exchange(work, name, live)? {
            return Ok(way);
        }
        monitor.warn(RestoreWarning::TwoRenames.into());
        swap::two_renames(work, name, live)
    }

    /// Directories cannot be renamed here though that was planned: all that is staged serves a replacement file by
    /// file.
    pub(super) fn fall_back(mut self) -> Self {
        let plan = &mut self.staged.plan;
        let why = Bound::Immovable;
        let mut in_place = InPlace::plan(why, &plan.goal, plan.live.as_ref(), plan.how);
        let entries = plan.goal.manifest.entries().iter();
        in_place.staged = entries.map(|entry| entry.path.clone()).collect();
        plan.route = Route::InPlace(in_place);
        self
    }

    fn write_journal(&mut self, phase: Phase) -> Result<(), PathError> {
        let space = &mut self.staged.space;
        space.journal.phase = phase;
        space.work.write(&space.journal)
    }

    /// Gives the root of the staged tree its own attributes: the last that is written there before it is exchanged.
    fn expose(&self) -> Result<(), Error> {
        let root = self.staged.plan.goal.manifest.get(&RelPath::root());
        root.map_or(Ok(()), |root| {
            let holds_times = !self.staged.fit.loses_times(root);
            Ok(self.staged.space.staging.expose(&root.meta, holds_times)?)
        })
    }

    /// What stands at the place now, if anything.
    fn current(&self) -> Result<Option<Stat>, Error> {
        let work = &self.staged.space.work;
        Ok(work.dir.stat_name(self.staged.plan.place.name())?)
    }

    /// Fails unless the place still holds what was saved and compared.
    fn same_place(&self, live: Option<&Stat>) -> Result<(), Error> {
        let same = match (self.current()?, live) {
            (Some(now), Some(then)) => now.same_inode(then),
            (None, None) => true,
            _ => false,
        };
        if same {
            Ok(())
        } else {
            Err(Error::ReplacedMeanwhile)
        }
    }

    /// Writes files afresh that changed since they were taken over, until none did.
    fn mend(&mut self, monitor: &dyn Monitor) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let staged = &self.staged;
            let root = staged.space.staging.root();
            let changed = staged
                .reused
                .changed_since(root, &staged.plan.goal.manifest);
            if changed.is_empty() {
                return Ok(());
            }
            monitor.status(Status::ChangedSinceChecked(changed.len()));
            self.staged.rewrite(&changed, monitor)?;
            self.check(monitor)?;
            self.staged.space.staging.sync()?;
        }
        Err(Error::NeverSteady)
    }

    /// Replaces the venv file by file.
    pub(super) fn go_in_place(mut self, monitor: &dyn Monitor) -> Result<Swapped<'a>, Error> {
        let begun = self.begin_in_place(monitor);
        let (there, steps) = begun.inspect_err(|_| self.staged.space.give_up())?;
        self.staged.space.commit();
        let steady = Unstoppable(monitor);
        apply(&there, Some(self.staged.space.staging.root()), &steps)?;
        let wrong = steps::wrong(&self.staged.plan, &there, &steady)?;
        Ok(Swapped {
            verified: self,
            way: Way::FileByFile,
            wrong,
        })
    }

    /// Keeps all that the steps will replace, and writes the steps into the journal. Where this fails nothing was
    /// changed.
    pub(super) fn begin_in_place(
        &mut self,
        monitor: &dyn Monitor,
    ) -> Result<(Rooted, Vec<Step>), Error> {
        let Route::InPlace(InPlace { why, .. }) = &self.staged.plan.route else {
            return Err(Error::Stopped);
        };
        if self.staged.plan.keep.is_some() {
            return Err(self.staged.plan.cannot_keep(why));
        }
        monitor.warn(RestoreWarning::FileByFile(why).into());
        self.look_again(monitor)?;
        if let Some(live) = &mut self.staged.plan.live {
            let space = &mut self.staged.space;
            if space.note_flags(live)? {
                space.work.write(&space.journal)?;
            }
            live.unlock()?;
        }
        let plan = &self.staged.plan;
        let there = plan.in_place()?;
        let Route::InPlace(in_place) = &plan.route else {
            return Err(Error::Stopped);
        };
        let steps = steps::steps(plan, in_place);
        let venv = if self.staged.space.work.is_inside() {
            // The journal lies in it, and so goes where it goes.
            None
        } else {
            Some(lasting(&there)?)
        };
        let phase = Phase::Apply {
            steps: steps.clone(),
            venv,
        };
        self.write_journal(phase)?;
        Ok((there, steps))
    }

    /// Something that the steps replace and of which nobody keeps the content.
    fn restless(&self) -> Option<RelPath> {
        match &self.staged.plan.route {
            Route::InPlace(in_place) => steps::restless(&self.staged.plan, in_place),
            Route::Place { .. } | Route::Exchange => None,
        }
    }

    /// Keeps what changed in the tree since it was read, before any of it is replaced: in place nothing of it is left
    /// afterwards.
    fn look_again(&mut self, monitor: &dyn Monitor) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let staged = &self.staged;
            let Some(live) = &staged.plan.live else {
                return Ok(());
            };
            let there = staged.plan.in_place()?;
            let observed = Observed::read(staged, live);
            if self.restless().is_none() && !observed.moved(&there)? {
                return Ok(());
            }
            if staged.plan.how.into_empty {
                return Err(filled(&staged.plan));
            }
            let added = observed
                .add_to(staged.plan.keeper, &there, monitor)
                .map_err(|error| Error::NotKept(Box::new(error)))?;
            let Some(scan) = added else {
                return Ok(());
            };
            if let Some(live) = &mut self.staged.plan.live {
                live.scan = scan;
            }
            if self.staged.stage_more(monitor)? {
                self.check(monitor)?;
                self.staged.space.staging.sync()?;
            }
        }
        match self.restless() {
            Some(path) => Err(Unreplaced::Restless(path).into()),
            None => Ok(()),
        }
    }
}

/// The name of a tree that is changed in place. Where it lies in a layer over another file system, the first change
/// of it makes a copy of the directory, with another time of birth: so that change comes first.
fn lasting(venv: &Rooted) -> Result<Inode, PathError> {
    meta::touch(venv)?;
    Inode::of(venv)
}

/// Why a tree is not put where something came meanwhile.
fn filled(plan: &Plan<'_>) -> Error {
    Error::FilledMeanwhile(plan.place.path().to_owned())
}
