//! What a crash left of a restore is completed or cleaned, by the next command that meets it (promise 9).
//!
//! The journal says what was under way; which tree stands where is told by the inodes alone, since a phase can be written
//! and not reached, or reached and not written.

use std::path::PathBuf;

use super::hold::hold_parent;
use super::late::{Late, name_to_keep};
use crate::disk::apply::{apply, settle_root};
use crate::disk::journal::{Inode, Journal, Phase, Workplace};
use crate::disk::remove::remove_tree;
use crate::disk::rooted::Rooted;
use crate::disk::swap;
use crate::model::SnapshotId;
use crate::model::compare::compare;
use crate::monitor::Unstoppable;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::store::Store;
use crate::venv::scan::scan;
use crate::venv::sink::DigestsOnly;
use crate::venv::stat_cache::StatCache;
use crate::venv::{Site, Standing};

/// Settles what lies beside or inside a venv, unless a living restore is at work there.
pub(in crate::ops) fn recover_beside(context: &Context<'_>, site: &Site) -> Result<(), Error> {
    let Ok(places) = workplaces(site) else {
        return Ok(());
    };
    if !places.iter().any(Workplace::has_journal) {
        return Ok(());
    }
    let mut at_once = context.heard_by(context.monitor);
    at_once.lock_wait = std::time::Duration::ZERO;
    match hold_parent(&at_once, site) {
        Ok(_parent) => recover(context, None, site),
        Err(Error::Busy(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn workplaces(site: &Site) -> Result<Vec<Workplace>, Error> {
    let mut places = vec![Workplace::beside(site.open_parent()?, site.name())];
    if site.again()?.standing() == Standing::Directory {
        places.push(Workplace::inside(site.again()?.open()?));
    }
    Ok(places)
}

/// Settles what lies beside or inside a venv, to the end. The caller holds the directory around it.
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
            let opened;
            let store = if let Some(store) = store.filter(|store| store.path() == journal.store()) {
                Some(store)
            } else {
                // Only for the incident that it names; the journal of the venv's owner names none to root.
                let named = journal.incident.map(|_| journal.store());
                opened = named
                    .and_then(|store| Store::open(&store, context.lock_wait, context.monitor).ok());
                opened.as_ref()
            };
            Recovery {
                context,
                store,
                site,
                work: &work,
                journal: &journal,
            }
            .settle()?;
        }
    }
    Ok(())
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

struct Recovery<'a> {
    context: &'a Context<'a>,
    store: Option<&'a Store>,
    site: &'a Site,
    work: &'a Workplace,
    journal: &'a Journal,
}

impl Recovery<'_> {
    fn settle(&self) -> Result<(), Error> {
        match &self.journal.phase {
            Phase::Staging => self.clean(),
            Phase::Swap { staged, live } => self.settle_swap(*staged, *live),
            Phase::Apply { steps } => {
                let venv = self.site.again()?.open()?;
                let staging = match self.work.dir.enter(self.work.staging().as_bytes()) {
                    Err(error) if error.is_absent() => None,
                    opened => Some(opened?),
                };
                apply(&venv, staging.as_ref(), steps)?;
                remove_tree(&self.work.dir, self.work.staging().as_bytes())?;
                self.work.clear()?;
                settle_root(&venv, steps)?;
                self.context.monitor.warn("a restore was interrupted while it replaced files one by one; it is completed now");
                Ok(())
            }
        }
    }

    fn exists(&self, name: &[u8]) -> Result<bool, Error> {
        Ok(self.work.dir.stat_name(name)?.is_some())
    }

    /// Whether a name means this directory.
    fn holds(&self, name: &[u8], inode: Option<Inode>) -> Result<bool, Error> {
        let now = self.work.dir.stat_name(name)?;
        let now = now.as_ref().map(Inode::of);
        Ok(now.zip(inode).is_some_and(|(now, inode)| now.is(inode)))
    }

    fn settle_swap(&self, staged: Inode, live: Option<Inode>) -> Result<(), Error> {
        let name = self.site.name();
        let (staging, aside) = (self.work.staging(), self.work.aside());
        let is_free = !self.exists(name)?;
        if is_free && self.holds(staging.as_bytes(), Some(staged))? {
            swap::exchange(self.work, name, false).map_err(|refusal| match refusal {
                swap::Refusal::Failed(error) => Error::Path(error),
                swap::Refusal::Immovable => Error::Busy(self.site.path().to_owned()),
            })?;
        } else if is_free && self.holds(aside.as_bytes(), live)? {
            swap::keep(self.work, &aside, &String::from_utf8_lossy(name))?;
            return self.clean();
        } else if !self.holds(name, Some(staged))? {
            return self.clean_or_keep(live);
        }
        let old = if self.exists(aside.as_bytes())? {
            aside
        } else {
            staging
        };
        self.complete(&old)?;
        self.context
            .monitor
            .warn("a restore was interrupted after its exchange; it is completed now");
        Ok(())
    }

    /// The restore did not happen: its staging goes, and so does the snapshot of what it would have replaced.
    fn clean(&self) -> Result<(), Error> {
        let staging = self.work.staging();
        if self.journal.foreign && self.exists(staging.as_bytes())? {
            return self.set_aside(&staging);
        }
        remove_tree(&self.work.dir, staging.as_bytes())?;
        if let (Some(id), Some(store)) = (self.journal.incident, self.store) {
            self.withdraw(store, id)?;
        }
        self.work.clear()?;
        self.context.monitor.warn("a restore was interrupted before its exchange; what it left is removed, the venv is as it was");
        Ok(())
    }

    /// Something else stands in the place of the venv by now. If the exchange was done, what it replaced is all that is left of it.
    fn clean_or_keep(&self, live: Option<Inode>) -> Result<(), Error> {
        for old in [self.work.staging(), self.work.aside()] {
            if self.holds(old.as_bytes(), live)? {
                let keep = name_to_keep(self.site.name(), None)?;
                swap::keep(self.work, &old, &keep)?;
                self.work.clear()?;
                self.context.monitor.warn(&format!(
                    "a restore was interrupted after its exchange, and another venv was made since; what the restore replaced is kept as '{keep}'"
                ));
                return Ok(());
            }
        }
        self.clean()
    }

    /// Whoever owns the directory can give any tree in it this name, so root removes none on the word of their journal.
    fn set_aside(&self, staging: &str) -> Result<(), Error> {
        let keep = name_to_keep(self.site.name(), None)?;
        swap::keep(self.work, staging, &keep)?;
        self.work.clear()?;
        self.context.monitor.warn(&format!(
            "another user's restore was interrupted; what it left is kept as '{keep}', the venv is as it was"
        ));
        Ok(())
    }

    /// Takes back the snapshot that the journal names, if it is what it should be: an incident of this venv.
    fn withdraw(&self, store: &Store, id: SnapshotId) -> Result<(), Error> {
        let venv = self.context.venv_id(self.site);
        let catalog = store.catalog()?;
        let named = catalog
            .of(&venv)
            .find(|(found, snapshot)| *found == id && !snapshot.is_save());
        named.map_or(Ok(()), |_| Ok(store.withdraw(id)?))
    }

    /// The restore happened: what changed late is saved, then the old tree goes.
    fn complete(&self, old_name: &str) -> Result<(), Error> {
        if self.exists(old_name.as_bytes())? {
            let is_dir = self
                .work
                .dir
                .stat_name(old_name.as_bytes())?
                .is_some_and(|stat| stat.is_dir());
            let saved = !is_dir
                || self
                    .save_late(&self.work.dir.enter(old_name.as_bytes())?)
                    .unwrap_or(false);
            match &self.journal.keep_old {
                Some(keep) => swap::keep(self.work, old_name, keep)?,
                None if saved => remove_tree(&self.work.dir, old_name.as_bytes())?,
                None => {
                    let keep = name_to_keep(self.site.name(), None)?;
                    swap::keep(self.work, old_name, &keep)?;
                    self.context.monitor.warn(&format!(
                        "the replaced tree could not be saved whole; it is kept as '{keep}'"
                    ));
                }
            }
        }
        Ok(self.work.clear()?)
    }

    /// Whether all of the replaced tree is in an incident snapshot now. A removal that was interrupted left only part of it,
    /// all of which was saved before.
    fn save_late(&self, old: &Rooted) -> Result<bool, Error> {
        let (Some(first), Some(store)) = (self.journal.incident, self.store) else {
            return Ok(false);
        };
        let context = self.context;
        store.load_objects(context.monitor)?;
        let newest = store
            .catalog()?
            .snapshots
            .into_iter()
            .rev()
            .find(|(id, snapshot)| *id == first || snapshot.completes == Some(first));
        let Some((_, snapshot)) = newest else {
            return Ok(false);
        };
        let known = store.manifest(&snapshot.root, snapshot.entries())?;
        let found = scan(old, &StatCache::default(), &DigestsOnly, context.monitor)?;
        let fresh = compare(&known, &found.manifest)
            .into_iter()
            .any(|difference| {
                let dir = difference
                    .actual
                    .is_some_and(|entry| entry.node == crate::model::Node::Dir);
                difference.actual.is_some() && !(dir && difference.expected.is_some())
            });
        if fresh {
            let late = Late {
                context,
                store,
                venv: context.venv_id(self.site),
                snapshot: self.journal.snapshot,
            };
            late.save(old, &StatCache::default(), first)
                .map(|_: SnapshotId| ())?;
        }
        Ok(true)
    }
}
