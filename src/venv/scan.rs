//! Walks and reads a tree until both agree: the manifest that comes out is one state of the tree, not a mixture.
//!
//! Round: walk, read what is not known yet, walk again. If nothing differs between the two walks (change time and inode,
//! which nobody can set), everything read in between was of one state. After three rounds a tree that never holds still is
//! refused, or, for those who must go on, taken with a list of what moved.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::error::Error;
use super::read::{Content, Failed, Opened, Xattrs};
use super::sink::{DigestsOnly, Sink, Stopped};
use super::stat_cache::StatCache;
use crate::disk::journal::INSIDE;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found, walk};
use crate::model::segment::SEGMENT_LEN;
use crate::model::{Digest, Entry, Manifest, Meta, Node, RelPath, Time};
use crate::monitor::Monitor;

/// One state of a tree.
#[derive(Debug)]
pub(crate) struct Scan {
    /// What it holds.
    pub(crate) manifest: Manifest,
    /// The state of each entry of the manifest, in the same order.
    pub(crate) stats: Vec<Stat>,
    /// What could not be read.
    pub(crate) unreadable: Vec<RelPath>,
    /// What changed in every round.
    pub(crate) unstable: Vec<RelPath>,
}

const ROUNDS: usize = 3;
/// Bytes and files that one task reads.
const BATCH_BYTES: u64 = 1 << 20;
const BATCH_FILES: usize = 256;

type Contents = HashMap<RelPath, (Stat, Content)>;

/// Scans a tree. With `cache`, files in a recorded state whose content the sink has are not read.
pub(crate) fn scan(
    root: &Rooted,
    cache: &StatCache,
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Scan, Error> {
    let mut contents = Contents::new();
    let mut found = walk_own(root)?;
    for round in 1.. {
        read_round(root, &found, &mut contents, cache, sink, monitor)?;
        let after = walk_own(root)?;
        let moved = moved(&found, &after, &contents);
        if moved.is_empty() || round == ROUNDS {
            return Ok(assemble(found, contents, moved));
        }
        monitor.status(&format!(
            "{} entries changed while they were read; reading them again",
            moved.len()
        ));
        contents.retain(|path, _| !moved.contains(path));
        found = after;
    }
    Err(Error::Stopped)
}

/// Scans a tree that nobody else can write in: one walk is enough.
pub(crate) fn scan_private(
    root: &Rooted,
    cache: &StatCache,
    monitor: &dyn Monitor,
) -> Result<Scan, Error> {
    let mut contents = Contents::new();
    let found = walk_own(root)?;
    read_round(root, &found, &mut contents, cache, &DigestsOnly, monitor)?;
    Ok(assemble(found, contents, BTreeSet::new()))
}

/// Walks a tree without what an in-place restore of ours keeps in its root. A mount inside is refused.
fn walk_own(root: &Rooted) -> Result<Vec<Found>, Error> {
    let mut found = walk(root)?;
    found.retain(|found| !found.path.as_bytes().starts_with(INSIDE.as_bytes()));
    match found.iter().skip(1).find(|found| found.stat.mount_root) {
        Some(mount) => Err(Error::Mount(root.shown(&mount.path))),
        None => Ok(found),
    }
}

fn read_round(
    root: &Rooted,
    found: &[Found],
    contents: &mut Contents,
    cache: &StatCache,
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<(), Error> {
    let mut unread = Vec::new();
    for file in found.iter().filter(|found| found.stat.is_file()) {
        let known = contents
            .get(&file.path)
            .is_some_and(|(stat, _)| stat.same_state(&file.stat));
        if known {
            continue;
        }
        match cache
            .find(&file.path, &file.stat)
            .filter(|(digest, _)| sink.has(digest))
        {
            Some((digest, false)) => {
                contents.insert(
                    file.path.clone(),
                    (file.stat, Content::Known(digest, Vec::new())),
                );
            }
            _ => unread.push(file),
        }
    }
    monitor.phase(
        "reading",
        unread.len() as u64,
        unread.iter().map(|found| found.stat.size).sum(),
    );
    let batches = batches(&unread);
    let read: Vec<Vec<Content>> = batches
        .par_iter()
        .map(|batch| {
            if monitor.cancelled() {
                Err(Stopped)
            } else {
                read_batch(root, batch, sink, monitor)
            }
        })
        .collect::<Result<_, _>>()
        .map_err(|Stopped| Error::Stopped)?;
    for (file, content) in batches
        .into_iter()
        .flatten()
        .zip(read.into_iter().flatten())
    {
        contents.insert(file.path.clone(), (file.stat, content));
    }
    Ok(())
}

/// Cuts the files into runs of neighbours; a large file is a run of its own.
fn batches<'a>(files: &[&'a Found]) -> Vec<Vec<&'a Found>> {
    let mut batches: Vec<Vec<&Found>> = Vec::new();
    let mut bytes = u64::MAX;
    for file in files {
        let large = file.stat.size > SEGMENT_LEN as u64;
        match batches.last_mut() {
            Some(batch) if !large && bytes < BATCH_BYTES && batch.len() < BATCH_FILES => {
                batch.push(file);
                bytes += file.stat.size;
            }
            _ => {
                batches.push(vec![file]);
                bytes = if large { u64::MAX } else { file.stat.size };
            }
        }
    }
    batches
}

