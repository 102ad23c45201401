//! What happens in a venv while it is being replaced: nothing of it may be lost, and nothing of it may get into the new tree.

use std::collections::HashMap;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Live;
use super::stage::Staged;
use crate::disk::rooted::Rooted;
use crate::disk::staging::Staging;
use crate::disk::stat::Stat;
use crate::disk::walk::walk;
use crate::model::{Purpose, RelPath, SnapshotId, VenvId};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::intake::Intake;
use crate::ops::save::{Draft, prepare};
use crate::store::Store;
use crate::venv::stat_cache::StatCache;

/// The paths whose file is not in the given state any more.
pub(super) fn changed_since(root: &Rooted, states: &HashMap<RelPath, Stat>) -> Vec<RelPath> {
    let changed = states.par_iter().filter(|(path, then)| {
        !root
            .stat_below(path, false)
            .is_ok_and(|now| now.same_state(then))
    });
    let mut changed: Vec<RelPath> = changed.map(|(path, _)| path.clone()).collect();
    changed.sort_unstable();
    changed
}

/// A name under which a replaced tree stays beside the venv.
pub(super) fn name_to_keep(venv: &[u8]) -> Result<String, Error> {
    let name: String = String::from_utf8_lossy(venv).chars().take(100).collect();
    Ok(format!(
        "{name}.snap-old-{}",
        &crate::disk::atomic::random_name()?[..8]
    ))
}

/// Saves the replaced tree once more if anything in it changed since it was scanned.
pub(super) fn capture(
    context: &Context<'_>,
    staged: &Staged<'_>,
    old: &Rooted,
    live: &Live,
) -> Result<Option<SnapshotId>, Error> {
    let Some(first) = staged.bench.incident.id() else {
        return Ok(None);
    };
    if !moved(old, live, &staged.reused)? {
        return Ok(None);
    }
    // The change time of the files that were linked moved with the link.
    let mut cache = live.scan.stat_cache(None);
    for (path, stat) in &staged.reused {
        let entry = live.scan.manifest.get(path);
        let known = entry.and_then(|entry| Some((entry.digest()?, !entry.meta.xattrs.is_empty())));
        if let Some((digest, xattrs)) = known {
            cache.insert(path, stat, digest, xattrs, None);
        }
    }
    let venv = context.venv_id(&staged.plan.place);
    let late = Late {
        context,
        store: staged.plan.store,
        venv,
        snapshot: staged.plan.snapshot,
    };
    late.save(old, &cache, first).map(Some)
}

/// Completes an incident snapshot.
pub(super) struct Late<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) store: &'a Store,
    pub(super) venv: VenvId,
    pub(super) snapshot: SnapshotId,
}

impl Late<'_> {
    /// Saves the replaced tree as the completion of an incident snapshot.
    pub(super) fn save(
        &self,
        old: &Rooted,
        cache: &StatCache,
        first: SnapshotId,
    ) -> Result<SnapshotId, Error> {
        let intake = Intake::new(self.store.packer(self.context.monitor)?);
        let scan = intake.scan(old, cache, self.context.monitor)?;
        let draft = Draft {
            venv: self.venv.clone(),
            purpose: Purpose::Incident,
            replaced_by: Some(self.snapshot),
            completes: Some(first),
            ..Draft::default()
        };
        let (snapshot, _) = prepare(self.context, self.store, intake, &scan, draft)?;
        Ok(self.store.commit(&snapshot)?)
    }
}

/// Whether anything in the replaced tree is not as it was scanned. Its root was renamed, which moves only its change time.
fn moved(old: &Rooted, live: &Live, reused: &HashMap<RelPath, Stat>) -> Result<bool, Error> {
    let found = walk(old)?;
    if found.len() != live.scan.stats.len() {
        return Ok(true);
    }
    let then = live.scan.manifest.entries().iter().zip(&live.scan.stats);
    Ok(found.iter().zip(then).any(|(now, (entry, stat))| {
        let stat = reused
            .get(&entry.path)
            .filter(|reused| reused.same_inode(stat))
            .unwrap_or(stat);
        let stat = if entry.path.is_root() {
            Stat {
                ctime: now.stat.ctime,
                ..*stat
            }
        } else {
            *stat
        };
        now.path != entry.path || !now.stat.same_state(&stat)
    }))
}

/// Files that both trees share and that changed after the last check, through the old tree: the new tree gets its own.
pub(super) fn part(context: &Context<'_>, staged: &Staged<'_>, old: &Rooted) -> Result<(), Error> {
    let venv = staged.plan.place.again()?.open()?;
    let shared: HashMap<RelPath, Stat> = staged
        .reused
        .iter()
        .filter(|(_, stat)| stat.nlink > 1)
        .map(|(path, stat)| (path.clone(), *stat))
        .collect();
    let changed = changed_since(&venv, &shared);
    if changed.is_empty() {
        return Ok(());
    }
    context.monitor.status(&format!(
        "{} files changed through the replaced tree; they are written afresh",
        changed.len()
    ));
    let bench = Staging::within(Rooted::from_fd(
        old.fd()
            .try_clone_to_owned()
            .map_err(|error| crate::disk::PathError::new("open", old.path(), error))?,
        old.path().to_owned(),
    ));
    for path in &changed {
        let Some((entry, digest)) = staged
            .plan
            .target
            .manifest
            .get(path)
            .and_then(|entry| Some((entry, entry.digest()?)))
        else {
            continue;
        };
        let fresh = RelPath::new(b".snap-restore-fresh").unwrap_or_default();
        bench.write_file(&fresh, &staged.plan.store.read(&digest)?, &entry.meta)?;
        bench.move_over(&fresh, &venv, path)?;
    }
    let settled = Staging::within(venv);
    for path in &changed {
        if let Some(dir) = path
            .parent()
            .and_then(|dir| staged.plan.target.manifest.get(&dir))
        {
            settled.settle_dir(&dir.path, &dir.meta)?;
        }
    }
    Ok(settled.sync()?)
}

/// Lets the next save know the new tree, in the state that it has after the last of our own renames and links.
pub(super) fn refresh_stat_cache(context: &Context<'_>, staged: &Staged<'_>) -> Result<(), Error> {
    if !staged.plan.store.may_write() || context.racy().is_some() {
        return Ok(());
    }
    let mut cache = StatCache::default();
    for found in walk(&staged.plan.place.again()?.open()?)? {
        let Some(entry) = staged.plan.target.manifest.get(&found.path) else {
            continue;
        };
        if let (Some(digest), Some(size)) = (entry.digest(), entry.size())
            && size == found.stat.size
            && entry.meta.mtime == found.stat.mtime
        {
            cache.insert(
                &found.path,
                &found.stat,
                digest,
                !entry.meta.xattrs.is_empty(),
                None,
            );
        }
    }
    let key = Context::cache_key(&context.venv_id(&staged.plan.place));
    Ok(staged
        .plan
        .store
        .set_stat_cache(&key, &cache.encode(), context.monitor)?)
}
