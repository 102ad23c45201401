//! What a crash left of a restore is completed or cleaned, by the next command that meets it (promise 9).
//!
//! The journal says what was under way; which tree stands where is told by the inodes alone, since a phase can be written
//! and not reached, or reached and not written.

use std::path::PathBuf;

use super::late::name_to_keep;
use crate::disk::apply::{apply, settle_all, settle_root};
use crate::disk::inode::Inode;
use crate::disk::journal::{Journal, Phase, Step, Workplace};
use crate::disk::remove::remove_tree;
use crate::disk::rooted::Rooted;
use crate::disk::swap;
use crate::monitor::Unstoppable;
use crate::ops::context::Context;
use crate::ops::error::{Error, reason};
use crate::ops::hold::hold_parent;
use crate::store::{self, Store};
use crate::tree::{Site, Standing};

/// Settles what lies beside or inside a venv, unless a living restore is at work there. What has to wait for its store is left for
/// the next command, and said. Returns the site as it is by then: a restore may have been interrupted while nothing stood there.
pub(in crate::ops) fn recover_beside(context: &Context<'_>, site: &Site) -> Result<Site, Error> {
    let places = workplaces(site).unwrap_or_default();
    if !places.iter().any(Workplace::has_journal) {
        return Ok(site.clone());
    }
    let mut at_once = context.heard_by(context.monitor);
    at_once.lock_wait = std::time::Duration::ZERO;
    let settled = match hold_parent(&at_once, site) {
        Ok(_parent) => recover(&at_once, None, site),
        Err(error) => Err(error),
    };
    match settled {
        Ok(()) | Err(Error::Busy(_)) => {}
        Err(error @ Error::Uncompleted { .. }) => context.monitor.warn(&format!(
            "{}; it is left for the next command that can, or for a restore or undo, which give it up and replace all",
            reason(&error)
        )),
        Err(error) if may_wait(&error) => context.monitor.warn(&format!(
            "{}; it is left for the next command that can",
            reason(&error)
        )),
        Err(error) => return Err(error),
    }
    Ok(site.again()?)
}

/// Whether somebody who only looks may go on: for want of the store, or of rights in a venv that is not theirs.
fn may_wait(error: &Error) -> bool {
    match error {
        Error::Unsettled { .. } => true,
        Error::Path(error) => error.is_denied(),
        _ => false,
    }
}

fn workplaces(site: &Site) -> Result<Vec<Workplace>, Error> {
    let mut places = vec![Workplace::beside(site.open_parent()?, site.name())];
    if site.again()?.standing() == Standing::Directory {
        places.push(Workplace::inside(site.again()?.open()?));
    }
    Ok(places)
}

/// Settles what lies beside or inside a venv, to the end. The caller holds the directory around it. One who comes with a store is about
/// to save and replace all that stands there, so steps that cannot be completed do not stop it.
pub(in crate::ops) fn recover(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
) -> Result<(), Error> {
    let steady = Unstoppable(context.monitor);
    let context = &context.heard_by(&steady);
    for work in workplaces(site)? {
        if !work.has_journal() {
            continue;
        }
        work.clear_temp()?;
        if let Some(journal) = work.read()? {
            settle(context, store, site, &work, &journal)?;
        }
    }
    Ok(())
}

/// Settles one journal, with the store that it names.
fn settle(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
    work: &Workplace,
    journal: &Journal,
) -> Result<(), Error> {
    let path = journal.store();
    let (mut opened, mut away) = (None, None);
    let replaces = store.is_some();
    // What holds the store may only not be mounted. Who looks can wait for that; so must what replaces files one by one.
    let waits = store.is_none() || matches!(journal.phase, Phase::Apply { .. });
    let store = store.filter(|store| store.path() == path);
    // Only for the incident that it names; the journal of the venv's owner names none to root.
    if store.is_none() && journal.incident.is_some() {
        match Store::open(&path, context.lock_wait, context.monitor) {
            Ok(store) => opened = Some(store),
            Err(store::Error::NoStore(_)) if !waits => {}
            Err(error) => away = Some(error),
        }
    }
    let recovery = Recovery {
        context,
        store: store.or(opened.as_ref()),
        replaces,
        is_away: away.is_some(),
        site,
        work,
        journal,
    };
    let settled = match recovery.settle() {
        Err(Error::Uncompleted { source, .. }) if replaces => recovery.drop_steps(&format!(
            "what an interrupted restore began cannot be completed ({}), and is given up",
            reason(&source)
        )),
        done => done,
    };
    match (settled?, away) {
        (Settled::Waits, Some(source)) => Err(unsettled(path, source)),
        _ => Ok(()),
    }
}

pub(super) fn unsettled(store: PathBuf, source: store::Error) -> Error {
    let source = Box::new(source);
    Error::Unsettled { store, source }
}

