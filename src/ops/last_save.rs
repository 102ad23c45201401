//! A venv beside what was saved of it before: whether it is still the newest save, and what kind of tree that is.

use std::path::PathBuf;

use super::chosen::{Chosen, chosen};
use super::context::Context;
use super::error::Error;
use super::list::document;
use super::sides::{AS_SAVED, Depth, Sides};
use super::snapshot::Intake;
use super::status::known_venvs;
use crate::disk::rooted::Rooted;
use crate::model::{Audit, Class, Entry, TreeKind, VenvId};
use crate::store::Store;
use crate::tree::Site;
use crate::tree::scan::Scan;

/// The newest save of the venv at `root`, where it holds what was scanned there but for noise, is worth as much as a
/// new one, and the store still has every content of it.
pub(super) fn same(
    context: &Context<'_>,
    store: &Store,
    root: &Rooted,
    intake: &Intake<'_>,
    scan: &Scan,
    audit: &Audit,
) -> Result<Option<Chosen>, Error> {
    let venv = VenvId::new(&context.host, root.path());
    let catalog = store.snapshots.catalog()?;
    let Some(last) = catalog.saves(&venv).next_back().map(chosen) else {
        return Ok(None);
    };
    let is_sound = audit.damage().next().is_none() && audit.unread.is_empty();
    let is_whole = scan.unreadable.is_empty() && scan.unstable.is_empty();
    if last.snapshot.baseline != (is_sound && is_whole) {
        return Ok(None);
    }
    intake.packer.load(context.monitor)?;
    let (tree, entries) = (&last.snapshot.root, last.snapshot.entries());
    // What cannot be read back is saved anew.
    let Ok(saved) = store.trees().manifest(tree, entries) else {
        return Ok(None);
    };
    let digests = saved.entries().iter().filter_map(Entry::digest);
    if !{ digests }.all(|digest| store.objects.vouches(&digest)) {
        return Ok(None);
    }
    let sides = Sides {
        store,
        expected: &saved,
        actual: scan.manifest(),
        live: Some(root),
        adapted: &AS_SAVED,
    };
    let mut changes = sides.changes(Depth::Kind)?;
    let stop = || context.monitor.cancelled();
    sides.condemn_stale(&mut changes, &scan.tree, &stop);
    let is_noise = changes.iter().all(|change| change.class == Class::Noise);
    Ok(is_noise.then_some(last))
}

/// Whether the newest save of a place is one of a directory that is no venv. Without a store that can be asked, nobody
/// has said so.
pub(super) fn was_any(context: &Context<'_>, site: &Site) -> bool {
    let store = context.open().ok();
    let kind = store.and_then(|store| kind(context, &store, site));
    kind.is_some_and(|kind| kind != TreeKind::Venv)
}

/// What kind of tree the newest save of a place is of; none where there is no save that can be read.
pub(super) fn kind(context: &Context<'_>, store: &Store, site: &Site) -> Option<TreeKind> {
    kind_of(context, store, &context.venv_id(site))
}

fn kind_of(context: &Context<'_>, store: &Store, venv: &VenvId) -> Option<TreeKind> {
    let catalog = store.snapshots.catalog().ok()?;
    let last = catalog.saves(venv).next_back().map(chosen)?;
    let known = document(context, store, &last).ok()?;
    Some(known.audit?.kind)
}

/// What a store knows of this host and an audit can look at: all but plain directories, in which nothing tells what
/// should be there.
pub fn venvs_to_check(context: &Context<'_>) -> Result<Vec<PathBuf>, Error> {
    let mut venvs = known_venvs(context)?;
    let store = context.open()?;
    let is_plain = |path: &PathBuf| {
        let venv = VenvId::new(&context.host, path);
        kind_of(context, &store, &venv) == Some(TreeKind::Any)
    };
    venvs.retain(|path| !is_plain(path));
    Ok(venvs)
}
