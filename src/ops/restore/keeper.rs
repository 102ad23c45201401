//! Keeps what a restore replaces: as an incident snapshot, and as snapshots that complete it (promise 4).

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::disk::mapped::Mapped;
use crate::model::{Document, Purpose, Snapshot, SnapshotId, VenvId};
use crate::monitor::Monitor;
use crate::ops::chosen::chosen;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::list::document;
use crate::ops::snapshot::{Draft, Incident, Intake, prepare};
use crate::replace::{self, Kept, Late, Receipt};
use crate::store::Store;
use crate::tree::scan::Scan;
use crate::tree::stat_cache::StatCache;

/// The incident of one restore.
pub(super) struct Keeper<'a> {
    context: &'a Context<'a>,
    store: &'a Store,
    venv: VenvId,
    /// What is restored.
    snapshot: SnapshotId,
    /// Whether that snapshot counts only with this replacement.
    brings: Brings,
    incident: Mutex<State>,
}

/// Whether the snapshot that is restored counts only from this replacement on, and goes if the replacement does not
/// happen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Brings {
    /// It does not: it is in the list and stays there.
    #[default]
    Nothing,
    /// This process drafted it.
    Drafted(Box<Snapshot>),
    /// A journal says that an earlier process drafted it.
    Named,
}

/// How the incident is known.
enum State {
    /// This process drafted it.
    Drafted(Box<Incident>),
    /// A journal names it.
    Named(Option<SnapshotId>),
}

impl State {
    fn id(&self) -> Option<SnapshotId> {
        match self {
            Self::Drafted(incident) => incident.id(),
            Self::Named(id) => *id,
        }
    }
}

impl<'a> Keeper<'a> {
    /// Keeps what this process replaces.
    pub(super) fn new(
        context: &'a Context<'a>,
        store: &'a Store,
        venv: VenvId,
        snapshot: SnapshotId,
        incident: Incident,
    ) -> Self {
        Self {
            context,
            store,
            venv,
            snapshot,
            brings: Brings::Nothing,
            incident: Mutex::new(State::Drafted(Box::new(incident))),
        }
    }

    /// The same, and says whether the snapshot counts only from then on.
    pub(super) fn bringing(self, brings: Brings) -> Self {
        Self { brings, ..self }
    }

    /// Keeps what an earlier process replaced.
    pub(super) fn named(
        context: &'a Context<'a>,
        store: &'a Store,
        venv: VenvId,
        receipt: &Receipt,
    ) -> Self {
        Self {
            context,
            store,
            venv,
            snapshot: receipt.snapshot,
            brings: if receipt.brings {
                Brings::Named
            } else {
                Brings::Nothing
            },
            incident: Mutex::new(State::Named(receipt.incident)),
        }
    }

