//! Walks and reads a tree until both agree: the manifest that comes out is one state of the tree, not a mixture.
//!
//! Round: walk, read what is not known yet, walk again. If nothing differs between the two walks (change time and
//! inode, which nobody can set), everything read in between was of one state. After three rounds a tree that never
//! holds still is refused, or, for those who must go on, taken with a list of what moved. A round after which files
//! have only lost links is none of these, for a while.

use std::collections::BTreeSet;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::assemble::{Contents, assemble};
use super::batch::{READ_LEN, Source, batches, kinship, read_batch};
use super::error::Error;
use super::read::Content;
use super::sink::{Sink, Stopped};
use super::stat_cache::{Known, Record, StatCache};
use super::stated::Stated;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found, is_inside, walk};
use crate::disk::{PathError, again};
use crate::model::segment::BATCH_LEN;
use crate::model::{Manifest, Node, RelPath, Time};
use crate::monitor::{Monitor, Status};

/// One state of a tree.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// What it holds.
    pub(crate) tree: Stated,
    /// What could not be read, without what something is mounted over.
    pub(crate) unreadable: Vec<RelPath>,
    /// What changed in every round.
    pub(crate) unstable: Vec<RelPath>,
    /// Whether its digests are stand-ins, which only an audit understands.
    pub(crate) stand_ins: bool,
}

/// How often a tree is read that never holds still.
const ROUNDS: usize = 3;
/// So many more where files only lose links: whoever removes the other names may take minutes.
const LINK_ROUNDS: usize = 20;

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
    let (mut rounds, mut unlinked) = (0, 0);
    loop {
        read_round(root, &found, &mut contents, known, sink, monitor)?;
        let is_changed = |content: &Option<Content>| *content == Some(Content::Changed);
        let (after, moved) = if !contents.iter().any(is_changed) && still_holds(root, &found)? {
            (Vec::new(), BTreeSet::new())
        } else {
            let after = walk_own(root)?;
            let moved = moved(&found, &after, &contents);
            (after, moved)
        };
        // Links are finite, so what only loses them comes to rest.
        let is_free = unlinked < LINK_ROUNDS && only_lost_links(&found, &after, &moved);
        rounds += usize::from(!is_free);
        unlinked += usize::from(is_free);
        if moved.is_empty() || rounds == ROUNDS {
            drop(after);
            let (tree, unreadable) = assemble(found, contents);
            return Ok(Scan {
                tree,
                unreadable,
                unstable: moved.into_iter().collect(),
                stand_ins: sink.audits_only(),
            });
        }
        if !is_free {
            monitor.status(Status::ChangedWhileRead(moved.len()));
        }
        contents = carry_over(&found, contents, &after, &moved);
        found = after;
    }
}

/// Whether a tree holds just what was found, each in the state that it had.
fn still_holds(root: &Rooted, found: &[Found]) -> Result<bool, PathError> {
    let now = root.stat()?;
    if !found
        .first()
        .is_some_and(|first| now.same_state(&first.stat))
    {
        return Ok(false);
    }
    let known = found.iter().map(|one| (&one.path, &one.stat));
    let is_held = |_: &RelPath, then: &Stat, now: &Stat| now.held_still(then);
    again::still_holds(root, known, is_inside, is_held)
}

/// Walks a tree without what is not its own.
fn walk_own(root: &Rooted) -> Result<Vec<Found>, Error> {
    Ok(own(walk(root)?))
}

/// What was found, without what an in-place restore of ours keeps in the root.
pub(super) fn own(mut found: Vec<Found>) -> Vec<Found> {
    found.retain(|found| !is_inside(&found.path));
    found
}

fn read_round(
    root: &Rooted,
    found: &[Found],
    contents: &mut Contents,
    known: &dyn Known,
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<(), Error> {
    let source = Source::looked_at_later(root)?;
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
                read_batch(&source, batch, sink, monitor)
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
        // A file with extended attributes is read again, since nothing here keeps them.
        match known.digest_of(&file.path, &file.stat) {
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

/// Whether each path that moved is a file that has fewer links than before. Such is a tree that a restore has just put
/// in its place: it shares files with the old one, which goes.
fn only_lost_links(before: &[Found], after: &[Found], moved: &BTreeSet<RelPath>) -> bool {
    let at = |tree: &[Found], path: &RelPath| {
        let at = tree.binary_search_by(|found| found.path.cmp(path)).ok()?;
        Some(tree[at].stat)
    };
    moved.iter().all(|path| {
        let (was, now) = (at(before, path), at(after, path));
        was.zip(now)
            .is_some_and(|(was, now)| was.is_file() && now.has_lost_links(&was))
    })
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
    /// What it holds, without the states.
    pub(crate) fn manifest(&self) -> &Manifest {
        self.tree.manifest()
    }

    /// The scan itself where it is one whole state of the tree; an error where something moved or could not be read.
    pub(crate) fn whole(self) -> Result<Self, Error> {
        if let Some(path) = self
            .unreadable
            .iter()
            .find(|path| !self.unstable.contains(path))
        {
            let reason = match self.manifest().get(path).map(|entry| &entry.node) {
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
        self.tree.iter().filter_map(|(entry, stat)| {
            let has_xattrs = !entry.meta.xattrs.is_empty();
            Some(Record::new(stat, entry.digest()?, has_xattrs))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::Mutex;

    use super::*;
    use crate::model::Digest;
    use crate::monitor::Silent;
    use crate::tree::sink::DigestsOnly;

    /// Does the next thing to the tree in each round, while it is read.
    struct Meanwhile<F>(Mutex<F>);

    impl<F: FnMut() + Send> Known for Meanwhile<F> {
        fn digest_of(&self, _: &RelPath, _: &Stat) -> Option<(Digest, bool)> {
            (self.0.lock().unwrap())();
            None
        }
    }

    fn unstable_of(
        prepare: impl Fn(&PathBuf),
        meanwhile: impl FnMut(&PathBuf, u32) + Send,
    ) -> usize {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join("file"), "one").unwrap();
        prepare(&tree);
        let mut calls = 0;
        let mut meanwhile = meanwhile;
        let known = Meanwhile(Mutex::new(|| {
            meanwhile(&tree, calls);
            calls += 1;
        }));
        let root = Rooted::open(&tree).unwrap();
        let scan = scan(&root, &known, &DigestsOnly, &Silent::default()).unwrap();
        scan.unstable.len()
    }

    #[test]
    fn files_that_only_lose_links_are_read_until_they_hold_still() {
        let other = |tree: &PathBuf, number: u32| tree.with_file_name(format!("other{number}"));
        let links = 4 * ROUNDS as u32;
        let prepare = |tree: &PathBuf| {
            for number in 0..links {
                fs::hard_link(tree.join("file"), other(tree, number)).unwrap();
            }
        };
        let unlink = |tree: &PathBuf, round| {
            let _ = fs::remove_file(other(tree, round));
        };
        assert_eq!(unstable_of(prepare, unlink), 0);
    }

    #[test]
    fn files_that_are_written_or_linked_in_each_round_never_hold_still() {
        let write = |tree: &PathBuf, round| {
            fs::write(tree.join("file"), vec![b'x'; round as usize]).unwrap();
        };
        assert_eq!(unstable_of(|_| (), write), 1);
        let link = |tree: &PathBuf, round| {
            let other = tree.with_file_name(format!("other{round}"));
            fs::hard_link(tree.join("file"), other).unwrap();
        };
        assert_eq!(unstable_of(|_| (), link), 1);
    }
}