fn read_batch(
    root: &Rooted,
    batch: &[&Found],
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Vec<Content>, Stopped> {
    let mut contents = Vec::with_capacity(batch.len());
    let mut wanted = Vec::new();
    let mut buffer = Vec::new();
    let mut bytes_read = 0;
    for found in batch {
        let content = match read_one(root, found, sink, &mut buffer) {
            Ok((digest, xattrs)) => {
                if sink.wants() && found.stat.size <= SEGMENT_LEN as u64 && !sink.has(&digest) {
                    wanted.push((digest, std::mem::take(&mut buffer)));
                }
                Content::Known(digest, xattrs)
            }
            Err(Failed::Changed) => Content::Changed,
            Err(Failed::Unreadable(reason)) => Content::Unreadable(reason),
            Err(Failed::Stopped) => return Err(Stopped),
        };
        bytes_read += found.stat.size;
        contents.push(content);
    }
    monitor.read(batch.len() as u64, bytes_read);
    sink.files(wanted)?;
    monitor.advance(batch.len() as u64, bytes_read);
    Ok(contents)
}

fn read_one(
    root: &Rooted,
    found: &Found,
    sink: &dyn Sink,
    buffer: &mut Vec<u8>,
) -> Result<(Digest, Xattrs), Failed> {
    let file = Opened::open(root, found)?;
    let xattrs = file.xattrs()?;
    if found.stat.size > SEGMENT_LEN as u64 {
        return Ok((file.read_large(sink)?, xattrs));
    }
    file.read_small(buffer)?;
    let digest = Digest::of(buffer);
    sink.seen(&found.path, &digest, buffer);
    Ok((digest, xattrs))
}

/// The paths whose state differs between two walks, or that were not the same file when they were read.
fn moved(before: &[Found], after: &[Found], contents: &Contents) -> BTreeSet<RelPath> {
    let mut moved: BTreeSet<RelPath> = BTreeSet::new();
    let states: HashMap<&RelPath, &Stat> = before
        .iter()
        .map(|found| (&found.path, &found.stat))
        .collect();
    let mut met = 0;
    for found in after {
        match states.get(&found.path) {
            Some(stat) => {
                met += 1;
                if !stat.same_state(&found.stat) {
                    moved.insert(found.path.clone());
                }
            }
            None => drop(moved.insert(found.path.clone())),
        }
    }
    if met < before.len() {
        let there: BTreeSet<&RelPath> = after.iter().map(|found| &found.path).collect();
        moved.extend(
            before
                .iter()
                .map(|found| &found.path)
                .filter(|path| !there.contains(path))
                .cloned(),
        );
    }
    moved.extend(
        contents
            .iter()
            .filter(|(_, (_, content))| *content == Content::Changed)
            .map(|(path, _)| path.clone()),
    );
    moved
}

fn assemble(found: Vec<Found>, mut contents: Contents, moved: BTreeSet<RelPath>) -> Scan {
    let mut first_links: HashMap<(u64, u64), RelPath> = HashMap::new();
    let mut unreadable = Vec::new();
    let mut stats = Vec::with_capacity(found.len());
    let mut entries = Vec::with_capacity(found.len());
    for Found {
        path,
        stat,
        target,
        xattrs,
        problem,
    } in found
    {
        let mut meta = Meta {
            xattrs,
            ..stat.meta()
        };
        let node = if let Some(reason) = problem {
            Node::Unreadable(reason)
        } else if stat.is_dir() {
            Node::Dir
        } else if let Some(target) = target {
            Node::Symlink(target)
        } else if let Some(special) = stat.special() {
            Node::Special(special)
        } else {
            match contents.remove(&path) {
                Some((_, Content::Known(digest, xattrs))) => {
                    meta.xattrs = xattrs;
                    let link_to = if stat.nlink > 1 {
                        join_group(&mut first_links, &stat, &path)
                    } else {
                        None
                    };
                    Node::File {
                        size: stat.size,
                        digest,
                        link_to,
                    }
                }
                Some((_, Content::Unreadable(reason))) => Node::Unreadable(reason),
                Some((_, Content::Changed)) | None => {
                    Node::Unreadable("it changed while it was read".to_owned())
                }
            }
        };
        if matches!(node, Node::Unreadable(_)) {
            unreadable.push(path.clone());
        }
        stats.push(stat);
        entries.push(Entry { path, meta, node });
    }
    Scan {
        manifest: Manifest::new(entries),
        stats,
        unreadable,
        unstable: moved.into_iter().collect(),
    }
}

/// The first path of the group of hard links that this file belongs to, unless it is the first itself.
fn join_group(
    groups: &mut HashMap<(u64, u64), RelPath>,
    stat: &Stat,
    path: &RelPath,
) -> Option<RelPath> {
    match groups.entry((stat.dev, stat.ino)) {
        std::collections::hash_map::Entry::Occupied(first) => Some(first.get().clone()),
        std::collections::hash_map::Entry::Vacant(slot) => {
            slot.insert(path.clone());
            None
        }
    }
}

impl Scan {
    /// That this is one whole state of the tree: nothing moved and everything could be read.
    pub(crate) fn whole(self) -> Result<Self, Error> {
        if let Some(path) = self
            .unreadable
            .iter()
            .find(|path| !self.unstable.contains(path))
        {
            let reason = match self.manifest.get(path).map(|entry| &entry.node) {
                Some(Node::Unreadable(reason)) => reason.clone(),
                _ => String::new(),
            };
            return Err(Error::Unreadable {
                count: self.unreadable.len(),
                first: path.clone(),
                reason,
            });
        }
        match self.unstable.last() {
            Some(path) => Err(Error::Unstable(path.clone())),
            None => Ok(self),
        }
    }

    /// What the next save may rely on.
    pub(crate) fn stat_cache(&self, racy: Option<Time>) -> StatCache {
        let mut cache = StatCache::default();
        for (entry, stat) in self.manifest.entries().iter().zip(&self.stats) {
            if let Some(digest) = entry.digest() {
                cache.insert(
                    &entry.path,
                    stat,
                    digest,
                    !entry.meta.xattrs.is_empty(),
                    racy,
                );
            }
        }
        cache
    }
}
