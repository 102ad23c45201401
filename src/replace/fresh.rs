//! Gives the new tree files of its own in place of those that it shares with the old one.

use std::collections::{HashMap, HashSet};

use super::contents::{Contents, Written};
use super::disk::staging::Staging;
use super::error::Error;
use super::special::make_anew;
use crate::disk::PathError;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::walk;
use crate::model::{Digest, Entry, Node, RelPath};
use crate::monitor::{Monitor, Status};
use crate::tree::scan::scan;
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;

/// Writes files of the new tree afresh in place of shared ones, which are given by their states.
pub(super) fn write_afresh(
    contents: &dyn Contents,
    (old, new): (&Rooted, Rooted),
    files: Vec<(Entry, Stat)>,
    preserve: bool,
    monitor: &dyn Monitor,
) -> Result<(), Error> {
    if files.is_empty() {
        return Ok(());
    }
    monitor.status(Status::Shared(files.len()));
    let bench = Staging::within(old.known_as(old.path())?);
    let placed = Staging::within(new);
    let fresh = RelPath::new(FRESH).unwrap_or_default();
    // A process that was killed here may have left the file.
    absent(bench.remove(&fresh))?;
    for (mut entry, shared) in files {
        if !make_anew(&mut entry, preserve, monitor) {
            continue;
        }
        let Node::File { link_to, .. } = &mut entry.node else {
            continue;
        };
        *link_to = None;
        let path = std::mem::replace(&mut entry.path, fresh.clone());
        contents.write(&bench, &[&entry], monitor)?;
        let dir = path.parent().unwrap_or_default();
        let around = placed.root().stat_below(&dir, true);
        // Whoever uses the new tree may have put another file there since, and keeps it.
        let now = placed.root().stat_below(&path, true);
        let still = now.is_ok_and(|now| now.same_inode(&shared));
        if !still || absent(bench.move_over(&fresh, placed.root(), &path))? {
            bench.remove(&fresh)?;
        } else if let Ok(around) = around {
            absent(placed.set_dir_attributes(&dir, &around.meta()))?;
        }
    }
    Ok(placed.sync()?)
}

/// Writes the files afresh that the new tree has in common with the old one, each with the content that it has now.
pub(super) fn copy_shared(
    old: &Rooted,
    new: Rooted,
    preserve: bool,
    monitor: &dyn Monitor,
) -> Result<(), Error> {
    let name = |stat: &Stat| (stat.dev, stat.ino);
    let theirs = walk(old)?.into_iter().map(|found| found.stat);
    let theirs: HashSet<_> = theirs
        .filter(|stat| stat.is_file() && stat.nlink > 1)
        .map(|stat| name(&stat))
        .collect();
    if theirs.is_empty() {
        return Ok(());
    }
    let found = scan(&new, &StatCache::default(), &DigestsOnly, monitor)?;
    let shared = found.tree.iter();
    let shared = shared.filter(|(_, stat)| theirs.contains(&name(stat)));
    let shared: Vec<_> = shared.map(|(entry, stat)| (entry.clone(), *stat)).collect();
    let paths = shared
        .iter()
        .filter_map(|(entry, _)| Some((entry.digest()?, entry.path.clone())));
    let contents = OfTree {
        paths: paths.collect(),
        tree: new.known_as(new.path())?,
    };
    write_afresh(&contents, (old, new), shared, preserve, monitor)
}

/// The contents that a tree has itself.
struct OfTree {
    tree: Rooted,
    paths: HashMap<Digest, RelPath>,
}

impl Contents for OfTree {
    fn write(
        &self,
        staging: &Staging,
        entries: &[&Entry],
        _: &dyn Monitor,
    ) -> Result<Written, Error> {
        for entry in entries {
            let path = entry.digest().and_then(|digest| self.paths.get(&digest));
            if let Some(path) = path {
                staging.copy(&self.tree, path, &entry.path, &entry.meta)?;
            }
        }
        Ok(Written::default())
    }
}

/// Where a file is written before it gets its place: in the root of the replaced tree, where no scan sees it.
const FRESH: &[u8] = b".snap-restore-fresh";

/// Whether something was not done since its directory is gone: the tree is in use again, and its users may remove
/// what they like.
fn absent(done: Result<(), PathError>) -> Result<bool, PathError> {
    match done {
        Err(error) if error.is_absent() => Ok(true),
        done => done.map(|()| false),
    }
}
