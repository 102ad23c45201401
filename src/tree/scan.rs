//! Walks and reads a tree until both agree: the manifest that comes out is one state of the tree, not a mixture.
//!
//! Round: walk, read what is not known yet, walk again. If nothing differs between the two walks (change time and
//! inode, which nobody can set), everything read in between was of one state. After three rounds a tree that never
//! holds still is refused, or, for those who must go on, taken with a list of what moved.

use std::collections::BTreeSet;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::assemble::assemble;
use super::error::Error;
use super::read::{Content, Failed, Opened, Xattrs, with_buffer};
use super::sink::{Sink, Stopped};
use super::stat_cache::{Known, Record, StatCache};
use crate::disk::error::At;
use crate::disk::limits::descriptors;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found, INSIDE, still_holds, walk};
use crate::model::segment::{BATCH_LEN, SEGMENT_LEN};
use crate::model::{Digest, Manifest, Node, RelPath, Time};
use crate::monitor::Monitor;

/// One state of a tree.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// What it holds.
    pub(crate) manifest: Manifest,
    /// The state of each entry of the manifest, in the same order.
    pub(crate) stats: Vec<Stat>,
    /// What could not be read, without what something is mounted over.
    pub(crate) unreadable: Vec<RelPath>,
    /// What changed in every round.
    pub(crate) unstable: Vec<RelPath>,
    /// Whether its digests are stand-ins, which only an audit understands.
    pub(crate) stand_ins: bool,
}

const ROUNDS: usize = 3;
/// Bytes that one task reads where nothing is kept.
pub(super) const READ_LEN: u64 = 1 << 20;
/// More files at once bring little.
const AHEAD_MAX: usize = 8;
/// All tasks together have no more files open, and no more than a quarter of what the process is granted.
const OPEN_MAX: usize = 256;
/// How many files one task reads.
pub(super) const BATCH_FILES: usize = 1024;

/// The content of each entry of a walk, in the same order; none of what is no file, or was not read yet.
pub(super) type Contents = Vec<Option<Content>>;

