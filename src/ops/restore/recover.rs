//! What a crash left of a restore is completed or cleaned, by the next command that meets it (promise 9).
//!
//! The journal says what was under way; which tree stands where is told by the inodes alone, since a phase can be written
//! and not reached, or reached and not written.

use std::path::PathBuf;

use super::hold::hold_parent;
use super::late::{Late, name_to_keep, write_afresh};
use super::merge;
use crate::disk::apply::{apply, settle_root};
use crate::disk::journal::{Inode, Journal, Phase, Workplace};
use crate::disk::remove::remove_tree;
use crate::disk::rooted::Rooted;
use crate::disk::swap;
use crate::model::{Entry, Manifest, SnapshotId};
use crate::monitor::Unstoppable;
use crate::ops::context::Context;
use crate::ops::error::{Error, reason};
use crate::store::{self, Store};
use crate::venv::scan::{Scan, scan};
use crate::venv::sink::DigestsOnly;
use crate::venv::stat_cache::StatCache;
use crate::venv::{Site, Standing};

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
        Ok(_parent) => recover(context, None, site),
        Err(error) => Err(error),
    };
    match settled {
        Ok(()) | Err(Error::Busy(_)) => {}
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
    let store = store.filter(|store| store.path() == path);
    // Only for the incident that it names; the journal of the venv's owner names none to root.
    if store.is_none() && journal.incident.is_some() {
        match Store::open(&path, context.lock_wait, context.monitor) {
            Ok(store) => opened = Some(store),
            // With it all that it held is gone, so nothing waits for it.
            Err(store::Error::NoStore(_)) => {}
            Err(error) => away = Some(error),
        }
    }
    let recovery = Recovery {
        context,
        store: store.or(opened.as_ref()),
        is_away: away.is_some(),
        site,
        work,
        journal,
    };
    match (recovery.settle()?, away) {
        (Settled::Waits, Some(source)) => Err(unsettled(path, source)),
        _ => Ok(()),
    }
}

fn unsettled(store: PathBuf, source: store::Error) -> Error {
    let source = Box::new(source);
    Error::Unsettled { store, source }
}

/// How far a journal was settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Settled {
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

struct Recovery<'a> {
    context: &'a Context<'a>,
    store: Option<&'a Store>,
    /// Whether the journal names a store that is there and cannot be opened now.
    is_away: bool,
    site: &'a Site,
    work: &'a Workplace,
    journal: &'a Journal,
}

