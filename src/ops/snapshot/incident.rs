//! The state that a restore replaces, saved before it is replaced (promise 4).

use super::draft::{Draft, prepare};
use super::intake::Intake;
use crate::disk::rooted::Rooted;
use crate::model::{Snapshot, SnapshotId};
use crate::monitor::RestoreWarning;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::replace::Live;
use crate::store::{Store, name_of};
use crate::tree::scan::{Scan, scan};
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;

/// Reads the live tree, into packs if the store can take them.
pub(in crate::ops) fn scan_live<'s>(
    context: &Context<'_>,
    store: &'s Store,
    root: Rooted,
    dry_run: bool,
) -> Result<(Live, Result<Intake<'s>, Error>), Error> {
    if dry_run || !store.may_write() {
        let scan = scan(&root, &StatCache::default(), &DigestsOnly, context.monitor)?;
        return Ok((Live::new(root, scan), Err(Error::ReadOnlyStore)));
    }
    let intake = Intake::new(store.packer(context.monitor)?);
    match intake.scan(&root, &StatCache::default(), context.monitor) {
        Ok(scan) => Ok((Live::new(root, scan), Ok(intake))),
        Err(Error::Store(error)) => {
            // The store failed, not the venv, which is read once more without it.
            let scan = scan(&root, &StatCache::default(), &DigestsOnly, context.monitor)?;
            Ok((Live::new(root, scan), Err(error.into())))
        }
        Err(error) => Err(error),
    }
}

/// The snapshot of the replaced state: its content is in the store, but it counts only once the journal names it. A
/// crash before that would otherwise leave a snapshot that `undo` takes for the last restore.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::ops) struct Incident {
    snapshot: Option<(SnapshotId, Snapshot)>,
    /// What was saved of later changes.
    completions: Vec<SnapshotId>,
}

impl Incident {
    /// Nothing is replaced.
    pub(in crate::ops) fn none() -> Self {
        Self {
            snapshot: None,
            completions: Vec::new(),
        }
    }

    /// The name that the snapshot has, or will have.
    pub(in crate::ops) fn id(&self) -> Option<SnapshotId> {
        self.snapshot.as_ref().map(|(id, _)| *id)
    }

    /// The snapshot that has all of it.
    pub(in crate::ops) fn newest(&self) -> Option<SnapshotId> {
        self.completions.last().copied().or(self.id())
    }

    /// Remembers that a later snapshot completes it.
    pub(in crate::ops) fn completed(&mut self, id: SnapshotId) {
        self.completions.push(id);
    }

    /// Stores the replaced state. Where the store cannot take it, the restore is refused unless the old tree is kept
    /// anyway.
    pub(in crate::ops) fn prepare(
        context: &Context<'_>,
        store: &Store,
        intake: Result<Intake<'_>, Error>,
        scan: &Scan,
        draft: Draft,
        keep_old: bool,
    ) -> Result<Self, Error> {
        let prepared = intake.and_then(|intake| {
            let (snapshot, _) = prepare(context, store, intake, scan, draft)?;
            Ok((name_of(&snapshot)?, snapshot))
        });
        match prepared {
            Ok(snapshot) => Ok(Self {
                snapshot: Some(snapshot),
                completions: Vec::new(),
            }),
            Err(error) => Self::without(context, error, keep_old),
        }
    }

    /// What it means that the replaced state cannot be saved.
    fn without(context: &Context<'_>, error: Error, keep_old: bool) -> Result<Self, Error> {
        match error {
            Error::Interrupted => Err(Error::Interrupted),
            error if keep_old => {
                let warning = RestoreWarning::NoIncident(&error);
                context.monitor.warn(warning.into());
                Ok(Self::none())
            }
            error => Err(Error::NoIncident(Box::new(error))),
        }
    }

    /// Remembers that there was nothing, so that `undo` does not bring back an older state. Where the store cannot take
    /// even that, nothing is lost by going on.
    pub(in crate::ops) fn of_nothing(
        context: &Context<'_>,
        store: &Store,
        draft: Draft,
    ) -> Result<Self, Error> {
        if !store.may_write() {
            return Ok(Self::none());
        }
        let intake = Intake::new(store.packer(context.monitor)?);
        let nothing = Scan::default();
        Self::prepare(context, store, Ok(intake), &nothing, draft, true)
    }

    /// Makes the snapshot count. The journal names it already.
    pub(in crate::ops) fn commit(
        &mut self,
        context: &Context<'_>,
        store: &Store,
        keep_old: bool,
    ) -> Result<(), Error> {
        if let Some((_, snapshot)) = &self.snapshot
            && let Err(error) = store.snapshots.commit(snapshot)
        {
            *self = Self::without(context, error.into(), keep_old)?;
        }
        Ok(())
    }

    /// Takes the snapshot back: the restore did not happen.
    pub(in crate::ops) fn withdraw(&self, store: &Store) -> Result<(), Error> {
        let mut all = self.completions.iter().rev().copied().chain(self.id());
        all.try_for_each(|id| Ok(store.snapshots.withdraw(id)?))
    }
}
