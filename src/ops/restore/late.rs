//! What happens in a venv while it is being replaced: nothing of it may be lost, and nothing of it may get into the new tree.

use std::collections::HashMap;

use super::Live;
use super::stage::Staged;
use crate::disk::PathError;
use crate::disk::journal::Phase;
use crate::disk::rooted::Rooted;
use crate::disk::staging::Staging;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found, walk};
use crate::model::{Document, Entry, Purpose, RelPath, SnapshotId, Time, VenvId};
use crate::ops::context::Context;
use crate::ops::error::{Error, reason};
use crate::ops::intake::Intake;
use crate::ops::list::document;
use crate::ops::lookup::Chosen;
use crate::ops::save::{Draft, prepare};
use crate::store::Store;
use crate::venv::stat_cache::StatCache;

/// A name under which a replaced tree stays beside the venv: that of the snapshot that has all of it, if there is one.
pub(super) fn name_to_keep(venv: &[u8], saved: Option<SnapshotId>) -> Result<String, Error> {
    let id = match saved {
        Some(id) => id.to_string(),
        None => crate::disk::atomic::random_name()?[..8].to_owned(),
    };
    Ok(format!("{}{id}", kept_prefix(venv)))
}

/// How such names begin.
pub(in crate::ops) fn kept_prefix(venv: &[u8]) -> String {
    let name: String = String::from_utf8_lossy(venv).chars().take(100).collect();
    format!("{name}.snap-old-")
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
    // The change time of the files that were linked moved with the link.
    let racy = context.racy(old)?;
    let mut cache = live.scan.stat_cache(racy);
    for (entry, stat) in staged.taken.files(&staged.plan.target.manifest) {
        if let Some(digest) = entry.digest() {
            cache.insert(stat, digest, !entry.meta.xattrs.is_empty(), racy);
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

impl Staged<'_> {
    /// The tree that stands in the place of the venv now, by the descriptor with which it was built: its path may already
    /// mean something else.
    fn new_tree(&self) -> Result<Rooted, Error> {
        if matches!(self.bench.journal.phase, Phase::Apply { .. }) {
            return self.plan.in_place();
        }
        let path = self.plan.place.path();
        Ok(self.bench.staging.root().known_as(path)?)
    }
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
        let before = self.store.catalog()?;
        let before = before.snapshots.into_iter().find(|(id, _)| *id == first);
        let before = before.map(|(id, snapshot)| Chosen { id, snapshot });
        // What was found stays true of it.
        let (damaged, document) = match &before {
            Some(first) => (
                first.snapshot.damage,
                document(self.context, self.store, first)?,
            ),
            None => (0, Document::default()),
        };
        let intake = Intake::new(self.store.packer(self.context.monitor)?);
        let scan = intake.scan(old, cache, self.context.monitor)?;
        let draft = Draft {
            venv: self.venv.clone(),
            purpose: Purpose::Incident,
            replaced_by: Some(self.snapshot),
            completes: Some(first),
            damaged,
            document,
            ..Draft::default()
        };
        let (snapshot, _) = prepare(self.context, self.store, intake, &scan, draft)?;
        Ok(self.store.commit(&snapshot)?)
    }
}

/// Whether anything in the replaced tree is not as it was scanned, or taken over. Its root was renamed, which moves only its
/// change time.
pub(super) fn moved(staged: &Staged<'_>, old: &Rooted, live: &Live) -> Result<bool, Error> {
    let found = walk(old)?;
    if found.len() != live.scan.stats.len() {
        return Ok(true);
    }
    let mut taken = staged.taken.files(&staged.plan.target.manifest).peekable();
    let then = live.scan.manifest.entries().iter().zip(&live.scan.stats);
    Ok(found.iter().zip(then).any(|(now, (entry, stat))| {
        while taken
            .next_if(|(taken, _)| taken.path < entry.path)
            .is_some()
        {}
        let linked = taken
            .next_if(|(taken, _)| taken.path == entry.path)
            .map(|(_, linked)| linked)
            .filter(|linked| linked.same_inode(stat));
        let mut stat = *linked.unwrap_or(stat);
        if entry.path.is_root() {
            stat.ctime = now.stat.ctime;
        }
        now.path != entry.path || !now.stat.same_state(&stat)
    }))
}

/// Files that both trees share and that changed after the last check, through the old tree: the new tree gets its own.
pub(super) fn part(context: &Context<'_>, staged: &Staged<'_>, old: &Rooted) -> Result<(), Error> {
    let venv = staged.new_tree()?;
    let changed = staged
        .taken
        .shared()
        .written_through(&venv, &staged.plan.target.manifest);
    if changed.is_empty() {
        return Ok(());
    }
    context.monitor.status(&format!(
        "{} files changed through the replaced tree; they are written afresh",
        changed.len()
    ));
    let bench = Staging::within(old.known_as(old.path())?);
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
        if absent(bench.move_over(&fresh, &venv, path))? {
            bench.remove(&fresh)?;
        }
    }
    let settled = Staging::within(venv);
    for path in &changed {
        if let Some(dir) = path
            .parent()
            .and_then(|dir| staged.plan.target.manifest.get(&dir))
        {
            absent(settled.settle_dir(&dir.path, &dir.meta))?;
        }
    }
    Ok(settled.sync()?)
}

