//! Whether something else says that a module was there that only seems to be missing: the times of its directory, a
//! snapshot, or the cache of an installer. Nothing is looked for where a venv leaves no doubt.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::audit::Audited;
use super::context::Context;
use crate::audit::Bytecode;
use crate::cache::{self, Standing, Wanted};
use crate::disk::stat::Stat;
use crate::model::{Audit, Doubt, Entry, Finding, Manifest, Node, RelPath, Time, VenvId};
use crate::python::bytecode::is_bytecode;
use crate::python::dist::Dists;
use crate::store::Store;
use crate::tree::scan::Scan;

/// An installer writes INSTALLER and RECORD one after the other, within so many seconds.
const TOGETHER: i64 = 2;
/// Whoever takes away a file and its row does both within so many seconds.
const AT_ONCE: u64 = 60;

/// Where more is known of a venv.
pub(super) struct Elsewhere<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) store: Option<&'a Store>,
    /// Where the venv stands.
    pub(super) venv: &'a Path,
    /// Caches of installers.
    pub(super) caches: &'a [PathBuf],
}

/// Audits a live venv, with what was saved of it before.
pub(super) fn audit_beside(context: &Context<'_>, store: &Store, audited: &Audited<'_>) -> Audit {
    let (dists, interpreter) = rayon::join(|| audited.dists(), || audited.interpreter());
    let mut audit = audited.audit(&dists, &interpreter);
    let elsewhere = Elsewhere {
        context,
        store: Some(store),
        venv: audited.root.path(),
        caches: &[],
    };
    corroborate(&mut audit, audited.scan, &dists, &elsewhere);
    let stop = || context.monitor.cancelled();
    audited.compare_bytecode(&mut audit, &dists, &interpreter, Bytecode::Suspect, &stop);
    audit.diagnosis = audited.diagnose(&audit, &dists, &interpreter, &[], &[]);
    audit
}

/// Makes findings of those doubts of an audit for which there is evidence.
pub(super) fn corroborate(
    audit: &mut Audit,
    scan: &Scan,
    dists: &Dists,
    elsewhere: &Elsewhere<'_>,
) {
    let doubts = std::mem::take(&mut audit.doubts);
    let live = Live::new(scan);
    // Where nothing vanished, nothing was lost that anybody could still have.
    let lost: Vec<Doubt> = doubts
        .into_iter()
        .filter(|doubt| live.has_lost(&doubt.paths[0]))
        .collect();
    if lost.is_empty() {
        return;
    }
    let saved = Saved::newest(elsewhere);
    let cached = cached(&lost, dists, elsewhere.caches);
    for (at, doubt) in lost.into_iter().enumerate() {
        let by_list = doubt.by_times && live.went_with_its_row(&doubt, dists);
        let why = saved
            .as_ref()
            .and_then(|saved| saved.has(&doubt))
            .or_else(|| cached.get(&at).cloned())
            .or_else(|| by_list.then(|| BY_LIST.to_owned()));
        if let Some(why) = why {
            let text = format!("{}; {why}", doubt.finding.text);
            audit.findings.push(Finding {
                text,
                ..doubt.finding
            });
        }
    }
    audit.sort();
}

const BY_LIST: &str =
    "something vanished from its directory, and RECORD was rewritten, after the install";

/// The times of a live tree.
struct Live<'a> {
    manifest: &'a Manifest,
    stats: HashMap<&'a RelPath, &'a Stat>,
}

impl<'a> Live<'a> {
    fn new(scan: &'a Scan) -> Self {
        let states = scan.tree.iter().map(|(entry, stat)| (&entry.path, stat));
        Self {
            manifest: scan.manifest(),
            stats: states.collect(),
        }
    }

    /// The directory in which a path would lie, or the nearest one above that is there.
    fn dir(&self, path: &RelPath) -> Option<(RelPath, &'a Stat)> {
        let mut above = std::iter::successors(path.parent(), RelPath::parent);
        above.find_map(|dir| Some((dir.clone(), *self.stats.get(&dir)?)))
    }

    /// When the last file in a directory came there, or was changed. Bytecode comes later, whenever something is
    /// imported; the first of it changes the directory too, as its cache is made.
    fn last(&self, dir: &RelPath) -> Option<Time> {
        let inside = self.manifest.entries().iter();
        let inside = inside
            .filter(|entry| entry.path.is_within(dir) && !matches!(entry.node, Node::Dir))
            .filter_map(|entry: &Entry| Some((entry, self.stats.get(&entry.path)?.ctime)));
        let (compiled, others): (Vec<_>, Vec<_>) =
            inside.partition(|(entry, _)| is_bytecode(&entry.path));
        let cache = dir.join(b"__pycache__").ok();
        let own = compiled
            .iter()
            .filter(|(entry, _)| entry.path.parent() == cache);
        let first = own.map(|(_, changed)| *changed).min();
        others
            .iter()
            .map(|(_, changed)| *changed)
            .chain(first)
            .max()
    }