    /// The snapshot that has all that was replaced.
    pub(super) fn newest(&self) -> Option<SnapshotId> {
        match &*self.state() {
            State::Drafted(incident) => incident.newest(),
            State::Named(id) => *id,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.incident.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Saves the replaced tree as the completion of the incident snapshot.
    fn complete(&self, first: SnapshotId, late: Late<'_>) -> Result<Scan, Error> {
        let context = &self.context.heard_by(late.monitor);
        let cache = StatCache::new(late.known, context.racy(late.old)?);
        // What is written through memory has no new times.
        let cache = cache.without(&Mapped::within(late.old));
        let catalog = self.store.snapshots.catalog()?;
        let before = catalog.snapshots.iter().find(|(id, _)| *id == first);
        let before = before.map(chosen);
        // What the first incident snapshot tells of the damage stays true of what completes it.
        let (damaged, document) = match &before {
            Some(first) => (first.snapshot.damage, document(context, self.store, first)?),
            None => (0, Document::default()),
        };
        let intake = Intake::new(self.store.packer(late.monitor)?);
        let mut scan = intake.scan(late.old, &cache, late.monitor)?;
        late.whole.describe(&mut scan);
        // A tree that was laid over an earlier state has its unreadable entries too. The snapshot names all of them,
        // but only those of this scan are lost.
        let of_whole = scan.manifest().unreadable();
        let found = std::mem::replace(&mut scan.unreadable, of_whole);
        let draft = Draft {
            venv: self.venv.clone(),
            purpose: Purpose::Incident,
            replaced_by: Some(self.snapshot),
            completes: Some(first),
            damaged,
            document,
            ..Draft::default()
        };
        let (snapshot, _) = prepare(context, self.store, intake, &scan, draft)?;
        let id = self.store.snapshots.commit(&snapshot)?;
        if let State::Drafted(incident) = &mut *self.state() {
            incident.completed(id);
        }
        scan.unreadable = found;
        Ok(scan)
    }

    /// What the incident snapshot holds: as it was scanned, and with what completes it.
    fn read(&self, first: SnapshotId, monitor: &dyn Monitor) -> Result<Option<Kept>, Error> {
        self.store.load_objects(monitor)?;
        let catalog = self.store.snapshots.catalog()?;
        let snapshots = &catalog.snapshots;
        let scanned = snapshots.iter().find(|(id, _)| *id == first);
        let newest = snapshots
            .iter()
            .rfind(|(id, snapshot)| *id == first || snapshot.completes == Some(first));
        let (Some((_, scanned)), Some((_, newest))) = (scanned, newest) else {
            return Ok(None);
        };
        Ok(Some(Kept {
            first: self
                .store
                .trees()
                .manifest(&scanned.root, scanned.entries())?,
            newest: self
                .store
                .trees()
                .manifest(&newest.root, newest.entries())?,
        }))
    }

    /// Takes back the snapshots that a journal names, if they are what they should be: an incident of this venv, with
    /// what completes it, and what was brought for this replacement alone.
    fn withdraw_named(&self, incident: Option<SnapshotId>) -> Result<(), Error> {
        let withdraw = || {
            let catalog = self.store.snapshots.catalog()?;
            let named = catalog
                .snapshots_of(&self.venv)
                .filter(|(found, snapshot)| {
                    let is_of = |id| *found == id || snapshot.completes == Some(id);
                    incident.is_some_and(is_of) && !snapshot.is_save()
                });
            for (id, _) in named {
                self.store.snapshots.withdraw(*id)?;
            }
            let brought = catalog
                .saves(&self.venv)
                .filter(|(found, _)| *found == self.snapshot && self.brings != Brings::Nothing);
            for (id, _) in brought {
                self.store.snapshots.withdraw(*id)?;
            }
            Ok(())
        };
        withdraw().map_err(|error: Error| error.of_unsettled(self.store.path().to_owned()))
    }
}

impl replace::Keeper for Keeper<'_> {
    fn receipt(&self) -> Receipt {
        Receipt {
            store: self.store.path().to_owned(),
            snapshot: self.snapshot,
            incident: self.state().id(),
            brings: self.brings != Brings::Nothing,
        }
    }

    fn commit(&self, stays: bool) -> Result<(), replace::Error> {
        if let Brings::Drafted(snapshot) = &self.brings {
            self.store.snapshots.commit(snapshot).map_err(Error::from)?;
        }
        match &mut *self.state() {
            State::Drafted(incident) => Ok(incident.commit(self.context, self.store, stays)?),
            State::Named(_) => Ok(()),
        }
    }

    fn withdraw(&self, _: &dyn Monitor) -> Result<(), replace::Error> {
        match &*self.state() {
            State::Drafted(incident) => {
                incident.withdraw(self.store)?;
                if let Brings::Drafted(_) = &self.brings {
                    self.store
                        .snapshots
                        .withdraw(self.snapshot)
                        .map_err(Error::from)?;
                }
                Ok(())
            }
            State::Named(id) => Ok(self.withdraw_named(*id)?),
        }
    }

    fn add(&self, late: Late<'_>) -> Result<Scan, replace::Error> {
        let first = self.state().id();
        let Some(first) = first else {
            return Err(Error::NoIncidentToComplete.into());
        };
        Ok(self.complete(first, late)?)
    }

    fn kept(&self, monitor: &dyn Monitor) -> Result<Option<Kept>, replace::Error> {
        let first = self.state().id();
        match first {
            Some(first) => Ok(self.read(first, monitor)?),
            None => Ok(None),
        }
    }
}
