//! What RECORD proves of the live venv is taken over: copied with its attributes, never linked. What names the place of
//! the live venv names that of the new one then, as if an installer had put it there.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use rustix::fs::OFlags;

use super::failed::Unbuilt;
use super::live::Live;
use crate::disk::error::At;
use crate::disk::meta::restorable;
use crate::disk::rooted::Rooted;
use crate::model::{Entry, Manifest, Meta, RelPath};
use crate::monitor::Monitor;
use crate::ops::adapted::names;
use crate::ops::contents::TEXT_MAX;
use crate::ops::error::Error;
use crate::python::relocate::{candidates, relocate};
use crate::replace::Staging;
use crate::tree::hash::read_file;

/// How many bytes of a large file are copied at once.
const PIECE_LEN: u64 = 4 << 20;

/// A file at the top of a venv that is larger than this is no setting and is not taken over.
const TOP_BYTES_MAX: u64 = 1 << 20;

/// Copies files of the live venv into the new one, which stands at another place until it is done.
pub(super) fn take_over(
    live: &Live,
    files: &BTreeSet<RelPath>,
    (to, place): (Rooted, &Path),
    monitor: &dyn Monitor,
) -> Result<u64, Error> {
    let entries = files.iter().filter_map(|path| live.manifest().get(path));
    let some = Manifest::new(entries.cloned().collect());
    let mut contents = BTreeMap::new();
    for entry in candidates(&some) {
        if let Some(content) = read_file(&live.root, &entry.path, TEXT_MAX) {
            contents.insert(entry.path.clone(), content);
        }
    }
    // Where a venv was copied, its own files tell how it was called before, and so its scripts name it.
    let mut telling = contents.clone();
    for entry in candidates(live.manifest())
        .into_iter()
        .filter(|entry| tells(&entry.path))
    {
        if let Some(content) = read_file(&live.root, &entry.path, TEXT_MAX) {
            telling.insert(entry.path.clone(), content);
        }
    }
    let names = names(&telling, live.root.path(), place);
    let from: Vec<&[u8]> = names
        .iter()
        .map(|name| name.as_os_str().as_bytes())
        .collect();
    let to_path = place.as_os_str().as_bytes();
    let rewritten = relocate(&contents, &from, to_path, &HashSet::new()).rewritten;
    let staging = Staging::within(to);
    let dirs = make_dirs(&staging, live.manifest(), files)?;
    let bytes = some.entries().iter().filter_map(Entry::size).sum();
    monitor.phase("taking over", some.entries().len() as u64, bytes);
    some.entries().par_iter().try_for_each(|entry| {
        let meta = restorable(entry, false);
        match rewritten.get(&entry.path) {
            Some(content) => put(&staging, entry, content, &meta)?,
            None => copy(live, &staging, entry, &meta)?,
        }
        monitor.advance(1, entry.size().unwrap_or(0));
        if monitor.cancelled() {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    })?;
    for (path, meta) in dirs.iter().rev() {
        staging.set_dir_attributes(path, meta)?;
    }
    Ok(bytes)
}

/// Whether a file tells how its venv is called.
fn tells(path: &RelPath) -> bool {
    path.as_bytes() == b"pyvenv.cfg" || path.name().starts_with(b"activate")
}

/// The files at the top of the live venv that the new one has not, such as what pipx keeps there: they are nobody's
/// package, and no Python reads them.
pub(super) fn top_files(live: &Live, new: &Rooted) -> Vec<RelPath> {
    let entries = live.manifest().entries().iter();
    let at_top = entries.filter(|entry| entry.path.parent().is_some_and(|dir| dir.is_root()));
    let small = at_top.filter(|entry| entry.size().is_some_and(|size| size <= TOP_BYTES_MAX));
    let new = small.filter(|entry| new.stat_below(&entry.path, false).is_err());
    new.map(|entry| entry.path.clone()).collect()
}

/// Makes the directories that are not there yet. Returns them with their attributes, each after the one above it.
fn make_dirs(
    staging: &Staging,
    live: &Manifest,
    files: &BTreeSet<RelPath>,
) -> Result<Vec<(RelPath, Meta)>, Error> {
    let mut known: HashSet<RelPath> = HashSet::new();
    let mut made = Vec::new();
    for file in files {
        let above = std::iter::successors(file.parent(), RelPath::parent);
        let mut above: Vec<RelPath> = above.filter(|dir| !dir.is_root()).collect();
        above.reverse();
        for dir in above {
            if !known.insert(dir.clone()) {
                continue;
            }
            let is_there = staging
                .root()
                .stat_below(&dir, false)
                .is_ok_and(|stat| stat.is_dir());
            if !is_there && let Some(entry) = live.get(&dir) {
                staging.make_dir(&dir)?;
                made.push((dir, restorable(entry, false)));
            }
        }
    }
    Ok(made)
}

/// Writes a file in the place of one that the maker of the venv may have put there.
fn put(staging: &Staging, entry: &Entry, content: &[u8], meta: &Meta) -> Result<(), Error> {
    clear(staging, &entry.path)?;
    Ok(staging.write_file(&entry.path, content, meta)?)
}

fn clear(staging: &Staging, path: &RelPath) -> Result<(), Error> {
    if staging.root().stat_below(path, false).is_ok() {
        staging.remove(path)?;
    }
    Ok(())
}

fn copy(live: &Live, staging: &Staging, entry: &Entry, meta: &Meta) -> Result<(), Error> {
    let size = entry.size().unwrap_or(0);
    let gone = || Unbuilt::ChangedMeanwhile(entry.path.clone());
    if size <= PIECE_LEN {
        let content = read_file(&live.root, &entry.path, PIECE_LEN).ok_or_else(gone)?;
        return put(staging, entry, &content, meta);
    }
    clear(staging, &entry.path)?;
    let file = std::fs::File::from(live.root.open_below(&entry.path, OFlags::RDONLY)?);
    staging.begin_large(&entry.path, size, meta)?;
    let mut piece = vec![0; PIECE_LEN as usize];
    let mut at = 0;
    while at < size {
        let len = PIECE_LEN.min(size - at) as usize;
        let part = &mut piece[..len];
        file.read_exact_at(part, at)
            .at_with("read", || live.root.shown(&entry.path))?;
        staging.write_piece(&entry.path, at, part)?;
        at += len as u64;
    }
    Ok(staging.finish_large(&entry.path, meta)?)
}
