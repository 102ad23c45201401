//! `undo`: brings back what the last restore replaced. It is a restore itself, so it can be undone.

use std::collections::HashSet;
use std::path::PathBuf;

use jiff::Timestamp;

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::hold::hold_parent;
use super::log::{Event, events};
use super::restore::{self, RestoreOptions, RestoreOutcome, Visit};
use crate::model::{RelPath, Snapshot, SnapshotId, Time, VenvId};
use crate::replace::{REST, kept_prefix};
use crate::store::{Catalog, Store};
use crate::tree::Site;

/// The tree that a later restore left beside the venv because no snapshot could hold all of it: to bring back an older
/// state instead would surprise.
fn kept_since(
    site: &Site,
    catalog: &Catalog,
    venv: &VenvId,
    last: Option<Timestamp>,
) -> Result<Option<PathBuf>, Error> {
    let prefix = kept_prefix(site.name());
    let saved: HashSet<String> = catalog
        .snapshots_of(venv)
        .map(|(id, _)| id.to_string())
        .collect();
    let parent = site.open_parent()?;
    let mut newest = last.map(|last| Time {
        secs: last.as_second(),
        nanos: last.subsec_nanosecond().unsigned_abs(),
    });
    let mut kept = None;
    for name in parent.names()? {
        let Some(id) = name.strip_prefix(prefix.as_bytes()) else {
            continue;
        };
        // The rest of a tree that could not be removed is no state of the venv.
        if id.starts_with(REST.as_bytes()) {
            continue;
        }
        let Some(stat) = parent.stat_name(&name)? else {
            continue;
        };
        // The change time is when it got this name.
        if !saved.contains(&*String::from_utf8_lossy(id)) && newest.is_none_or(|at| at < stat.ctime)
        {
            newest = Some(stat.ctime);
            kept = RelPath::root().join(&name).ok();
        }
    }
    Ok(kept.map(|name| parent.shown(&name)))
}

/// Refuses where a later restore than the one of `last` replaced something that is not in the list any more: to bring
/// back an older state instead would surprise.
fn refuse_gone(
    context: &Context<'_>,
    store: &Store,
    catalog: &Catalog,
    site: &Site,
    last: Option<&(SnapshotId, Snapshot)>,
) -> Result<(), Error> {
    let venv = context.venv_id(site);
    let is_later = |(_, one): &&(SnapshotId, Snapshot)| {
        !one.is_save() && last.is_none_or(|(_, last)| last.order() < one.order())
    };
    if let Some((id, _)) = store
        .snapshots
        .forgotten()?
        .snapshots_of(&venv)
        .rev()
        .find(is_later)
    {
        let (id, venv) = (*id, site.path().to_owned());
        return Err(Error::ForgottenIncident { id, venv });
    }
    let restores: Vec<(SnapshotId, Event)> = events(store, context.monitor)?
        .into_iter()
        .filter(|event| event.venv == venv)
        .filter_map(|event| Some((event.incident?, event)))
        .collect();
    let Some((id, event)) = restores.last() else {
        return Ok(());
    };
    // The order of the log counts, since a clock may go back. A log that was lost once may not know the incident of
    // `last`; then the dates decide.
    let told = |(id, _): &(SnapshotId, Snapshot)| restores.iter().any(|(known, _)| known == id);
    let gone = !catalog.snapshots_of(&venv).any(|(known, _)| known == id);
    if gone && last.is_none_or(|last| told(last) || last.1.created < event.time) {
        catalog.admit_damage()?;
        let (id, venv) = (*id, site.path().to_owned());
        return Err(Error::GoneIncident { id, venv });
    }
    Ok(())
}

/// Brings back the newest incident snapshot of a venv.
pub fn undo(
    context: &Context<'_>,
    site: &Site,
    options: &RestoreOptions,
) -> Result<RestoreOutcome, Error> {
    context.refuse_nesting(site)?;
    let store = context.open()?;
    let _parent = hold_parent(context, site)?;
    restore::recover(context, Visit::Replace(&store), site)?;
    store.tidy(context.monitor)?;
    let venv = context.venv_id(site);
    let catalog = store.snapshots.catalog()?;
    let last = catalog
        .snapshots_of(&venv)
        .rev()
        .find(|(_, snapshot)| !snapshot.is_save());
    if let Some(kept) = kept_since(site, &catalog, &venv, last.map(|(_, last)| last.created))? {
        return Err(Error::KeptBeside(kept));
    }
    refuse_gone(context, &store, &catalog, site, last)?;
    let Some((id, snapshot)) = last.cloned() else {
        return Err(Error::NothingToUndo(site.path().to_owned()));
    };
    let chosen = Chosen { id, snapshot };
    if !chosen.holds_a_tree() {
        return Err(Error::ReplacedNothing(site.path().to_owned()));
    }
    restore::restore_chosen(context, &store, &site.again()?, chosen, options, "undo")
}
