//! `copy`: snapshots go to another store, which gets only what it lacks. A snapshot file arrives to the byte, so it has
//! the same name there; it is written last, once all that it needs is durable (promise 1).

use std::path::Path;
use std::time::{Duration, Instant};

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::snapshot::hurt;
use crate::disk::rooted::Rooted;
use crate::model::{Snapshot, SnapshotId, SnapshotRef};
use crate::store::{self, Added, Catalog, Digests, Location, Reach, Store};
use crate::tree::Site;

/// Which snapshots are copied.
#[derive(Clone, Debug)]
pub enum Select {
    /// These.
    Named(Vec<SnapshotRef>),
    /// All of a venv, or of the store.
    All,
}

/// One snapshot that the other store has now.
#[derive(Debug)]
pub struct Copied {
    /// The snapshot.
    pub chosen: Chosen,
    /// Whether it was there before.
    pub already: bool,
    /// Whether it is pinned there.
    pub pinned: bool,
}

/// What a copy did.
#[derive(Debug)]
pub struct CopyOutcome {
    /// The snapshots, oldest first.
    pub snapshots: Vec<Copied>,
    /// What was sent.
    pub sent: Added,
    /// How many objects that they need the other store had.
    pub had: u64,
    /// How long it took.
    pub took: Duration,
}

/// Copies snapshots to the store at `to`, which is made if it is not there.
pub fn copy(
    context: &Context<'_>,
    site: Option<&Site>,
    select: &Select,
    to: &Location,
) -> Result<CopyOutcome, Error> {
    let start = Instant::now();
    let monitor = context.monitor;
    let source = context.open()?;
    refuse_same(&context.store, to)?;
    let catalog = source.snapshots.catalog()?;
    let chosen = choose(context, &catalog, site, select)?;
    source.load_objects(monitor)?;
    monitor.phase("comparing", 0, 0);
    let needed = whole(&source, &chosen, None, |id| source.objects.has(id))?.needed;

    Store::create(to, context.lock_wait, monitor)?;
    let target = Store::open(to, context.lock_wait, monitor)?;
    target.tidy(monitor)?;
    let packer = target.packer(monitor)?;
    let total = needed.len();
    let lacking: Digests = needed
        .into_iter()
        .filter(|id| !target.objects.vouches(id))
        .collect();
    let had = (total - lacking.len()) as u64;
    let packer = packer.only(lacking.clone());
    if let Err(error) = source.objects.send(&lacking, &packer, monitor) {
        return Err(explain(&source, &chosen, &lacking, error));
    }
    context.go_on()?;
    let sent = packer.finish()?;
    let snapshots = commit(context, &source, &target, chosen)?;
    Ok(CopyOutcome {
        snapshots,
        sent,
        had,
        took: start.elapsed(),
    })
}

/// Refuses two names of one store: it would wait for itself, or clear away what it writes.
pub(super) fn refuse_same(source: &Location, to: &Location) -> Result<(), Error> {
    let same = || Err(Error::SameStore(to.name().to_owned()));
    match (source.bucket(), to.bucket()) {
        (None, None) => {}
        (Some(one), Some(other)) if one == other => return same(),
        _ => return Ok(()),
    }
    let resolved = |path: &Path| match Site::resolve(path) {
        Ok(site) => site.path().to_owned(),
        Err(_) => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    };
    let (here, there) = (resolved(source.name()), resolved(to.name()));
    let inode = |path: &Path| {
        let stat = Rooted::open(path).ok()?.stat().ok()?;
        Some((stat.dev, stat.ino))
    };
    let is_same = inode(&here).is_some_and(|inode_here| inode(&there) == Some(inode_here));
    if is_same || here.starts_with(&there) || there.starts_with(&here) {
        return same();
    }
    Ok(())
}

