//! What the tree shall be in the end: the snapshot, as far as it can be restored, adapted to its place and to `--only`.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::select::Selection;
use super::{Refusal, RestoreOptions};
use crate::model::compare::{compare, is_same_file};
use crate::model::shortfall::Shortfall;
use crate::model::{Change, Digest, Entry, Kind, Manifest, Node, RelPath};
use crate::monitor::{EntryWarning, Monitor};
use crate::ops::adapted::{Texts, adapted, names_of, unadapted};
use crate::ops::chosen::Chosen;
use crate::ops::error::Error;
use crate::ops::mounts::leave_mounts;
use crate::ops::owners::called_as_here;
use crate::python::dist::{Hash, Row};
use crate::replace::{Live, link_to, regrouped};
use crate::store::{Digests, Store};
use crate::tree::Site;

/// The tree that shall stand, with the contents that no store has.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) manifest: Manifest,
    /// New contents of files that name their place.
    pub(super) rewritten: BTreeMap<RelPath, Vec<u8>>,
    /// The names by which the snapshot calls its old place, where that is another one.
    pub(super) old_places: Vec<PathBuf>,
    /// Each file and link that names the old place, as it was saved.
    pub(super) before: BTreeMap<RelPath, Node>,
    /// Links that lead to the new place instead of the old one.
    pub(super) links: Vec<RelPath>,
    /// What is not restored, and so stays as it stands in the live tree, with all other names that it has.
    pub(super) stays: HashSet<RelPath>,
    /// What could not be read when it was saved: nothing is known of that, nor of what lay below it.
    pub(super) unread: Vec<RelPath>,
    /// What it was adapted from.
    pub(super) texts: Texts,
}

impl Target {
    /// Loads a snapshot and adapts it to the place. What stands in the live tree as it was saved, if that tree is
    /// given, is not adapted.
    pub(super) fn load(
        store: &Store,
        chosen: &Chosen,
        place: &Site,
        options: &RestoreOptions,
        live: Option<&Manifest>,
        missing: &Digests,
        monitor: &dyn Monitor,
    ) -> Result<Self, Error> {
        chosen.admit_tree()?;
        let (root, entries) = (&chosen.snapshot.root, chosen.snapshot.entries());
        let manifest = store.trees().manifest_without(root, entries, missing)?;
        let unread = manifest.unreadable();
        let manifest = called_as_here(leave_out(manifest, monitor));
        let from = chosen.snapshot.venv.path();
        if options.exact || from == place.path() {
            let old_places = if from == place.path() {
                Vec::new()
            } else {
                names_of(store, &manifest, &from, place.path())?
            };
            return Ok(Self {
                manifest,
                old_places,
                rewritten: BTreeMap::new(),
                before: BTreeMap::new(),
                links: Vec::new(),
                stays: HashSet::new(),
                unread,
                texts: Texts::default(),
            });
        }
        if place.path().as_os_str().as_bytes().contains(&b'\n') {
            return Err(Refusal::LineBreak.into());
        }
        let done = adapted(store, manifest, (&from, place.path()), live)?;
        if live.is_none() {
            for unmoved in &done.unmoved {
                monitor.warn(EntryWarning::Unmoved(unmoved).into());
            }
        }
        Ok(Self {
            links: done.links,
            before: done.before,
            manifest: done.manifest,
            old_places: done.names,
            rewritten: done.rewritten,
            stays: HashSet::new(),
            unread,
            texts: done.texts,
        })
    }

    /// How many files and links of it were adapted to the place.
    pub(super) fn relocated(&self) -> u64 {
        (self.rewritten.len() + self.links.len()) as u64
    }

