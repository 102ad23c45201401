//! Adapts a saved tree to another place: what names the old place names the new one.

use crate::model::Unmoved;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::model::{Audit, Digest, Entry, Manifest, Node, RelPath};
use crate::python::bytecode::{is_bytecode, source_of};
use crate::python::relocate::{
    Relocation, candidates, is_record, own_names, placed_files, relocate, relocated_link,
};
use crate::store::Store;
use crate::tree::Site;

/// An adapted tree, with the new contents, which are in no store.
#[derive(Debug, Default)]
pub(super) struct Adapted {
    pub(super) manifest: Manifest,
    /// New contents of files that name their place.
    pub(super) rewritten: BTreeMap<RelPath, Vec<u8>>,
    /// The names by which the tree called its old place, the resolved path first.
    pub(super) names: Vec<PathBuf>,
    /// The links that lead to the new place instead of the old one.
    pub(super) links: Vec<RelPath>,
    /// What people must know of it.
    pub(super) unmoved: Vec<Unmoved>,
    /// Each file and link that names the old place, as it was saved.
    pub(super) before: BTreeMap<RelPath, Node>,
    /// What it was adapted from.
    pub(super) texts: Texts,
}

/// The files of a saved tree that may name its place, the names of the old place, and the new one.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    contents: BTreeMap<RelPath, Vec<u8>>,
    names: Vec<PathBuf>,
    to: PathBuf,
}

impl Texts {
    /// Each RECORD as it lists the adapted files, but those that `stay` as they were saved.
    pub(super) fn records(&self, stay: &HashSet<RelPath>) -> BTreeMap<RelPath, Vec<u8>> {
        let from: Vec<&[u8]> = self.names.iter().map(|name| bytes(name)).collect();
        let mut done = relocate(&self.contents, &from, bytes(&self.to), stay).rewritten;
        done.retain(|path, _| is_record(path));
        done
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// The files and links that name the old place and stand in the live tree as they were saved: only the place in them is
/// wrong.
pub(super) fn unadapted<'a>(
    before: &'a BTreeMap<RelPath, Node>,
    live: &'a Manifest,
) -> impl Iterator<Item = &'a RelPath> {
    let stands = |path: &RelPath, node: &Node| {
        let there = live.get(path).map(|entry| &entry.node);
        match (node, there) {
            (Node::File { digest, .. }, Some(Node::File { digest: live, .. })) => digest == live,
            (node, there) => there == Some(node),
        }
    };
    let unadapted = before.iter().filter(move |(path, node)| stands(path, node));
    unadapted.map(|(path, _)| path)
}

impl Adapted {
    /// How many files and links were adapted.
    pub(super) fn relocated(&self) -> u64 {
        (self.rewritten.len() + self.links.len()) as u64
    }

    /// The place that its files name: the new one if any file was rewritten.
    pub(super) fn names<'p>(&self, from: &'p Path, to: &'p Path) -> &'p Path {
        if self.rewritten.is_empty() { from } else { to }
    }
}

/// Adapts a saved tree that stood at `from` to the place `to`. What stands in the live tree as it was saved stays so:
/// the venv was moved unchanged, restored with every byte, or adapted by a version that knew of fewer files.
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
    let adapted = adapt(&contents, saved, (&names, to), live);
    let to = to.to_owned();
    Ok(Adapted {
        texts: Texts {
            contents,
            names,
            to,
        },
        ..adapted
    })
}

/// Adapts a tree that was made elsewhere to the place `to`. Its old place is `told`, or else what its own files
/// declare. If a declared name leads to `to`, nothing is adapted.
pub(super) fn adapted_from_elsewhere(
    store: &Store,
    brought: Manifest,
    told: Option<PathBuf>,
    to: &Path,
) -> Result<Adapted, Error> {
    let contents = contents(store, &brought)?;
    // Names in scripts do not count here: they may be of any other environment, also that of the system.
    let said = || {
        let names = own_names(&contents).declared.into_iter();
        let mut names = names.map(|name| PathBuf::from(OsString::from_vec(name)));
        let first = names.next()?;
        let leads_there = |name: &Path| Site::resolve(name).is_ok_and(|site| site.path() == to);
        let is_own = leads_there(&first) || names.any(|name| leads_there(&name));
        (!is_own).then_some(first)
    };
    match told.or_else(said) {
        Some(from) if from != to => {
            let names = names(&contents, &from, to);
            Ok(adapt(&contents, brought, (&names, to), None))
        }
        _ => Ok(Adapted {
            manifest: brought,
            ..Adapted::default()
        }),
    }
}

