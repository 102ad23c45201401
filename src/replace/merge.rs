//! Trees that are put together from two: what belongs to which group of hard links is said anew.

use std::collections::{BTreeMap, HashMap};

use crate::model::compare::compare;
use crate::model::{Entry, Manifest, Node, RelPath};

/// What a tree held, with what is left of it and changed since over it. Of what is gone nobody knows whether somebody
/// removed it or a removal that was interrupted did, so it stays.
pub(crate) fn over(known: &Manifest, found: &Manifest) -> Manifest {
    let changed = compare(known, found).into_iter().filter_map(|difference| {
        let was = difference.expected.map(|entry| &entry.node);
        difference.actual.filter(|now| match now.node {
            // The times of directories moved when things were taken out of them.
            Node::Dir => was != Some(&Node::Dir),
            Node::Unreadable(_) => was.is_none(),
            _ => true,
        })
    });
    let mut merged: BTreeMap<RelPath, (Entry, bool)> = known
        .entries()
        .iter()
        .map(|entry| (entry.path.clone(), (entry.clone(), false)))
        .collect();
    for entry in changed {
        let was = known.get(&entry.path).map(|was| &was.node);
        if was == Some(&Node::Dir) {
            merged.retain(|path, _| !path.is_within(&entry.path));
        }
        merged.insert(entry.path.clone(), (entry.clone(), true));
    }
    regrouped(merged)
}

/// A tree of entries from two sources, each with the one that it is from: names are of one file only if they were in
/// one source.
pub(crate) fn regrouped(entries: BTreeMap<RelPath, (Entry, bool)>) -> Manifest {
    let mut firsts: HashMap<(bool, RelPath), RelPath> = HashMap::new();
    let anew = entries.into_values().map(|(mut entry, source)| {
        if let Node::File { link_to, .. } = &mut entry.node {
            let group = link_to.take().unwrap_or_else(|| entry.path.clone());
            match firsts.get(&(source, group.clone())) {
                Some(first) => *link_to = Some(first.clone()),
                None => drop(firsts.insert((source, group), entry.path.clone())),
            }
        }
        entry
    });
    Manifest::new(anew.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Meta};

    fn entry(path: &str, node: Node) -> Entry {
        Entry {
            path: RelPath::new(path.as_bytes()).unwrap(),
            meta: Meta::default(),
            node,
        }
    }

    fn file(path: &str, content: &str, link_to: Option<&str>) -> Entry {
        let link_to = link_to.map(|to| RelPath::new(to.as_bytes()).unwrap());
        let node = Node::File {
            size: content.len() as u64,
            digest: Digest::of(content.as_bytes()),
            link_to,
        };
        entry(path, node)
    }

    #[test]
    fn what_is_gone_stays_and_what_changed_is_as_it_was_found() {
        let known = Manifest::new(vec![
            entry("d", Node::Dir),
            file("d/a", "one", None),
            file("d/b", "one", Some("d/a")),
            file("d/c", "one", Some("d/a")),
            file("d/x", "x", None),
        ]);
        // The write through one name changed all three of them, and one had been removed.
        let found = Manifest::new(vec![
            entry("d", Node::Dir),
            file("d/a", "two", None),
            file("d/c", "two", Some("d/a")),
        ]);
        let expected = Manifest::new(vec![
            entry("d", Node::Dir),
            file("d/a", "two", None),
            file("d/b", "one", None),
            file("d/c", "two", Some("d/a")),
            file("d/x", "x", None),
        ]);
        assert_eq!(over(&known, &found), expected);
        let nothing = Manifest::new(vec![entry("d", Node::Dir)]);
        assert_eq!(over(&known, &nothing), known);
    }

    #[test]
    fn what_cannot_be_read_any_more_is_as_it_was() {
        let known = Manifest::new(vec![entry("d", Node::Dir), file("d/a", "one", None)]);
        let found = Manifest::new(vec![entry("d", Node::Unreadable("denied".to_owned()))]);
        assert_eq!(over(&known, &found), known);
    }

    #[test]
    fn a_file_in_place_of_a_directory_hides_what_that_held() {
        let known = Manifest::new(vec![entry("d", Node::Dir), file("d/a", "one", None)]);
        let found = Manifest::new(vec![file("d", "text", None)]);
        assert_eq!(over(&known, &found), found);
    }
}