/// How far a journal was settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Settled {
    Whole,
    /// The rest needs a store that cannot be had now.
    Waits,
}

/// The stores that are named by what an interrupted restore left at a place.
pub(in crate::ops) fn stores_of_journals(site: &Site) -> Vec<PathBuf> {
    let journals = workplaces(site).unwrap_or_default();
    let journals = journals
        .iter()
        .filter_map(|work| work.read().ok().flatten());
    let named = journals.filter(|journal| journal.incident.is_some());
    named.map(|journal| journal.store()).collect()
}

/// One journal with all that it takes to settle it.
pub(super) struct Recovery<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) store: Option<&'a Store>,
    /// Whether whoever comes is about to save and replace all that stands there, so that nothing may stop it that can be put aside.
    pub(super) replaces: bool,
    /// Whether the journal names a store that cannot be opened now and that has to be waited for.
    pub(super) is_away: bool,
    pub(super) site: &'a Site,
    pub(super) work: &'a Workplace,
    pub(super) journal: &'a Journal,
}

impl Recovery<'_> {
    fn settle(&self) -> Result<Settled, Error> {
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

    /// The rest of the steps is done, after what was written since in their way was saved.
    fn settle_steps(&self, steps: &[Step], bound: Option<Inode>) -> Result<Settled, Error> {
        if self.journal.foreign {
            let why = "only the user who began it may do that";
            return Err(self.uncompleted(Error::Refused(why.to_owned())));
        }
        let Some(venv) = self.changed_in_place(bound)? else {
            let why = "a restore was interrupted while it replaced files one by one, and its venv is gone or another venv was made since";
            return self.drop_steps(&format!("{why}; what it left is removed"));
        };
        if self.is_away {
            return Ok(Settled::Waits);
        }
        let staging = match self.work.dir.enter(self.work.staging().as_bytes()) {
            Err(error) if error.is_absent() => None,
            opened => Some(opened?),
        };
        let done = match &staging {
            Some(staging) => self
                .save_doomed(&venv, staging, steps)
                .and_then(|()| Ok(apply(&venv, Some(staging), steps)?)),
            // Either all was placed, or somebody removed it. What stands there by now is nobody's to remove.
            None => settle_all(&venv, steps).map_err(Error::from),
        };
        done.map_err(|source| self.uncompleted(source))?;
        remove_tree(&self.work.dir, self.work.staging().as_bytes())?;
        self.work.clear()?;
        settle_root(&venv, steps)?;
        self.context.monitor.warn(if staging.is_some() {
            "a restore was interrupted while it replaced files one by one; it is completed now"
        } else {
            "a restore was interrupted while it replaced files one by one, and what it had staged is gone: it was at its end, or somebody removed it"
        });
        Ok(Settled::Whole)
    }

    fn uncompleted(&self, source: Error) -> Error {
        let (venv, source) = (self.site.path().to_owned(), Box::new(source));
        Error::Uncompleted { venv, source }
    }

    /// The venv that the steps are for, if it is still there. A journal that lies in it, or is of old, does not say which it was.
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

    /// The steps are not done. The snapshot of what they began to replace stays, as it does after every restore that happened.
    fn drop_steps(&self, why: &str) -> Result<Settled, Error> {
        self.drop_staging()?;
        self.work.clear()?;
        self.context.monitor.warn(why);
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
        // Where the venv is gone since, what was to replace it may not have been finished.
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
        let old = if self.exists(aside.as_bytes())? {
            aside
        } else {
            staging
        };
        let settled = self.complete(&old, staged)?;
        if settled == Settled::Whole {
            self.context
                .monitor
                .warn("a restore was interrupted after its exchange; it is completed now");
        }
        Ok(settled)
    }

    /// The restore happened: what changed late is saved, then the old tree goes.
    fn complete(&self, old_name: &str, staged: Inode) -> Result<Settled, Error> {
        let keep = &self.journal.keep_old;
        if let Some(stat) = self.work.dir.stat_name(old_name.as_bytes())? {
            if self.is_away && keep.is_none() {
                return Ok(Settled::Waits);
            }
            let lost = if stat.is_dir() {
                self.secure(&self.work.dir.enter(old_name.as_bytes())?, staged)?
            } else {
                None
            };
            match (keep, lost) {
                (Some(keep), _) => swap::keep(self.work, old_name, keep.as_bytes())?,
                (None, None) => self.remove_old(old_name, staged)?,
                (None, Some(why)) => {
                    let keep = name_to_keep(self.site.name(), None)?;
                    swap::keep(self.work, old_name, keep.as_bytes())?;
                    self.context.monitor.warn(&format!(
                        "the replaced tree could not be saved whole ({why}); it is kept as '{keep}'"
                    ));
                }
            }
        }
        self.work.clear()?;
        Ok(Settled::Whole)
    }
}
