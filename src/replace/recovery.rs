//! What a crash left of a replacement is completed or cleaned, by the next command that meets it (promise 9).
//!
//! The journal says what was under way; which tree stands where is told by the inodes alone, since a phase can be
//! written and not reached, or reached and not written.

use super::disk::apply::{apply, set_all_attributes};
use super::disk::inode::Inode;
use super::disk::journal::{Journal, Phase, Workplace};
use super::disk::step::Step;
use super::disk::swap;
use super::error::{Error, Unreplaced};
use super::finish::{Finish, Old, Sources, Who};
use super::keep::Lost;
use super::keeper::Receipt;
use super::observed::Observed;
use crate::disk::rooted::Rooted;
use crate::monitor::{Monitor, RecoveryWarning};
use crate::tree::{Site, Standing};

/// Who can complete what a journal names.
#[derive(Clone, Copy)]
pub(crate) enum Stand<'a> {
    /// The keeper, with the contents.
    Here(Sources<'a>),
    /// Nobody: the journal names nothing that is kept, or its keeper is gone for good.
    Nowhere,
    /// The keeper cannot be reached now, and is waited for.
    Away,
}

/// How far a journal was settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    Whole,
    /// The rest needs a keeper that cannot be reached now.
    Waits,
}

/// What was left beside or inside a place, unless a living process is at work there.
pub(crate) struct Left {
    pub(super) work: Workplace,
    pub(super) journal: Journal,
}

impl Left {
    /// What its keeper told the journal to remember.
    pub(crate) fn receipt(&self) -> Receipt {
        self.journal.receipt()
    }

    /// Whether files were being replaced one by one.
    pub(crate) fn is_in_place(&self) -> bool {
        matches!(self.journal.phase, Phase::Apply { .. })
    }

    /// Settles it.
    pub(crate) fn complete_or_clean(
        &self,
        stand: Stand<'_>,
        who: Who,
        site: &Site,
        monitor: &dyn Monitor,
    ) -> Result<Settled, Error> {
        let recovery = Recovery {
            stand,
            who,
            site,
            work: &self.work,
            journal: &self.journal,
            monitor,
        };
        match recovery.complete_or_clean() {
            Err(Error::Uncompleted(source)) if who == Who::Replace => {
                recovery.drop_steps(RecoveryWarning::GivenUp(&*source))
            }
            done => done,
        }
    }
}

/// The workplaces at a place in which something is left.
pub(super) fn workplaces(site: &Site) -> Result<Vec<Workplace>, Error> {
    let mut places = vec![Workplace::beside(site.open_parent()?, site.name())];
    if site.again()?.standing() == Standing::Directory {
        places.push(Workplace::inside(site.again()?.open()?));
    }
    places.retain(Workplace::has_journal);
    Ok(places)
}

/// Whether anything is left at a place, or a living process is at work there. False where nobody can look.
pub(crate) fn has_left(site: &Site) -> bool {
    workplaces(site).is_ok_and(|places| !places.is_empty())
}

/// Hands what is left at a place to `settle`, one after the other. The caller holds the directory around the place.
pub(crate) fn each_left<E: From<Error>>(
    site: &Site,
    mut settle: impl FnMut(Left) -> Result<(), E>,
) -> Result<(), E> {
    for work in workplaces(site)? {
        let named = work.read().map_err(Error::from)?;
        let unnamed = work.read_unnamed().filter(|_| named.is_none());
        if unnamed.is_none() {
            work.clear_temp().map_err(Error::from)?;
        }
        if let Some(journal) = named.or(unnamed) {
            settle(Left { work, journal })?;
        }
    }
    Ok(())
}

/// What the journals at a place remember of their keepers.
pub(crate) fn receipts(site: &Site) -> Vec<Receipt> {
    let places = workplaces(site).unwrap_or_default();
    let journals = places.iter().filter_map(|work| work.read().ok().flatten());
    journals.map(|journal| journal.receipt()).collect()
}

/// One journal with all that it takes to settle it.
pub(super) struct Recovery<'a> {
    pub(super) stand: Stand<'a>,
    pub(super) who: Who,
    pub(super) site: &'a Site,
    pub(super) work: &'a Workplace,
    pub(super) journal: &'a Journal,
    pub(super) monitor: &'a dyn Monitor,
}

