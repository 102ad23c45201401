//! The state that a restore replaces, saved before it is replaced (promise 4).

use super::Live;
use crate::disk::rooted::Rooted;
use crate::model::{Manifest, Purpose, SnapshotId, VenvId};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::intake::Intake;
use crate::ops::save::{Draft, commit};
use crate::store::{self, Store};
use crate::venv::scan::{DigestsOnly, Scan, scan};
use crate::venv::stat_cache::StatCache;

/// How the replaced state is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Incident {
    pub(super) id: Option<SnapshotId>,
}

/// Reads the live tree, into packs if the store can take them.
pub(super) fn scan_live<'s>(
    context: &Context<'_>,
    store: &'s Store,
    root: Rooted,
    dry_run: bool,
) -> Result<(Live, Result<Intake<'s>, Error>), Error> {
    let cannot = |why: &str| Err(Error::Refused(why.to_owned()));
    if dry_run || !store.may_write() {
        let scan = scan(&root, &StatCache::default(), &DigestsOnly, context.monitor)?;
        return Ok((Live { root, scan }, cannot("the store cannot be written")));
    }
    let intake = Intake::new(store.packer(context.monitor)?);
    match intake.scan(&root, &StatCache::default(), context.monitor) {
        Ok(scan) => Ok((Live { root, scan }, Ok(intake))),
        Err(Error::Store(error)) => {
            // The store failed, not the venv, which is read once more without it.
            let scan = scan(&root, &StatCache::default(), &DigestsOnly, context.monitor)?;
            Ok((Live { root, scan }, Err(error.into())))
        }
        Err(error) => Err(error),
    }
}

impl Incident {
    /// Nothing is replaced.
    pub(super) fn none() -> Self {
        Self { id: None }
    }

    /// Saves the replaced state. Where the store cannot take it, the restore is refused unless the old tree is kept anyway.
    pub(super) fn keep(
        context: &Context<'_>,
        store: &Store,
        intake: Result<Intake<'_>, Error>,
        scan: &Scan,
        venv: &VenvId,
        replaced_by: SnapshotId,
        keep_old: bool,
    ) -> Result<Self, Error> {
        let draft = Draft {
            venv: venv.clone(),
            purpose: Purpose::Incident,
            replaced_by: Some(replaced_by),
            ..Draft::default()
        };
        let kept = intake.and_then(|intake| {
            let catalog = store.catalog()?;
            commit(context, store, &catalog, intake, scan, draft)
        });
        match kept {
            Ok((id, ..)) => Ok(Self { id: Some(id) }),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(error) if keep_old => {
                context.monitor.warn(&format!(
                    "the replaced state cannot be saved ({error}); it is only kept beside the venv"
                ));
                Ok(Self::none())
            }
            Err(error) => Err(Error::NoIncident(Box::new(error))),
        }
    }

    /// Remembers that there was nothing, so that `undo` does not bring back an older state.
    pub(super) fn of_nothing(
        context: &Context<'_>,
        store: &Store,
        venv: &VenvId,
        replaced_by: SnapshotId,
    ) -> Result<Self, Error> {
        if !store.may_write() {
            return Ok(Self::none());
        }
        let intake = Intake::new(store.packer(context.monitor)?);
        let nothing = Scan {
            manifest: Manifest::default(),
            stats: Vec::new(),
            unreadable: Vec::new(),
            unstable: Vec::new(),
        };
        let draft = Draft {
            venv: venv.clone(),
            purpose: Purpose::Incident,
            replaced_by: Some(replaced_by),
            ..Draft::default()
        };
        let catalog = store.catalog()?;
        match commit(context, store, &catalog, intake, &nothing, draft) {
            Ok((id, ..)) => Ok(Self { id: Some(id) }),
            // Nothing is lost: nothing was there.
            Err(Error::Store(store::Error::Path(_) | store::Error::NoRoom(_))) => Ok(Self::none()),
            Err(error) => Err(error),
        }
    }

    /// Takes the snapshot back: the restore did not happen.
    pub(super) fn withdraw(self, store: &Store) -> Result<(), Error> {
        self.id.map_or(Ok(()), |id| Ok(store.withdraw(id)?))
    }
}
