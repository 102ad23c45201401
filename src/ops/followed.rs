//! Links of a live tree in whose places a snapshot has the content, since the venv was saved with what its links led
//! to. As long as the links lead to the same content, nothing differs. If a snapshot was saved otherwise, a link in the
//! place of a file is a change of type.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::audit::Audited;
use super::list::readable;
use crate::model::{Change, Entry, Kind, Manifest, Node, RelPath, Snapshot};
use crate::python::bytecode::is_bytecode;
use crate::store::Store;
use crate::tree::follow::outside;
use crate::tree::lead::{Led, digest_led, led, target};

/// Which links stand for content that belongs to the venv: those of a directory of packages, and those that a RECORD
/// lists or that stand above such a row. Those that lead to the interpreter are neither.
pub(super) fn stands_for_content(audited: &Audited<'_>) -> HashSet<RelPath> {
    let dists = audited.dists();
    let links = links(audited.scan.manifest()).map(|entry| &entry.path);
    let rows = || {
        let records = dists.all.iter().filter_map(|dist| dist.record.as_ref());
        records.flat_map(|(_, record)| &record.rows)
    };
    links
        .filter(|path| {
            let is_in = |site: &RelPath| path.is_within(site) && *path != site;
            dists.layout.sites.iter().any(is_in) || rows().any(|row| row.path.is_within(path))
        })
        .cloned()
        .collect()
}

fn links(manifest: &Manifest) -> impl Iterator<Item = &Entry> {
    let entries = manifest.entries().iter();
    entries.filter(|entry| matches!(entry.node, Node::Symlink(_)))
}

/// Tells whether a snapshot was saved with what its links led to. It reads the document of the snapshot, so it is asked
/// last.
pub(super) fn was_followed(store: &Store, snapshot: &Snapshot) -> bool {
    let document = snapshot.document.and_then(|id| readable(store, id));
    document.is_some_and(|document| document.followed.is_some())
}

/// A saved tree as the live one has it: where a link leads to just what was saved in its place, the link stands.
pub(super) fn as_linked(
    saved: Manifest,
    live: &Manifest,
    place: &Path,
    was_followed: impl Fn() -> bool,
) -> Manifest {
    let is_content = |entry: &Entry| matches!(entry.node, Node::File { .. } | Node::Dir);
    let links = links(live).filter(|link| saved.get(&link.path).is_some_and(is_content));
    let links: Vec<&Entry> = links.collect();
    if links.is_empty() || !was_followed() {
        return saved;
    }
    let trees = [place.to_owned()];
    let same = links.into_par_iter().filter(|link| {
        let to = target(live, place, &link.path).and_then(|to| outside(&to, &trees));
        to.is_some_and(|to| leads_to(&saved, &link.path, &to))
    });
    let same: Vec<&Entry> = same.collect();
    if same.is_empty() {
        return saved;
    }
    let paths: HashSet<&RelPath> = same.iter().map(|link| &link.path).collect();
    let mut linked: Option<RelPath> = None;
    let mut entries = saved.into_entries();
    // In the order of paths, what a directory holds follows it.
    entries.retain(|entry| {
        if paths.contains(&entry.path) {
            linked = Some(entry.path.clone());
        }
        !linked
            .as_ref()
            .is_some_and(|link| entry.path.is_within(link))
    });
    entries.extend(same.into_iter().cloned());
    Manifest::new(entries)
}

/// Whether what stands at a place outside is what was saved at a path.
fn leads_to(saved: &Manifest, path: &RelPath, to: &Path) -> bool {
    let Some(at) = saved.position(path) else {
        return false;
    };
    let below = saved.entries()[at..].iter();
    let mut below = below.take_while(|entry| entry.path.is_within(path));
    below.all(|entry| {
        let rest = entry.path.as_path().strip_prefix(path.as_path());
        let rest = rest.unwrap_or(Path::new(""));
        let there = if rest.as_os_str().is_empty() {
            to.to_owned()
        } else {
            to.join(rest)
        };
        // Python rewrites bytecode as it likes, wherever it lies.
        is_bytecode(&entry.path) || is_same(entry, &there)
    })
}

fn is_same(saved: &Entry, there: &PathBuf) -> bool {
    match &saved.node {
        Node::File { size, digest, .. } => digest_led(there, *size) == Some(*digest),
        Node::Dir => saved.path.name() == b"__pycache__" || there.is_dir(),
        Node::Symlink(text) => {
            let there = std::fs::read_link(there);
            there.is_ok_and(|there| there.as_os_str().as_encoded_bytes() == text)
        }
        Node::Special(_) | Node::Unreadable(_) => true,
    }
}

/// Tells how the content behind links differs, where they lead to something else than what was saved in their places.
pub(super) fn tell(
    changes: &mut [Change],
    live: &Manifest,
    place: &Path,
    was_followed: impl Fn() -> bool,
) {
    // The link of a directory, and the cache in which something below it is damaged.
    let mut dirs: Vec<(RelPath, Option<String>)> = Vec::new();
    let is_link = |change: &Change| {
        let actual = change.actual.as_ref().map(|entry| &entry.node);
        matches!(actual, Some(Node::Symlink(_)))
    };
    let is_asked = |change: &Change| change.kind == Kind::Type && is_link(change);
    if !changes.iter().any(is_asked) || !was_followed() {
        return;
    }
    for change in changes.iter_mut() {
        let above = dirs.last().filter(|(dir, _)| change.path.is_within(dir));
        if above.is_none() && !is_asked(change) {
            continue;
        }
        let Some((saved, to)) = change
            .expected
            .as_ref()
            .zip(target(live, place, &change.path))
        else {
            continue;
        };
        match saved.size() {
            Some(size) if !is_same(saved, &to) => change.kind = kind(&to, size),
            // The content is as it was saved, or it is a directory: only the link in its place differs.
            _ => change.kind = Kind::Type,
        }
        if saved.node == Node::Dir && above.is_none() {
            dirs.push((change.path.clone(), None));
        }
        let cache = change.detail.behind.as_ref();
        if let Some((dir, one)) = dirs
            .last_mut()
            .filter(|(dir, _)| change.path.is_within(dir))
        {
            *one = one.take().or_else(|| cache.cloned());
            let reason =
                || format!("it lies behind the link '{dir}', of which not all is as it was saved");
            change.detail.reason.get_or_insert_with(reason);
        }
    }
    for change in changes.iter_mut() {
        let above = dirs.iter().find(|(dir, _)| change.path.is_within(dir));
        if let Some((_, Some(cache))) = above {
            change.detail.behind.get_or_insert_with(|| cache.clone());
        }
    }
}

/// How what stands at a place differs from a file of so many bytes.
fn kind(to: &Path, size: u64) -> Kind {
    match led(to) {
        Led::Nothing => Kind::Missing,
        Led::File(0) if size > 0 => Kind::Emptied,
        Led::File(_) => Kind::Altered,
        _ => Kind::Type,
    }
}