impl Recovery<'_> {
    fn complete_or_clean(&self) -> Result<Settled, Error> {
        match &self.journal.phase {
            Phase::Staging => self.clean(),
            Phase::Swap {
                staged,
                live,
                finished,
            } => self.settle_swap(*staged, *live, *finished),
            Phase::Apply { steps, venv } => self.settle_steps(steps, *venv),
        }
    }

    fn finish(&self) -> Finish<'_> {
        Finish {
            who: self.who,
            work: self.work,
            name: self.site.name(),
            keep: self.journal.keep_old.as_deref(),
            foreign: self.journal.foreign,
            sources: self.sources(),
            preserve: false,
            monitor: self.monitor,
        }
    }

    pub(super) fn sources(&self) -> Option<Sources<'_>> {
        match self.stand {
            Stand::Here(sources) => self.journal.incident.map(|_| sources),
            Stand::Nowhere | Stand::Away => None,
        }
    }

    /// The rest of the steps is done, after what was written since in their way was kept.
    fn settle_steps(&self, steps: &[Step], bound: Option<Inode>) -> Result<Settled, Error> {
        if self.journal.foreign {
            let why = Unreplaced::OfOtherUser.into();
            return Err(Error::Uncompleted(Box::new(why)));
        }
        let Some(venv) = self.changed_in_place(bound)? else {
            return self.drop_steps(RecoveryWarning::VenvGone);
        };
        if matches!(self.stand, Stand::Away) {
            return Ok(Settled::Waits);
        }
        let staging = match self.work.dir.enter(self.work.staging().as_bytes()) {
            Err(error) if error.is_absent() => None,
            opened => Some(opened?),
        };
        let done = match &staging {
            Some(staging) => self
                .keep_doomed(&venv, staging, steps)
                .and_then(|()| Ok(apply(&venv, Some(staging), steps)?)),
            // Either all was placed, or somebody removed it. What stands there by now is nobody's to remove.
            None => set_all_attributes(&venv, steps).map_err(Error::from),
        };
        done.map_err(|source| Error::Uncompleted(Box::new(source)))?;
        self.finish().steps(steps, &venv, staging.as_ref())?;
        let had_staging = staging.is_some();
        let warning = RecoveryWarning::FilesCompleted { had_staging };
        self.monitor.warn(warning.into());
        Ok(Settled::Whole)
    }

    /// The tree that the steps are for, if it is still there. A journal that lies in it, or is of old, does not say
    /// which it was.
    fn changed_in_place(&self, bound: Option<Inode>) -> Result<Option<Rooted>, Error> {
        let site = self.site.again()?;
        if site.standing() != Standing::Directory {
            return Ok(None);
        }
        let venv = site.open()?;
        let now = Inode::of(&venv)?;
        let is_other = bound.is_some_and(|bound| !now.is(bound));
        Ok((!is_other).then_some(venv))
    }

    /// The steps are not done. What keeps the state that they began to replace stays, as it does after every
    /// replacement that happened.
    fn drop_steps(&self, why: RecoveryWarning<'_>) -> Result<Settled, Error> {
        self.drop_staging()?;
        self.work.clear()?;
        self.monitor.warn(why.into());
        Ok(Settled::Whole)
    }

    pub(super) fn exists(&self, name: &[u8]) -> Result<bool, Error> {
        Ok(self.work.dir.stat_name(name)?.is_some())
    }

    /// Whether a name means this directory.
    pub(super) fn holds(&self, name: &[u8], inode: Option<Inode>) -> Result<bool, Error> {
        let now = Inode::at(&self.work.dir, name)?;
        Ok(now.zip(inode).is_some_and(|(now, inode)| now.is(inode)))
    }

    fn settle_swap(
        &self,
        staged: Inode,
        live: Option<Inode>,
        finished: bool,
    ) -> Result<Settled, Error> {
        let name = self.site.name();
        let (staging, aside) = (self.work.staging(), self.work.aside());
        let is_free = !self.exists(name)?;
        // If the old tree is gone by now, the staged one takes its place only if it was finished. It was, if nothing
        // stood there before or the first of two renames was done.
        let finished = finished || live.is_none() || self.holds(aside.as_bytes(), live)?;
        if is_free && finished && self.holds(staging.as_bytes(), Some(staged))? {
            swap::place(self.work, name).map_err(|refusal| match refusal {
                swap::Refusal::Failed(error) => Error::Path(error),
                _ => Error::Busy(self.site.path().to_owned()),
            })?;
        } else if is_free && self.holds(aside.as_bytes(), live)? {
            swap::keep(self.work, &aside, name)?;
            return self.clean();
        } else if !self.holds(name, Some(staged))? {
            return self.clean_or_keep(staged, live);
        }
        let is_aside = self.exists(aside.as_bytes())? && !self.holds(staging.as_bytes(), live)?;
        let old = if is_aside { aside } else { staging };
        let settled = self.complete(&old, staged, live)?;
        if settled == Settled::Whole {
            self.monitor.warn(RecoveryWarning::Completed.into());
        }
        Ok(settled)
    }

    /// The new tree stands at its place: what is left to do is what follows every exchange.
    fn complete(&self, name: &str, staged: Inode, live: Option<Inode>) -> Result<Settled, Error> {
        let Some(stat) = self.work.dir.stat_name(name.as_bytes())? else {
            return self.finish().end().map(|()| Settled::Whole);
        };
        let is_kept = self.journal.incident.is_some();
        if matches!(self.stand, Stand::Away) && is_kept && self.journal.keep_old.is_none() {
            return Ok(Settled::Waits);
        }
        let is_dir = stat.is_dir();
        let tree = is_dir.then(|| self.work.dir.enter(name.as_bytes()));
        let observed = if self.holds(name.as_bytes(), live)? {
            self.observed(staged)?
        } else {
            Err(Lost::Other)
        };
        let old = Old {
            name,
            tree: tree.transpose()?,
            observed,
        };
        let finish = self.finish();
        finish.exchange(old, &|| Ok(self.site.again()?.open()?))?;
        finish.end().map(|()| Settled::Whole)
    }

    /// What the keeper has of the old tree, or why nothing is known. Fails where it can tell later.
    fn observed(&self, staged: Inode) -> Result<Result<Observed<'_>, Lost>, Error> {
        let Some(sources) = self.sources() else {
            return Ok(Err(Lost::All));
        };
        Ok(match sources.keeper.kept(self.monitor) {
            Ok(Some(kept)) => Ok(Observed::Kept { kept, staged }),
            Ok(None) => Err(Lost::Gone),
            Err(error @ Error::Waits(_)) => return Err(error),
            Err(error) => Err(Lost::Late(error)),
        })
    }
}