/// Scans a tree. Files in a state that `known` knows, and whose content the sink has, are not read.
pub(crate) fn scan(
    root: &Rooted,
    known: &dyn Known,
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Scan, Error> {
    let (found, prepared) = rayon::join(|| walk_own(root), || sink.prepare(monitor));
    prepared.map_err(|Stopped| Error::Stopped)?;
    let mut found = found?;
    let mut contents = vec![None; found.len()];
    for round in 1.. {
        read_round(root, &found, &mut contents, known, sink, monitor)?;
        let is_changed = |content: &Option<Content>| *content == Some(Content::Changed);
        let (after, moved) =
            if !contents.iter().any(is_changed) && still_holds(root, &found, is_ours)? {
                (Vec::new(), BTreeSet::new())
            } else {
                let after = walk_own(root)?;
                let moved = moved(&found, &after, &contents);
                (after, moved)
            };
        if moved.is_empty() || round == ROUNDS {
            drop(after);
            let (entries, stats, unreadable) = assemble(found, contents);
            return Ok(Scan {
                manifest: Manifest::new(entries),
                stats,
                unreadable,
                unstable: moved.into_iter().collect(),
                stand_ins: sink.audits_only(),
            });
        }
        let entries = match moved.len() {
            1 => "1 entry".to_owned(),
            more => format!("{more} entries"),
        };
        monitor.status(&format!(
            "{entries} changed while being read; reading again"
        ));
        contents = carry_over(&found, contents, &after, &moved);
        found = after;
    }
    Err(Error::Stopped)
}

/// Walks a tree without what is not its own.
fn walk_own(root: &Rooted) -> Result<Vec<Found>, Error> {
    Ok(own(walk(root)?))
}

/// What was found, without what an in-place restore of ours keeps in the root.
pub(super) fn own(mut found: Vec<Found>) -> Vec<Found> {
    found.retain(|found| !is_ours(&found.path));
    found
}

/// Whether a path is what an in-place restore keeps in the root.
fn is_ours(path: &RelPath) -> bool {
    path.as_bytes().starts_with(INSIDE.as_bytes())
}

fn read_round(
    root: &Rooted,
    found: &[Found],
    contents: &mut Contents,
    known: &dyn Known,
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<(), Error> {
    let mut unread = unread(found, contents, known, sink);
    let mut batch_len = READ_LEN;
    if sink.wants() {
        unread.sort_by(|(_, one), (_, other)| kinship(&one.path).cmp(&kinship(&other.path)));
        batch_len = BATCH_LEN as u64;
    }
    if sink.likes_like_lengths() {
        unread.sort_by_key(|(_, file)| std::cmp::Reverse(file.stat.size));
        batch_len = BATCH_LEN as u64;
    }
    monitor.phase(
        "reading",
        unread.len() as u64,
        unread.iter().map(|(_, found)| found.stat.size).sum(),
    );
    let batches = batches(&unread, batch_len);
    let read: Vec<Vec<Content>> = batches
        .par_iter()
        .map(|batch| {
            if monitor.cancelled() {
                Err(Error::Stopped)
            } else {
                read_batch(root, batch, sink, monitor)
            }
        })
        .collect::<Result<_, _>>()?;
    put(contents, &unread, read.into_iter().flatten());
    Ok(())
}

/// The files that have to be read, with their places among what was found. What is known of the others is put down.
pub(super) fn unread<'f>(
    found: &'f [Found],
    contents: &mut Contents,
    known: &dyn Known,
    sink: &dyn Sink,
) -> Vec<(usize, &'f Found)> {
    let mut unread = Vec::new();
    for (at, file) in found.iter().enumerate() {
        let is_told = file
            .rare
            .as_ref()
            .is_some_and(|rare| rare.problem.is_some());
        if !file.stat.is_file() || contents[at].is_some() || is_told {
            continue;
        }
        match known.find(&file.path, &file.stat) {
            Some((digest, false)) if sink.has(&digest) => {
                contents[at] = Some(Content::Known(digest, Vec::new()));
            }
            _ => unread.push((at, file)),
        }
    }
    unread
}

pub(super) fn put(
    contents: &mut Contents,
    unread: &[(usize, &Found)],
    read: impl IntoIterator<Item = Content>,
) {
    for (&(at, _), content) in unread.iter().zip(read) {
        contents[at] = Some(content);
    }
}

/// Orders files so that those which compress well together are neighbours: bytecode comes right after its source,
/// most of whose names and texts it repeats.
fn kinship(path: &RelPath) -> (&[u8], &[u8], bool) {
    let (dir, name) = (path.parent_bytes(), path.name());
    match dir.strip_suffix(b"/__pycache__") {
        Some(dir) => (dir, stem(name), true),
        None => (dir, stem(name), false),
    }
}

fn stem(name: &[u8]) -> &[u8] {
    let dot = name.iter().position(|&byte| byte == b'.');
    &name[..dot.unwrap_or(name.len())]
}

/// Cuts the files into runs of neighbours; a large file is a run of its own.
pub(super) fn batches<'u, 'f>(
    files: &'u [(usize, &'f Found)],
    len: u64,
) -> Vec<&'u [(usize, &'f Found)]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (end, (_, file)) in files.iter().enumerate() {
        let large = file.stat.size > SEGMENT_LEN as u64;
        if end > start && (large || bytes >= len || end - start >= BATCH_FILES) {
            batches.push(&files[start..end]);
            (start, bytes) = (end, 0);
        }
        bytes += file.stat.size;
    }
    if start < files.len() {
        batches.push(&files[start..]);
    }
    batches
}

/// Reads files that lie near each other, and shows the sink the small ones together.
pub(super) fn read_batch(
    root: &Rooted,
    batch: &[(usize, &Found)],
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Vec<Content>, Error> {
    let sizes = batch.iter().map(|(_, found)| found.stat.size);
    let room: u64 = sizes.clone().filter(|&size| is_small(size)).sum();
    let mut wanted = Vec::new();
    let contents = with_buffer(room as usize, |buffer| {
        let read = read_into(buffer, root, batch, sink, monitor)?;
        Ok::<_, Error>(digested(batch, read, sink, &mut wanted))
    })?;
    let bytes = sizes.sum();
    monitor.read(batch.len() as u64, bytes);
    sink.files(wanted).map_err(|Stopped| Error::Stopped)?;
    monitor.advance(batch.len() as u64, bytes);
    Ok(contents)
}

/// What came of reading a file, before the small ones have digests.
enum Read<'b> {
    Small(&'b [u8], Xattrs),
    Done(Content),
}

fn is_small(size: u64) -> bool {
    size <= SEGMENT_LEN as u64
}

/// Reads the small files one after the other into a buffer that has room for all of them, and the large ones in
/// pieces.
fn read_into<'b>(
    mut buffer: &'b mut [u8],
    root: &Rooted,
    batch: &[(usize, &Found)],
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Vec<Read<'b>>, Error> {
    let mut all = Vec::with_capacity(batch.len());
    for some in batch.chunks(ahead()) {
        let open: Vec<_> = some.iter().map(|one| Opened::open(root, one.1)).collect();
        for ((_, found), file) in some.iter().zip(open) {
            let read = match file {
                Ok(file) => read_one(&file, found, &mut buffer, sink, monitor),
                Err(failed) => Err(failed),
            };
            all.push(match read {
                Ok(read) => read,
                Err(Failed::Changed) => Read::Done(Content::Changed),
                Err(Failed::Unreadable(reason)) => Read::Done(Content::Unreadable(reason)),
                Err(Failed::Short(error)) => {
                    return Err(error).at_with("read", || root.shown(&found.path))?;
                }
                Err(Failed::Stopped) => return Err(Error::Stopped),
            });
        }
    }
    Ok(all)
}

