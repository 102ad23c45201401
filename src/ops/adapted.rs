//! A saved tree as it is at another place: what names the old one names the new one.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::model::{Digest, Entry, Manifest, Node, RelPath};
use crate::python::bytecode::{is_bytecode, source_of};
use crate::python::relocate::{
    Relocation, candidates, is_record, own_names, relocate, relocated_link,
};
use crate::store::Store;
use crate::tree::Site;

/// A tree with the contents that no store has.
#[derive(Debug, Default)]
pub(super) struct Adapted {
    pub(super) manifest: Manifest,
    /// New contents of files that name their place.
    pub(super) rewritten: BTreeMap<RelPath, Vec<u8>>,
    /// By which names the old place was meant.
    pub(super) names: Vec<PathBuf>,
    /// How many links lead to the new place instead of the old one.
    pub(super) links: u64,
    /// What people must know of it.
    pub(super) warnings: Vec<String>,
}

impl Adapted {
    /// The place that its files name.
    pub(super) fn names<'p>(&self, from: &'p Path, to: &'p Path) -> &'p Path {
        if self.rewritten.is_empty() { from } else { to }
    }
}

/// Adapts a saved tree that stood at `from` to the place `to`. With the tree that stands there, what of that is as it
/// was saved stays so: it was moved as it is, restored with every byte, or adapted by a version that knew of fewer
/// files.
pub(super) fn adapted(
    store: &Store,
    saved: Manifest,
    (from, to): (&Path, &Path),
    live: Option<&Manifest>,
) -> Result<Adapted, Error> {
    if from == to {
        return Ok(Adapted {
            manifest: saved,
            ..Adapted::default()
        });
    }
    let contents = contents(store, &saved)?;
    let names = names(&contents, from, to);
    Ok(adapt(&contents, saved, (&names, to), live))
}

/// The same of a tree of which every file that may name its place is at hand, and of which the names are known.
pub(super) fn adapt(
    contents: &BTreeMap<RelPath, Vec<u8>>,
    saved: Manifest,
    (names, to): (&[PathBuf], &Path),
    live: Option<&Manifest>,
) -> Adapted {
    let from: Vec<&[u8]> = names
        .iter()
        .map(|name| name.as_os_str().as_bytes())
        .collect();
    let to = to.as_os_str().as_bytes();
    let all = relocate(contents, &from, to, &HashSet::new());
    let Relocation {
        rewritten,
        warnings,
    } = match live {
        None => all,
        Some(live) => {
            let as_saved = as_saved(&saved, live, all.rewritten.keys());
            let mut some = relocate(contents, &from, to, &as_saved);
            adopt_records(&mut some, &all, &saved, live);
            some
        }
    };
    let (saved, links) = with_links(saved, live, |path, text| {
        from.iter()
            .find_map(|from| relocated_link(path, text, from, to))
    });
    Adapted {
        manifest: with_contents(saved, &rewritten),
        rewritten,
        names: names.to_vec(),
        links,
        warnings,
    }
}

/// What of a saved tree may name its place.
fn contents(store: &Store, saved: &Manifest) -> Result<BTreeMap<RelPath, Vec<u8>>, Error> {
    let mut contents = BTreeMap::new();
    for entry in candidates(saved) {
        if let Some(digest) = entry.digest() {
            let size = entry.size().unwrap_or(0);
            let content = store.objects.read_at_most(&digest, size)?;
            contents.insert(entry.path.clone(), content);
        }
    }
    Ok(contents)
}

/// By which names the old place of a saved tree may be meant in it, which is no other place than `to`.
pub(super) fn names_of(
    store: &Store,
    saved: &Manifest,
    from: &Path,
    to: &Path,
) -> Result<Vec<PathBuf>, Error> {
    Ok(names(&contents(store, saved)?, from, to))
}

/// The resolved path first, then what its own files call it, and what scripts name and leads there. Names above one
/// another, or above the new place, would be found in what was rewritten.
pub(super) fn names(contents: &BTreeMap<RelPath, Vec<u8>>, from: &Path, to: &Path) -> Vec<PathBuf> {
    let own = own_names(contents);
    let path = |name: Vec<u8>| PathBuf::from(OsString::from_vec(name));
    let leads_there = |name: &PathBuf| Site::resolve(name).is_ok_and(|site| site.path() == from);
    let used = own.used.into_iter().map(path).filter(leads_there);
    let mut names = vec![from.to_owned()];
    for name in own.declared.into_iter().map(path).chain(used) {
        let is_above = |other: &Path| other.starts_with(&name) || name.starts_with(other);
        if !is_above(to) && !names.iter().any(|known| is_above(known)) {
            names.push(name);
        }
    }
    names
}

/// The files that stand there with the bytes that were saved. Lists of files follow from the others.
fn as_saved<'a>(
    saved: &Manifest,
    live: &Manifest,
    paths: impl Iterator<Item = &'a RelPath>,
) -> HashSet<RelPath> {
    let is_same = |path: &&RelPath| {
        let there = live.get(path).and_then(Entry::digest);
        there.is_some() && there == saved.get(path).and_then(Entry::digest)
    };
    let files = paths.filter(|path| !is_record(path));
    files.filter(is_same).cloned().collect()
}

/// A list has the sums of the files as they were when it was written, which may have been damaged since: of its forms
/// the one counts that stands there.
fn adopt_records(some: &mut Relocation, all: &Relocation, saved: &Manifest, live: &Manifest) {
    for (path, whole) in all.rewritten.iter().filter(|(path, _)| is_record(path)) {
        let there = live.get(path).and_then(Entry::digest);
        if there.is_some() && there == saved.get(path).and_then(Entry::digest) {
            some.rewritten.remove(path);
        } else if there == Some(Digest::of(whole)) {
            some.rewritten.insert(path.clone(), whole.clone());
        }
    }
}

/// Lets links lead to the new place, but for those that stand there as they were saved. Tells how many.
fn with_links(
    saved: Manifest,
    live: Option<&Manifest>,
    relocated: impl Fn(&RelPath, &[u8]) -> Option<Vec<u8>>,
) -> (Manifest, u64) {
    let mut entries = saved.into_entries();
    let mut links = 0;
    for entry in &mut entries {
        let Node::Symlink(text) = &mut entry.node else {
            continue;
        };
        let there = live
            .and_then(|live| live.get(&entry.path))
            .map(|there| &there.node);
        let is_as_saved = matches!(there, Some(Node::Symlink(there)) if there == text);
        if let Some(new) = relocated(&entry.path, text).filter(|_| !is_as_saved) {
            *text = new;
            links += 1;
        }
    }
    (Manifest::new(entries), links)
}

/// Puts the new contents into the tree. Bytecode of a rewritten source is dropped: Python could believe it.
fn with_contents(manifest: Manifest, rewritten: &BTreeMap<RelPath, Vec<u8>>) -> Manifest {
    let mut entries = manifest.into_entries();
    entries.retain(|entry| {
        !is_bytecode(&entry.path)
            || source_of(&entry.path).is_none_or(|source| !rewritten.contains_key(&source))
    });
    for entry in &mut entries {
        if let Some(content) = rewritten.get(&entry.path) {
            entry.node = Node::File {
                size: content.len() as u64,
                digest: Digest::of(content),
                link_to: None,
            };
        }
    }
    for entry in &mut entries {
        if let Node::File { link_to, .. } = &mut entry.node
            && link_to
                .as_ref()
                .is_some_and(|first| rewritten.contains_key(first))
        {
            *link_to = None;
        }
    }
    Manifest::new(entries)
}
