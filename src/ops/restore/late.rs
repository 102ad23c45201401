//! What happens in a venv while it is being replaced: nothing of it may be lost, and nothing of it may get into the new tree.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::plan::Route;
use super::special::make_anew;
use super::stage::Staged;
use super::write::Writer;
use crate::disk::PathError;
use crate::disk::journal::Phase;
use crate::disk::rooted::Rooted;
use crate::disk::staging::Staging;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found, walk_dirs};
use crate::model::{
    Digest, Document, Entry, Manifest, Node, Purpose, RelPath, SnapshotId, Time, VenvId,
};
use crate::ops::context::Context;
use crate::ops::error::{Error, reason};
use crate::ops::list::document;
use crate::ops::lookup::chosen;
use crate::ops::snapshot::Intake;
use crate::ops::snapshot::Live;
use crate::ops::snapshot::{Draft, prepare};
use crate::store::Store;
use crate::tree::scan::Scan;
use crate::tree::stat_cache::{Record, StatCache};

/// A name under which a replaced tree stays beside the venv: that of the snapshot that has all of it, if there is one.
pub(super) fn name_to_keep(venv: &[u8], saved: Option<SnapshotId>) -> Result<String, Error> {
    let id = match saved {
        Some(id) => id.to_string(),
        None => crate::disk::atomic::random_name()?[..8].to_owned(),
    };
    Ok(format!("{}{id}", kept_prefix(venv)))
}

/// A name under which stays what could not be removed of a replaced tree: no state of a venv.
pub(super) fn name_of_rest(venv: &[u8]) -> Result<String, Error> {
    let random = &crate::disk::atomic::random_name()?[..8];
    Ok(format!("{}{REST}{random}", kept_prefix(venv)))
}

/// How the rest of such a name begins.
pub(in crate::ops) const REST: &str = "rest-";

/// How such names begin. One that would be too long, or that is no text, is cut, and made unique by a digest.
pub(in crate::ops) fn kept_prefix(venv: &[u8]) -> String {
    let plain = std::str::from_utf8(venv)
        .ok()
        .filter(|name| name.len() <= NAME_BYTES_MAX);
    let name = plain.map_or_else(
        || {
            let text = String::from_utf8_lossy(venv);
            let fits = |(at, letter): &(usize, char)| at + letter.len_utf8() <= CUT_BYTES_MAX;
            let cut: String = text
                .char_indices()
                .take_while(fits)
                .map(|(_, letter)| letter)
                .collect();
            format!("{cut}-{}", &Digest::of(venv).to_hex()[..16])
        },
        str::to_owned,
    );
    format!("{name}.snap-old-")
}

/// Names of venvs up to here stand whole in that of a kept tree, which may have 255 bytes.
const NAME_BYTES_MAX: usize = 200;
/// How much stands in it of longer ones.
const CUT_BYTES_MAX: usize = 150;

/// A replaced tree that was saved once more.
pub(super) struct Saved {
    pub(super) id: SnapshotId,
    pub(super) scan: Scan,
}

impl Saved {
    /// Something of which the last state is in no snapshot.
    pub(super) fn lost(&self) -> Option<&RelPath> {
        let Scan {
            unreadable,
            unstable,
            ..
        } = &self.scan;
        unreadable.iter().chain(unstable).next()
    }
}