/// Gives the small files their digests. What the sink wants of them is collected, so that neighbours come to it
/// together.
fn digested(
    batch: &[(usize, &Found)],
    read: Vec<Read<'_>>,
    sink: &dyn Sink,
    wanted: &mut Vec<(Digest, Vec<u8>)>,
) -> Vec<Content> {
    let files = batch.iter().zip(&read);
    let small: Vec<(&RelPath, &[u8])> = files
        .filter_map(|((_, found), read)| match read {
            Read::Small(bytes, _) => Some((&found.path, *bytes)),
            Read::Done(_) => None,
        })
        .collect();
    let digests = sink.digests(&small);
    if sink.wants() {
        let new = digests
            .iter()
            .zip(&small)
            .filter(|(digest, _)| !sink.has(digest));
        wanted.extend(new.map(|(digest, (_, bytes))| (*digest, bytes.to_vec())));
    }
    let mut digests = digests.into_iter();
    let contents = read.into_iter().map(|read| match read {
        Read::Small(_, xattrs) => digests
            .next()
            .map_or(Content::Changed, |digest| Content::Known(digest, xattrs)),
        Read::Done(content) => content,
    });
    contents.collect()
}

/// How many files one task opens before it reads the first of them, so that a disk has more than one to fetch.
fn ahead() -> usize {
    let open = descriptors().map_or(OPEN_MAX, |granted| OPEN_MAX.min(granted as usize / 4));
    (open / rayon::current_num_threads()).clamp(1, AHEAD_MAX)
}

/// Reads one file; a small one into the beginning of the buffer, which is what is left of it afterwards.
fn read_one<'b>(
    file: &Opened,
    found: &Found,
    buffer: &mut &'b mut [u8],
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Read<'b>, Failed> {
    let xattrs = if sink.audits_only() {
        Vec::new()
    } else {
        file.xattrs()?
    };
    if !is_small(found.stat.size) {
        let digest = file.read_large(&found.path, sink, monitor)?;
        return Ok(Read::Done(Content::Known(digest, xattrs)));
    }
    let (bytes, rest) = std::mem::take(buffer).split_at_mut(found.stat.size as usize);
    *buffer = rest;
    file.read_small(bytes)?;
    Ok(Read::Small(bytes, xattrs))
}

/// The paths whose state differs between two walks, or that were not the same file when they were read.
fn moved(before: &[Found], after: &[Found], contents: &Contents) -> BTreeSet<RelPath> {
    let mut moved = BTreeSet::new();
    let mut rest = after.iter().peekable();
    for (was, content) in before.iter().zip(contents) {
        while let Some(new) = rest.next_if(|now| now.path < was.path) {
            moved.insert(new.path.clone());
        }
        let held = rest
            .next_if(|now| now.path == was.path)
            .is_some_and(|now| now.has_held_still(&was.stat));
        if !held || *content == Some(Content::Changed) {
            moved.insert(was.path.clone());
        }
    }
    moved.extend(rest.map(|new| new.path.clone()));
    moved
}

/// What was read of the entries that did not move, in the order of the later walk.
fn carry_over(
    before: &[Found],
    contents: Contents,
    after: &[Found],
    moved: &BTreeSet<RelPath>,
) -> Contents {
    let mut held = before
        .iter()
        .zip(contents)
        .filter(|(was, _)| !moved.contains(&was.path))
        .peekable();
    after
        .iter()
        .map(|now| held.next_if(|(was, _)| was.path == now.path)?.1)
        .collect()
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
        StatCache::new(self.records(), racy)
    }

    /// What each file holds in its state.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> {
        debug_assert!(!self.stand_ins, "nothing may go by what stands for digests");
        let entries = self.manifest.entries().iter().zip(&self.stats);
        entries.filter_map(|(entry, stat)| {
            let has_xattrs = !entry.meta.xattrs.is_empty();
            Some(Record::new(stat, entry.digest()?, has_xattrs))
        })
    }
}
