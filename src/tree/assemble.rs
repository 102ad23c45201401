//! Makes entries of what a walk found and what was read of it.

use std::collections::HashMap;

use super::read::Content;
use super::stated::Stated;
use crate::disk::walk::{Found, Rare};
use crate::model::{Entry, Meta, Node, RelPath};

/// The content of each entry of a walk, in the same order; none of what is no file, or was not read yet.
pub(super) type Contents = Vec<Option<Content>>;

/// How many of the things that were found are used up before their room is given back.
const GIVEN_BACK: usize = 1 << 16;

/// The entries and states of what was found and read, and what could not be read. It goes from the end on, so that
/// room for the one is given back while the other grows: there may be a million.
pub(super) fn assemble(mut found: Vec<Found>, mut contents: Contents) -> (Stated, Vec<RelPath>) {
    let first_links = first_links(&found, &contents);
    let (mut entries, mut stats) = (Vec::new(), Vec::new());
    entries.reserve_exact(found.len());
    stats.reserve_exact(found.len());
    let mut unreadable = Vec::new();
    while let (Some(one), Some(content)) = (found.pop(), contents.pop()) {
        let first = first_links.get(&(one.stat.dev, one.stat.ino));
        // None for the first name itself, which was just taken out.
        let first = first.and_then(|first| found.get(*first));
        let link_to = first.map(|first| first.path.clone());
        stats.push(one.stat);
        let entry = entry(one, content, link_to);
        if matches!(entry.node, Node::Unreadable(_)) && !entry.node.is_mounted() {
            unreadable.push(entry.path.clone());
        }
        entries.push(entry);
        if found.len().is_multiple_of(GIVEN_BACK) {
            found.shrink_to_fit();
            contents.shrink_to_fit();
        }
    }
    unreadable.reverse();
    (Stated::new(entries, stats), unreadable)
}

/// Of the files that have several names and were read: the place of the first name.
fn first_links(found: &[Found], contents: &Contents) -> HashMap<(u64, u64), usize> {
    let mut first_links = HashMap::new();
    for (at, (one, content)) in found.iter().zip(contents).enumerate() {
        if one.stat.nlink > 1 && matches!(content, Some(Content::Known(..))) {
            let group = (one.stat.dev, one.stat.ino);
            first_links.entry(group).or_insert(at);
        }
    }
    first_links
}

/// What was found, with its content.
pub(super) fn entry(found: Found, content: Option<Content>, link_to: Option<RelPath>) -> Entry {
    let Found { path, stat, rare } = found;
    let Rare {
        target,
        xattrs,
        problem,
    } = rare.map_or_else(Rare::default, |rare| *rare);
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
        match content {
            Some(Content::Known(digest, xattrs)) => {
                meta.xattrs = xattrs;
                Node::File {
                    size: stat.size,
                    digest,
                    link_to,
                }
            }
            Some(Content::Unreadable(reason)) => Node::Unreadable(reason),
            Some(Content::Changed) | None => Node::Unreadable(Node::RESTLESS.to_owned()),
        }
    };
    Entry { path, meta, node }
}