/// Saves the replaced tree once more if anything in it changed since it was scanned.
pub(super) fn capture(
    context: &Context<'_>,
    staged: &Staged<'_>,
    old: &Rooted,
    live: &Live,
) -> Result<Option<Saved>, Error> {
    let Some(first) = staged.bench.incident.id() else {
        return Ok(None);
    };
    // The change time of the files that were linked moved with the link.
    let racy = context.racy(old)?;
    let taken = staged.taken.files(&staged.plan.target.manifest);
    let taken = taken.filter_map(|(entry, stat)| {
        let has_xattrs = !entry.meta.xattrs.is_empty();
        Some(Record::new(stat, entry.digest()?, has_xattrs))
    });
    let cache = StatCache::new(live.scan.records().chain(taken), racy);
    let venv = context.venv_id(&staged.plan.place);
    let late = Late {
        context,
        store: staged.plan.store,
        venv,
        snapshot: staged.plan.snapshot,
    };
    // Its time moved when we put our own staging into it.
    let root = match staged.plan.route {
        Route::InPlace(_) => live.scan.manifest.get(&RelPath::root()),
        Route::Exchange => None,
    };
    let whole = |found: Manifest| {
        let mut entries = found.into_entries();
        if let (Some(root), Some(first)) = (root, entries.first_mut()) {
            first.clone_from(root);
        }
        Manifest::new(entries)
    };
    late.save(old, &cache, first, &whole).map(Some)
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
    /// Saves the replaced tree as the completion of an incident snapshot, in the words of `whole`: where it may be only what a removal
    /// left, it is laid over what is known of the whole.
    pub(super) fn save(
        &self,
        old: &Rooted,
        cache: &StatCache,
        first: SnapshotId,
        whole: &dyn Fn(Manifest) -> Manifest,
    ) -> Result<Saved, Error> {
        let catalog = self.store.catalog()?;
        let before = catalog.snapshots.iter().find(|(id, _)| *id == first);
        let before = before.map(chosen);
        // What was found stays true of it.
        let (damaged, document) = match &before {
            Some(first) => (
                first.snapshot.damage,
                document(self.context, self.store, first)?,
            ),
            None => (0, Document::default()),
        };
        let intake = Intake::new(self.store.packer(self.context.monitor)?);
        let mut scan = intake.scan(old, cache, self.context.monitor)?;
        scan.manifest = whole(std::mem::take(&mut scan.manifest));
        // What was laid over another state has that one's unreadable entries; only those of now are lost.
        let of_whole = scan.manifest.unreadable();
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
        let (snapshot, _) = prepare(self.context, self.store, intake, &scan, draft)?;
        let id = self.store.commit(&snapshot)?;
        scan.unreadable = found;
        Ok(Saved { id, scan })
    }
}

/// Files that both trees share and that changed after the last check, through the old tree: the new tree gets its own. Where the
/// old tree stays it gets its own of all of them.
pub(super) fn part(
    context: &Context<'_>,
    staged: &Staged<'_>,
    old: &Rooted,
    stays: bool,
) -> Result<(), Error> {
    let venv = staged.new_tree()?;
    let target = &staged.plan.target.manifest;
    let shared = staged.taken.shared();
    let paths = if stays {
        shared.still_shared(&venv, target)
    } else {
        shared.written_through(&venv, target)
    };
    let files = shared.files(target);
    let files: Vec<(&Entry, &Stat)> = files
        .filter(|(entry, _)| paths.binary_search(&entry.path).is_ok())
        .collect();
    let preserve = staged.plan.options.preserve_special;
    write_afresh(context, staged.plan.store, old, venv, &files, preserve)
}

/// Writes files of the new tree afresh from the store, in place of those that it shares with the old one, which are given by
/// their states.
pub(super) fn write_afresh(
    context: &Context<'_>,
    store: &Store,
    old: &Rooted,
    venv: Rooted,
    files: &[(&Entry, &Stat)],
    preserve: bool,
) -> Result<(), Error> {
    let count = match files.len() {
        0 => return Ok(()),
        1 => "1 file".to_owned(),
        more => format!("{more} files"),
    };
    context.monitor.status(&format!(
        "{count} shared with the replaced tree must not be; written afresh"
    ));
    let bench = Staging::within(old.known_as(old.path())?);
    let settled = Staging::within(venv);
    let fresh = RelPath::new(FRESH).unwrap_or_default();
    // One that was killed here may have left it.
    absent(bench.remove(&fresh))?;
    let rewritten = BTreeMap::new();
    let writer = Writer::new(&bench, store, &rewritten);
    for (entry, shared) in files {
        let mut entry = (*entry).clone();
        if !make_anew(&mut entry, preserve, context.monitor) {
            continue;
        }
        let Node::File { link_to, .. } = &mut entry.node else {
            continue;
        };
        *link_to = None;
        let path = std::mem::replace(&mut entry.path, fresh.clone());
        writer.write(context, &[&entry])?;
        let dir = path.parent().unwrap_or_default();
        let around = settled.root().stat_below(&dir, true);
        // Whoever uses the venv may have put another file there since, and keeps it.
        let now = settled.root().stat_below(&path, true);
        let still = now.is_ok_and(|now| now.same_inode(shared));
        if !still || absent(bench.move_over(&fresh, settled.root(), &path))? {
            bench.remove(&fresh)?;
        } else if let Ok(around) = around {
            absent(settled.settle_dir(&dir, &around.meta()))?;
        }
    }
    Ok(settled.sync()?)
}