/// Whether something was not done since its directory is gone: the venv is in use again, and its users may remove what they like.
fn absent(done: Result<(), PathError>) -> Result<bool, PathError> {
    match done {
        Err(error) if error.is_absent() => Ok(true),
        done => done.map(|()| false),
    }
}

/// Lets the next save know the new tree, in the state that it has after the last of our own renames and links. Where that fails, the next
/// save reads all files, and the restore is done all the same.
pub(super) fn refresh_stat_cache(context: &Context<'_>, staged: &Staged<'_>) {
    if let Err(error) = note_states(context, staged) {
        let why = reason(&error);
        let what = "the state of the new tree cannot be noted, and the next save reads all of it";
        context.monitor.warn(&format!("{what} ({why})"));
    }
}

fn note_states(context: &Context<'_>, staged: &Staged<'_>) -> Result<(), Error> {
    let tree = staged.new_tree()?;
    if !staged.plan.store.may_write() || context.racy(&tree)?.is_some() {
        return Ok(());
    }
    let found = walk(&tree)?;
    let since = Since::new(staged, found.first());
    let mut cache = StatCache::default();
    let mut target = staged.plan.target.manifest.entries().iter().peekable();
    for Found { path, stat, .. } in &found {
        while target.next_if(|entry| entry.path < *path).is_some() {}
        let Some(entry) = target.next_if(|entry| entry.path == *path) else {
            continue;
        };
        if let Some(digest) = entry.digest()
            && entry.size() == Some(stat.size)
            && entry.meta.mtime == stat.mtime
            && since.is_untouched(path, stat)
        {
            cache.insert(stat, digest, !entry.meta.xattrs.is_empty(), None);
        }
    }
    let key = Context::cache_key(&context.venv_id(&staged.plan.place));
    let store = staged.plan.store;
    store.set_stat_cache(&key, &cache.encode(), context.monitor);
    Ok(())
}

/// What tells of a file of the new tree that nobody changed it since it was proved good. Size and time do not: both can be the same
/// after an installer put another file there.
struct Since<'s> {
    /// The states in which files were proved.
    proved: HashMap<&'s RelPath, &'s Stat>,
    /// Whether files were shared with the replaced tree, whose removal moved their change time.
    shared: bool,
    /// When the new tree was exposed. What was written into it before could be reached by nobody until then.
    exposed: Option<Time>,
}

impl<'s> Since<'s> {
    fn new(staged: &'s Staged<'_>, root: Option<&Found>) -> Self {
        let target = &staged.plan.target.manifest;
        if matches!(staged.bench.journal.phase, Phase::Apply { .. }) {
            let live = staged.plan.live.iter().map(|live| &live.scan);
            let states = live.flat_map(|scan| scan.manifest.entries().iter().zip(&scan.stats));
            let stays = |entry: &Entry| {
                let wanted = target.get(&entry.path).and_then(Entry::digest);
                wanted.is_some() && wanted == entry.digest()
            };
            let proved = states.filter(|(entry, _)| stays(entry));
            return Self {
                proved: proved.map(|(entry, stat)| (&entry.path, stat)).collect(),
                shared: false,
                exposed: None,
            };
        }
        // The exchange was the last change of the root, unless it does not look as it was made.
        let as_made = |root: &&Found| {
            let (now, made) = (root.stat.meta(), target.entries().first());
            made.is_some_and(|made| {
                let made = &made.meta;
                (now.mode, now.uid, now.gid, now.mtime)
                    == (made.mode, made.uid, made.gid, made.mtime)
            })
        };
        let taken = staged.taken.files(target);
        Self {
            proved: taken.map(|(entry, stat)| (&entry.path, stat)).collect(),
            shared: true,
            exposed: root.filter(as_made).map(|root| root.stat.ctime),
        }
    }

    fn is_untouched(&self, path: &RelPath, now: &Stat) -> bool {
        match self.proved.get(path) {
            Some(then) if self.shared && then.nlink > 1 => {
                now.same_inode(then) && (now.mode, now.mtime) == (then.mode, then.mtime)
            }
            Some(then) => now.same_state(then),
            None => self.exposed.is_some_and(|exposed| now.ctime <= exposed),
        }
    }
}