    /// Takes out of the changes what stands as it was saved and differs by its place alone: it is to be adapted, and is
    /// no damage. Returns the other changes, and how many were taken out.
    pub(super) fn adapting(&self, changes: Vec<Change>, live: &Live) -> (Vec<Change>, u64) {
        let live = live.scan.manifest();
        let stands: HashSet<&RelPath> = unadapted(&self.before, live).collect();
        let is_as_saved = |change: &Change| {
            let (there, goal) = (live.get(&change.path), self.manifest.get(&change.path));
            let attributes = there
                .zip(goal)
                .is_some_and(|(a, b)| a.meta.agrees_with(&b.meta));
            attributes && stands.contains(&change.path)
        };
        let (adapting, rest): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_as_saved);
        (rest, adapting.len() as u64)
    }

    /// The same, but what stands in the live tree at paths that could not be read when they were saved stays as it is,
    /// also what cannot be read now: that is never copied, so the tree is then replaced file by file around it.
    pub(super) fn leaving_unread(self, live: &Manifest) -> Self {
        if self.unread.is_empty() {
            return self;
        }
        let unknown = |path: &RelPath| self.unread.iter().any(|dir| path.is_within(dir));
        let is_dir = |path: &RelPath| {
            let entry = self.manifest.get(path);
            entry.is_some_and(|entry| entry.node == Node::Dir)
        };
        let has_place = |path: RelPath| unknown(&path) || is_dir(&path);
        let left = live
            .entries()
            .iter()
            .filter(|entry| unknown(&entry.path) && entry.path.parent().is_some_and(has_place));
        let left: Vec<Entry> = left.cloned().collect();
        let mut stays = self.stays;
        stays.extend(left.iter().map(|entry| entry.path.clone()));
        let saved = self.manifest.into_entries().into_iter();
        let saved = saved.map(|entry| (entry.path.clone(), (entry, true)));
        let left = left.into_iter();
        let left = left.map(|entry| (entry.path.clone(), (entry, false)));
        Self {
            manifest: regrouped(saved.chain(left).collect()),
            stays,
            ..self
        }
    }

    /// What the snapshot does not have, and what does not stand in the live tree either.
    pub(super) fn lacking(&self, live: &Manifest) -> impl Iterator<Item = &RelPath> {
        let unread = self.unread.iter();
        unread.filter(|path| self.manifest.get(path).is_none() && live.get(path).is_none())
    }

    /// The same, but what something is mounted over stays as it is. Returns the places of the mounts as well.
    pub(super) fn leaving_mounts(mut self, live: &Manifest) -> (Self, Shortfall) {
        let (manifest, mounts) = leave_mounts(self.manifest, live);
        self.manifest = manifest;
        let stays = live.mounts().map(|entry| entry.path.clone());
        self.stays.extend(stays);
        (self, mounts)
    }

    /// The same with another manifest.
    pub(super) fn map(self, make: impl FnOnce(Manifest) -> Manifest) -> Self {
        Self {
            manifest: make(self.manifest),
            ..self
        }
    }

    /// Whether what was rewritten for this place is what a row says; none where the file comes as it was saved.
    pub(super) fn has(&self, row: &Row) -> Option<bool> {
        let content = self.rewritten.get(&row.path)?;
        Some(matches!(&row.hash, Hash::Known(sum) if sum.is_of(content)))
    }

    /// Narrows the target to a part: everything else stays as it is in the live tree.
    pub(super) fn narrow(&self, live: &Manifest, selection: &Selection) -> Self {
        let manifest = &self.manifest;
        let group = |path: &RelPath| group_of(manifest, path);
        let groups = differing_groups(manifest, live, selection);
        // All names of a file that are right come with those that are asked for, since they are one file. A path that
        // is asked for and is right already is left alone, unless another name of the same file is restored.
        let is_right = |path: &RelPath| {
            let sides = manifest.get(path).zip(live.get(path));
            sides.is_some_and(|(saved, there)| is_same_file(saved, there))
        };
        let is_restored = |path: &RelPath| {
            groups.contains(&group(path)) && (selection.has(path) || is_right(path))
        };
        let mut merged: BTreeMap<RelPath, (Entry, bool)> = live
            .entries()
            .iter()
            .filter(|entry| !is_restored(&entry.path))
            .map(|entry| (entry.path.clone(), (entry.clone(), false)))
            .collect();
        for entry in manifest
            .entries()
            .iter()
            .filter(|entry| is_restored(&entry.path))
        {
            let is_dir = |entry: &Entry| entry.node == Node::Dir;
            if live.get(&entry.path).is_some_and(is_dir) && !is_dir(entry) {
                merged.retain(|path, _| !path.is_within(&entry.path));
            }
            add_with_parents(&mut merged, manifest, entry);
        }
        drop_emptied(&mut merged, live, manifest);
        let records = self.records_of(live, &is_restored);
        for (path, content) in &records {
            if let Some((entry, is_new)) = merged.get_mut(path) {
                (entry.node, *is_new) = (file_of(content), true);
            }
        }
        let stays = merged.values().filter(|(_, restored)| !restored);
        let stays = stays.map(|(entry, _)| entry.path.clone()).collect();
        let rewritten = self
            .rewritten
            .iter()
            .filter(|(path, _)| selection.has(path))
            .map(|(path, content)| (path.clone(), content.clone()))
            .chain(records)
            .collect();
        let links = self.links.iter().filter(|path| selection.has(path));
        let links = links.cloned().collect();
        Self {
            // Hard links to files that stay as they are would tie the restored content to the live one.
            manifest: regrouped(merged),
            rewritten,
            old_places: self.old_places.clone(),
            links,
            before: self.before.clone(),
            stays,
            unread: self.unread.clone(),
            texts: Texts::default(),
        }
    }

    /// Each RECORD that lists a file which comes adapted, and would say something else of it: its rows come along with
    /// what they list. All other rows stay.
    fn records_of(
        &self,
        live: &Manifest,
        is_restored: &dyn Fn(&RelPath) -> bool,
    ) -> BTreeMap<RelPath, Vec<u8>> {
        let digest = |manifest: &Manifest, path: &RelPath| {
            let entry = manifest.get(path);
            entry.and_then(Entry::digest)
        };
        let stands = |path: &&RelPath| digest(live, path) == digest(&self.manifest, path);
        let comes = |path: &&RelPath| is_restored(path) && self.rewritten.contains_key(*path);
        let others = || self.before.keys().filter(|path| !stands(path));
        if !others().any(|path| comes(&path)) {
            return BTreeMap::new();
        }
        let now = self.texts.records(&others().cloned().collect());
        let stay = others().filter(|path| !comes(path)).cloned().collect();
        let mut records = self.texts.records(&stay);
        records.retain(|path, content| {
            let there = digest(live, path);
            let is_known = match (self.before.get(path), now.get(path)) {
                (Some(Node::File { digest, .. }), _) if Some(*digest) == there => true,
                (_, Some(now)) => there == Some(Digest::of(now)),
                _ => false,
            };
            is_known && !is_restored(path) && now.get(path) != Some(content)
        });
        records
    }
}