impl Recovery<'_> {
    fn settle(&self) -> Result<Settled, Error> {
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
                Ok(Settled::Whole)
            }
        }
    }

    fn exists(&self, name: &[u8]) -> Result<bool, Error> {
        Ok(self.work.dir.stat_name(name)?.is_some())
    }

    /// Whether a name means this directory.
    fn holds(&self, name: &[u8], inode: Option<Inode>) -> Result<bool, Error> {
        let now = Inode::at(&self.work.dir, name)?;
        Ok(now.zip(inode).is_some_and(|(now, inode)| now.is(inode)))
    }

    fn settle_swap(&self, staged: Inode, live: Option<Inode>) -> Result<Settled, Error> {
        let name = self.site.name();
        let (staging, aside) = (self.work.staging(), self.work.aside());
        let is_free = !self.exists(name)?;
        if is_free && self.holds(staging.as_bytes(), Some(staged))? {
            swap::place(self.work, name).map_err(|refusal| match refusal {
                swap::Refusal::Failed(error) => Error::Path(error),
                _ => Error::Busy(self.site.path().to_owned()),
            })?;
        } else if is_free && self.holds(aside.as_bytes(), live)? {
            swap::keep(self.work, &aside, name)?;
            return self.clean();
        } else if !self.holds(name, Some(staged))? {
            return self.clean_or_keep(live);
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

    /// The restore did not happen: its staging goes, and so does the snapshot of what it would have replaced.
    fn clean(&self) -> Result<Settled, Error> {
        if self.is_away {
            return Ok(Settled::Waits);
        }
        let staging = self.work.staging();
        if self.journal.foreign && self.exists(staging.as_bytes())? {
            return self.set_aside(&staging);
        }
        if let (Some(id), Some(store)) = (self.journal.incident, self.store) {
            self.withdraw(store, id).map_err(|error| match error {
                Error::Store(error) => unsettled(store.path().to_owned(), error),
                error => error,
            })?;
        }
        remove_tree(&self.work.dir, staging.as_bytes())?;
        self.work.clear()?;
        self.context.monitor.warn("a restore was interrupted before its exchange; what it left is removed, the venv is as it was");
        Ok(Settled::Whole)
    }

    /// Something else stands in the place of the venv by now. If the exchange was done, what it replaced is all that is left of it.
    fn clean_or_keep(&self, live: Option<Inode>) -> Result<Settled, Error> {
        for old in [self.work.staging(), self.work.aside()] {
            if self.holds(old.as_bytes(), live)? {
                let keep = name_to_keep(self.site.name(), None)?;
                swap::keep(self.work, &old, keep.as_bytes())?;
                self.work.clear()?;
                self.context.monitor.warn(&format!(
                    "a restore was interrupted after its exchange, and another venv was made since; what the restore replaced is kept as '{keep}'"
                ));
                return Ok(Settled::Whole);
            }
        }
        self.clean()
    }

    /// Whoever owns the directory can give any tree in it this name, so root removes none on the word of their journal.
    fn set_aside(&self, staging: &str) -> Result<Settled, Error> {
        let keep = name_to_keep(self.site.name(), None)?;
        swap::keep(self.work, staging, keep.as_bytes())?;
        self.work.clear()?;
        self.context.monitor.warn(&format!(
            "another user's restore was interrupted; what it left is kept as '{keep}', the venv is as it was"
        ));
        Ok(Settled::Whole)
    }

    /// Takes back the snapshot that the journal names, if it is what it should be: an incident of this venv. So goes what completes it.
    fn withdraw(&self, store: &Store, id: SnapshotId) -> Result<(), Error> {
        let venv = self.context.venv_id(self.site);
        let catalog = store.catalog()?;
        let named = catalog.of(&venv).filter(|(found, snapshot)| {
            (*found == id || snapshot.completes == Some(id)) && !snapshot.is_save()
        });
        for (id, _) in named {
            store.withdraw(*id)?;
        }
        Ok(())
    }

    /// The restore happened: what changed late is saved, then the old tree goes.
    fn complete(&self, old_name: &str, staged: Inode) -> Result<Settled, Error> {
        let keep = &self.journal.keep_old;
        if let Some(stat) = self.work.dir.stat_name(old_name.as_bytes())? {
            if self.is_away && keep.is_none() {
                return Ok(Settled::Waits);
            }
            let lost = if stat.is_dir() {
                self.secure(&self.work.dir.enter(old_name.as_bytes())?, staged)
            } else {
                None
            };
            match (keep, lost) {
                (Some(keep), _) => swap::keep(self.work, old_name, keep.as_bytes())?,
                (None, None) => remove_tree(&self.work.dir, old_name.as_bytes())?,
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

    /// Sees to it that nothing is lost with the replaced tree. Returns why something would be.
    fn secure(&self, old: &Rooted, staged: Inode) -> Option<String> {
        let (Some(first), Some(store)) = (self.journal.incident, self.store) else {
            // The empty directory that gave its place to a new tree.
            let is_empty = !self.journal.foreign && old.names().is_ok_and(|names| names.is_empty());
            return (!is_empty).then(|| "no snapshot has it".to_owned());
        };
        match self.save_late(store, first, old, staged) {
            Ok(lost) => lost,
            Err(error) => Some(reason(&error)),
        }
    }

    /// Saves what changed in the replaced tree, and gives the new one files of its own in place of those that changed through the old
    /// one. A removal that was interrupted left only part of the old tree, all of which was saved before. Returns why not all is saved.
    fn save_late(
        &self,
        store: &Store,
        first: SnapshotId,
        old: &Rooted,
        staged: Inode,
    ) -> Result<Option<String>, Error> {
        let context = self.context;
        store.load_objects(context.monitor)?;
        let snapshots = store.catalog()?.snapshots;
        let saved = |id: &SnapshotId| snapshots.iter().find(|(found, _)| found == id);
        let newest = snapshots
            .iter()
            .rfind(|(id, snapshot)| *id == first || snapshot.completes == Some(first));
        let (Some((_, scanned)), Some((_, newest))) = (saved(&first), newest) else {
            return Ok(Some("its incident snapshot is gone".to_owned()));
        };
        let found = scan(old, &StatCache::default(), &DigestsOnly, context.monitor)?;
        let scanned = store.manifest(&scanned.root, scanned.entries())?;
        let part = |stays| self.part(store, &scanned, &found, old, staged, stays);
        let parted = part(false);
        let known = store.manifest(&newest.root, newest.entries())?;
        if merge::over(&known, &found.manifest) == known && found.unstable.is_empty() {
            return parted.map(|()| None);
        }
        let late = Late {
            context,
            store,
            venv: context.venv_id(self.site),
            snapshot: self.journal.snapshot,
            root: None,
        };
        let lost = match late.save(old, &StatCache::default(), first, Some(&known)) {
            Ok(saved) => saved
                .lost()
                .map(|path| format!("'{path}' cannot be read, or never holds still")),
            Err(error) => Some(reason(&error)),
        };
        parted?;
        if lost.is_some() {
            part(true)?;
        }
        Ok(lost)
    }

    /// What both trees share was taken over because the scan of the old one had found it good: it must still be that. Where the old
    /// tree stays nothing may be shared.
    fn part(
        &self,
        store: &Store,
        scanned: &Manifest,
        found: &Scan,
        old: &Rooted,
        staged: Inode,
        stays: bool,
    ) -> Result<(), Error> {
        let venv = self.site.again()?.open()?;
        if !Inode::at(&venv, b"")?.is_some_and(|now| now.is(staged)) {
            return Ok(());
        }
        let now = found.manifest.entries().iter().zip(&found.stats);
        let changed: Vec<&Entry> = now
            .filter_map(|(entry, stat)| {
                let then = scanned.get(&entry.path)?;
                let same = (then.size(), then.digest(), &then.meta)
                    == (entry.size(), entry.digest(), &entry.meta);
                let shared = || venv.stat_below(&entry.path, true);
                let shared = || shared().is_ok_and(|there| there.same_inode(stat));
                (stat.is_file() && (stays || !same) && shared()).then_some(then)
            })
            .collect();
        write_afresh(self.context, store, old, venv, &changed, false)
    }
}