/// Rewrites the interpreters of scripts that an audit found below `from`: they will stand below `to`.
pub(super) fn name_place(audit: &mut Audit, from: &Path, to: &Path) {
    for python in audit.script_pythons.iter_mut().flatten() {
        if let Ok(rest) = Path::new(python.as_str()).strip_prefix(from) {
            *python = to.join(rest).to_string_lossy().into_owned();
        }
    }
}

/// Adapts a tree of which `contents` holds every file that may name its place, and of which the `names` are known.
pub(super) fn adapt(
    contents: &BTreeMap<RelPath, Vec<u8>>,
    saved: Manifest,
    (names, to): (&[PathBuf], &Path),
    live: Option<&Manifest>,
) -> Adapted {
    let from: Vec<&[u8]> = names.iter().map(|name| bytes(name)).collect();
    let to = bytes(to);
    let all = relocate(contents, &from, to, &HashSet::new());
    let named = |entry: &Entry| match &entry.node {
        Node::Symlink(text) => from
            .iter()
            .any(|from| relocated_link(&entry.path, text, from, to).is_some()),
        _ => all.rewritten.contains_key(&entry.path),
    };
    let before = saved.entries().iter().filter(|entry| named(entry));
    let before = before
        .map(|entry| (entry.path.clone(), entry.node.clone()))
        .collect();
    let Relocation { rewritten, unmoved } = match live {
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
        unmoved,
        before,
        texts: Texts::default(),
    }
}

/// The contents of the files of a saved tree that may name its place.
fn contents(store: &Store, saved: &Manifest) -> Result<BTreeMap<RelPath, Vec<u8>>, Error> {
    let mut contents = BTreeMap::new();
    let add = |entry: &Entry, contents: &mut BTreeMap<RelPath, Vec<u8>>| {
        if let Some(digest) = entry.digest() {
            let size = entry.size().unwrap_or(0);
            let content = store.objects.read_at_most(&digest, size)?;
            contents.insert(entry.path.clone(), content);
        }
        Ok::<_, Error>(())
    };
    for entry in candidates(saved) {
        add(entry, &mut contents)?;
    }
    for path in placed_files(&contents, saved) {
        if let Some(entry) = saved.get(&path).filter(|_| !contents.contains_key(&path)) {
            add(entry, &mut contents)?;
        }
    }
    Ok(contents)
}

/// The names by which the files of a saved tree may call its old place `from`, found as [`names`] does.
pub(super) fn names_of(
    store: &Store,
    saved: &Manifest,
    from: &Path,
    to: &Path,
) -> Result<Vec<PathBuf>, Error> {
    Ok(names(&contents(store, saved)?, from, to))
}

/// The names of an old place: its resolved path, then what its own files declare, then names in scripts that lead
/// there. A name that contains another one or the new place, or lies in it, is left out: it would be found again in
/// text that was just rewritten.
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

/// The files that stand in the live tree with the bytes that were saved. RECORD is left out: what it says follows from
/// the other files.
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

/// Keeps the form of each RECORD that stands in the live tree. RECORD holds the sums of the files as they were when it
/// was written; since then files may have been damaged, so they do not tell which form is right.
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

/// Lets links lead to the new place, but for those that stand there as they were saved. Returns the links that were
/// changed.
fn with_links(
    saved: Manifest,
    live: Option<&Manifest>,
    relocated: impl Fn(&RelPath, &[u8]) -> Option<Vec<u8>>,
) -> (Manifest, Vec<RelPath>) {
    let mut entries = saved.into_entries();
    let mut links = Vec::new();
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
            links.push(entry.path.clone());
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