/// A file of its own with that content.
fn file_of(content: &[u8]) -> Node {
    Node::File {
        size: content.len() as u64,
        digest: Digest::of(content),
        link_to: None,
    }
}

/// The first name of the file of which a path is a name.
fn group_of(manifest: &Manifest, path: &RelPath) -> RelPath {
    let entry = manifest.get(path);
    entry.and_then(link_to).unwrap_or(path).clone()
}

/// The files, by their first names, of which a name is selected and which differ, by a name of theirs or since their
/// names are not one file any more.
fn differing_groups(
    manifest: &Manifest,
    live: &Manifest,
    selection: &Selection,
) -> HashSet<RelPath> {
    let mut groups: HashSet<RelPath> = HashSet::new();
    let mut torn: HashSet<RelPath> = HashSet::new();
    for difference in compare(manifest, live) {
        let Some(entry) = difference.expected.or(difference.actual) else {
            continue;
        };
        if selection.has(&entry.path) {
            groups.insert(group_of(manifest, &entry.path));
        }
        if difference.kind == Kind::Link {
            torn.insert(group_of(manifest, &entry.path));
        }
    }
    // Of names that are not one file any more another one than the one that is asked for may be the one told.
    let asked = manifest.entries().iter().map(|entry| &entry.path);
    let asked = asked.filter(|path| selection.has(path));
    let asked = asked.map(|path| group_of(manifest, path));
    groups.extend(asked.filter(|group| torn.contains(group)));
    groups
}

/// Drops directories that a new version brought and of which nothing is left: the snapshot does not have them,
/// something lay in them, and nothing does any more.
fn drop_emptied(
    merged: &mut BTreeMap<RelPath, (Entry, bool)>,
    live: &Manifest,
    snapshot: &Manifest,
) {
    let parents = |paths: &mut dyn Iterator<Item = &RelPath>| -> HashSet<RelPath> {
        paths.filter_map(RelPath::parent).collect()
    };
    let held = parents(&mut live.entries().iter().map(|entry| &entry.path));
    // From the deepest on, so that what held only emptied directories goes as well.
    let dirs = live.entries().iter().rev().map(|entry| &entry.path);
    let mut holds = parents(&mut merged.keys());
    for dir in dirs.filter(|dir| held.contains(dir) && snapshot.get(dir).is_none()) {
        if !holds.contains(dir) && merged.remove(dir).is_some() {
            holds = parents(&mut merged.keys());
        }
    }
}

/// Drops what could not be read when it was saved, and says so.
fn leave_out(manifest: Manifest, monitor: &dyn Monitor) -> Manifest {
    let mut entries = manifest.into_entries();
    entries.retain(|entry| {
        if let Node::Unreadable(reason) = &entry.node {
            let warning = EntryWarning::NotSaved {
                path: &entry.path,
                reason: (!entry.node.is_mounted()).then_some(reason),
            };
            monitor.warn(warning.into());
        }
        !matches!(entry.node, Node::Unreadable(_))
    });
    // The first of a group of hard links may have been left out with its directory.
    let files: std::collections::HashSet<RelPath> = entries
        .iter()
        .filter(|entry| entry.size().is_some())
        .map(|entry| entry.path.clone())
        .collect();
    for entry in &mut entries {
        if let Node::File { link_to, .. } = &mut entry.node
            && link_to.as_ref().is_some_and(|first| !files.contains(first))
        {
            *link_to = None;
        }
    }
    Manifest::new(entries)
}

/// Adds an entry, and the directories above it where they lack.
fn add_with_parents(merged: &mut BTreeMap<RelPath, (Entry, bool)>, from: &Manifest, entry: &Entry) {
    let mut above = entry.path.parent();
    while let Some(path) = above {
        let is_dir = merged
            .get(&path)
            .is_some_and(|(there, _)| there.node == Node::Dir);
        if !is_dir && let Some(dir) = from.get(&path) {
            merged.insert(path.clone(), (dir.clone(), true));
        }
        above = path.parent();
    }
    merged.insert(entry.path.clone(), (entry.clone(), true));
}