    /// Whether the directory of a path changed after all that is in it: then something may have vanished from it.
    fn has_lost(&self, path: &RelPath) -> bool {
        let dir = self.dir(path);
        dir.is_some_and(|(dir, stat)| self.last(&dir).is_none_or(|last| stat.ctime > last))
    }

    /// Whether something vanished from the directory of a path after the install, and RECORD was rewritten then. Each
    /// of the two happens to healthy venvs: a slow disk keeps INSTALLER and RECORD apart, and who purges bytecode, or
    /// takes a neighbour out of a namespace, changes a directory.
    fn went_with_its_row(&self, doubt: &Doubt, dists: &Dists) -> bool {
        let time = |name: &[u8]| {
            let path = doubt.info.join(name).ok()?;
            Some(self.stats.get(&path)?.mtime.secs)
        };
        let Some((record, installer)) = time(b"RECORD").zip(time(b"INSTALLER")) else {
            return false;
        };
        let Some((dir, stat)) = self.dir(&doubt.paths[0]) else {
            return false;
        };
        let changed = stat.mtime.secs;
        let is_later = record.min(changed) > installer.saturating_add(TOGETHER);
        // A copy keeps the mtime of a directory and sets new change times, so it is none that anything vanished from.
        let has_shrunk = || self.last(&dir).is_some_and(|last| stat.mtime > last);
        let is_at_once = record.abs_diff(changed) <= AT_ONCE;
        is_later && is_at_once && has_shrunk() && !self.is_purged(&dir, doubt, dists)
    }

    /// Whether a distribution lists bytecode of a directory of which none is left: that explains why it changed.
    fn is_purged(&self, dir: &RelPath, doubt: &Doubt, dists: &Dists) -> bool {
        let Ok(cache) = dir.join(b"__pycache__") else {
            return false;
        };
        let dist = dists.all.iter().find(|dist| dist.info == doubt.info);
        let rows = dist.and_then(|dist| dist.record.as_ref());
        let mut rows = rows.iter().flat_map(|(_, record)| &record.rows);
        self.manifest.get(&cache).is_none() && rows.any(|row| row.path.is_within(&cache))
    }
}

/// The newest baseline of a venv.
struct Saved {
    id: String,
    manifest: Manifest,
}

impl Saved {
    fn newest(elsewhere: &Elsewhere<'_>) -> Option<Self> {
        let context = elsewhere.context;
        let opened = match elsewhere.store {
            Some(_) => None,
            None => Some(context.open().ok()?),
        };
        let store = elsewhere.store.or(opened.as_ref())?;
        let catalog = store.snapshots.catalog().ok()?;
        let venv = VenvId::new(&context.host, elsewhere.venv);
        let (id, snapshot) = catalog.saves(&venv).rev().find(|(_, one)| one.baseline)?;
        store.load_objects(context.monitor).ok()?;
        let manifest = store.trees().manifest(&snapshot.root, snapshot.entries());
        Some(Self {
            id: id.to_string().chars().take(8).collect(),
            manifest: manifest.ok()?,
        })
    }

    /// Whether it has the module, of the same distribution in the same version.
    fn has(&self, doubt: &Doubt) -> Option<String> {
        let is_there = |path: &RelPath| self.manifest.get(path).is_some();
        let has = is_there(&doubt.info) && doubt.paths.iter().any(is_there);
        has.then(|| format!("snapshot {} has it", self.id))
    }
}

/// For each doubt, by its number, the entry of a cache that has the module.
fn cached(lost: &[Doubt], dists: &Dists, caches: &[PathBuf]) -> HashMap<usize, String> {
    let mut found = HashMap::new();
    if caches.is_empty() {
        return found;
    }
    for (at, doubt) in lost.iter().enumerate() {
        let site = doubt.info.parent();
        let below = |path: &RelPath| path.below(site.as_ref()?).map(<[u8]>::to_vec);
        let owner = dists.all.iter().find(|dist| dist.info == doubt.info);
        let wanted: Vec<Wanted> = doubt
            .paths
            .iter()
            .filter_map(|path| {
                Some(Wanted {
                    package: owner?.name.clone(),
                    info: doubt.info.name().to_vec(),
                    damage: vec![(below(path)?, Standing::Anything)],
                })
            })
            .collect();
        if let Some(entry) = cache::find_damaged(caches, &wanted).into_iter().next() {
            found.insert(at, format!("{} has it", entry.path));
        }
    }
    found
}