/// The snapshots that are meant, each once, oldest first.
fn choose(
    context: &Context<'_>,
    catalog: &Catalog,
    site: Option<&Site>,
    select: &Select,
) -> Result<Vec<Chosen>, Error> {
    let venv = site.map(|site| context.venv_id(site));
    let names = match select {
        Select::Named(names) => names,
        Select::All => {
            catalog.admit_damage()?;
            let of_venv = |(_, one): &&(SnapshotId, Snapshot)| {
                venv.as_ref().is_none_or(|venv| one.venv == *venv)
            };
            let one = |(id, snapshot): &(SnapshotId, Snapshot)| Chosen {
                id: *id,
                snapshot: snapshot.clone(),
            };
            return Ok(catalog.snapshots.iter().filter(of_venv).map(one).collect());
        }
    };
    let mut chosen = Vec::new();
    for name in names {
        chosen.push(catalog.find_to_read(name, venv.as_ref())?);
    }
    chosen.sort_by_key(|one| (one.snapshot.order(), one.id));
    chosen.dedup_by_key(|one| one.id);
    Ok(chosen)
}

/// All that the snapshots need, or which of them has a hole, and where.
fn whole(
    source: &Store,
    chosen: &[Chosen],
    cause: Option<Box<store::Error>>,
    good: impl Fn(&crate::model::Digest) -> bool,
) -> Result<Reach, Error> {
    let reach = Reach::walk(
        &source.objects,
        chosen.iter().map(|one| &one.snapshot),
        good,
    )?;
    let snapshots = chosen.iter().map(|one| (one.id, one.snapshot.clone()));
    let catalog = Catalog {
        snapshots: snapshots.collect(),
        damaged: Vec::new(),
    };
    let Some(hurt) = hurt(source, &catalog, &reach)?.into_iter().next_back() else {
        return Ok(reach);
    };
    let path = hurt.holes.first().map(|hole| hole.path.clone());
    let more = hurt.holes.len().saturating_sub(1);
    Err(Error::Lost {
        id: hurt.chosen.id,
        path: path.unwrap_or_default(),
        more,
        cause,
    })
}

/// Where sending failed because the source is damaged: which snapshot that hurts.
fn explain(source: &Store, chosen: &[Chosen], sent: &Digests, error: store::Error) -> Error {
    if !matches!(
        error,
        store::Error::Corrupt { .. } | store::Error::LostObject(_) | store::Error::Path(_)
    ) {
        return error.into();
    }
    let bad = source.objects.unreadable(sent.iter().copied());
    if bad.is_empty() {
        return error.into();
    }
    let good = |id: &crate::model::Digest| source.objects.has(id) && !bad.contains(id);
    match whole(source, chosen, Some(Box::new(error)), good) {
        Err(error) => error,
        Ok(_) => Error::DamagedStore,
    }
}

/// Writes the snapshot files, now that all they need is there, and sets the pins that they have here.
fn commit(
    context: &Context<'_>,
    source: &Store,
    target: &Store,
    chosen: Vec<Chosen>,
) -> Result<Vec<Copied>, Error> {
    let there = target.snapshots.catalog()?;
    let suspects = target.suspects.names(context.monitor);
    let is_there = |id: SnapshotId| {
        let is_known = there.snapshots.iter().any(|(known, _)| *known == id);
        is_known && !suspects.contains(&id.to_hex())
    };
    let (pins_here, pins_there) = (source.snapshots.pins()?, target.snapshots.pins()?);
    let mut copied = Vec::new();
    for one in chosen {
        context.go_on()?;
        let already = is_there(one.id);
        if !already {
            target
                .snapshots
                .commit_copy(one.id, &source.snapshots.snapshot_bytes(one.id)?)?;
            target.suspects.unmark(&[one.id.to_hex()]);
        }
        let was_pinned = pins_there.contains(&one.id);
        let pinned = was_pinned || pins_here.contains(&one.id);
        if pinned && !was_pinned {
            target.snapshots.pin(one.id)?;
        }
        copied.push(Copied {
            chosen: one,
            already,
            pinned,
        });
    }
    target.snapshots.summarize();
    Ok(copied)
}