/// Where a file is written before it gets its place: in the root of the replaced tree, where no scan sees it.
const FRESH: &[u8] = b".snap-restore-fresh";

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
    let since = Since::new(staged, &tree.stat()?);
    let records = Mutex::new(Vec::new());
    walk_dirs(&tree, &|_, found| {
        let known = found.iter().filter_map(|now| since.record(now));
        let known: Vec<Record> = known.collect();
        let mut records = records.lock().unwrap_or_else(PoisonError::into_inner);
        records.extend(known);
    })?;
    let records = records.into_inner().unwrap_or_else(PoisonError::into_inner);
    let cache = StatCache::new(records.into_iter(), None);
    let key = Context::cache_key(&context.venv_id(&staged.plan.place));
    let store = staged.plan.store;
    store.set_stat_cache(&key, &cache.encode(), context.monitor);
    Ok(())
}

/// What tells of a file of the new tree that nobody changed it since it was proved good. Size and time do not: both can be the same
/// after an installer put another file there.
struct Since<'s> {
    staged: &'s Staged<'s>,
    /// Whether files were replaced one by one. Else some are shared with the replaced tree, whose removal moved their change time.
    in_place: bool,
    /// When the new tree was exposed. What was written into it before could be reached by nobody until then.
    exposed: Option<Time>,
}

impl<'s> Since<'s> {
    fn new(staged: &'s Staged<'s>, root: &Stat) -> Self {
        let in_place = matches!(staged.bench.journal.phase, Phase::Apply { .. });
        // The exchange was the last change of the root, unless it does not look as it was made.
        let (now, made) = (root.meta(), staged.plan.target.manifest.entries().first());
        let as_made = made.is_some_and(|made| {
            let made = &made.meta;
            (now.mode, now.uid, now.gid, now.mtime) == (made.mode, made.uid, made.gid, made.mtime)
        });
        Self {
            staged,
            in_place,
            exposed: (!in_place && as_made).then_some(root.ctime),
        }
    }

    /// What is known of a file that is as it was proved.
    fn record(&self, now: &Found) -> Option<Record> {
        let target = &self.staged.plan.target.manifest;
        let at = target.position(&now.path)?;
        let entry = target.entries().get(at)?;
        let (digest, stat) = (entry.digest()?, &now.stat);
        let is_same = entry.size() == Some(stat.size) && entry.meta.mtime == stat.mtime;
        let is_untouched = match self.proved(at, entry, digest) {
            Some(then) if !self.in_place && then.nlink > 1 => {
                stat.same_inode(then) && (stat.mode, stat.mtime) == (then.mode, then.mtime)
            }
            Some(then) => stat.same_state(then),
            None => self.exposed.is_some_and(|exposed| stat.ctime <= exposed),
        };
        let has_xattrs = !entry.meta.xattrs.is_empty();
        (is_same && is_untouched).then(|| Record::new(stat, digest, has_xattrs))
    }

    /// The state in which a file of the target was proved good before it was taken over, or left where it is.
    fn proved(&self, at: usize, entry: &Entry, digest: Digest) -> Option<&Stat> {
        if !self.in_place {
            return self.staged.taken.at(at);
        }
        let scan = &self.staged.plan.live.as_ref()?.scan;
        let then = scan.manifest.position(&entry.path)?;
        let stays = scan.manifest.entries().get(then)?.digest() == Some(digest);
        scan.stats.get(then).filter(|_| stays)
    }
}
