//! A tree as it was read: each entry with the state in which it was.

use crate::disk::stat::Stat;
use crate::model::{Entry, Manifest, RelPath};

/// Entries in the order of their paths, each with its state. Both are kept apart, which only this file knows: so the
/// entries can be handed on as the manifest that they are.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    manifest: Manifest,
    /// In the order of the manifest; empty where nothing is known of any.
    states: Vec<Stat>,
}

impl Stated {
    /// Entries with their states. Those of a walk are in order, or in the order turned round.
    pub(crate) fn new(mut entries: Vec<Entry>, mut states: Vec<Stat>) -> Self {
        debug_assert_eq!(entries.len(), states.len(), "each entry has a state");
        let is_turned = entries.len() > 1 && entries[0].path > entries[entries.len() - 1].path;
        if is_turned {
            entries.reverse();
            states.reverse();
        }
        if !entries.is_sorted_by(|a, b| a.path < b.path) {
            let mut both: Vec<(Entry, Stat)> = entries.into_iter().zip(states).collect();
            both.sort_unstable_by(|(a, _), (b, _)| a.path.cmp(&b.path));
            (entries, states) = both.into_iter().unzip();
        }
        Self {
            manifest: Manifest::new(entries),
            states,
        }
    }

    /// A tree that stands nowhere, or of which the states are of no use.
    pub(crate) fn without_states(manifest: Manifest) -> Self {
        Self {
            manifest,
            states: Vec::new(),
        }
    }

    /// The entries.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The entries, by value.
    pub(crate) fn into_manifest(self) -> Manifest {
        self.manifest
    }

    /// Lets equal paths of both share their bytes in memory.
    pub(crate) fn share_paths(&mut self, other: &Manifest) {
        self.manifest.share_paths(other);
    }

    /// Puts another description of the root in the place of the one that was found.
    pub(crate) fn describe_root(&mut self, root: &Entry) {
        let mut entries = std::mem::take(&mut self.manifest).into_entries();
        if let Some(first) = entries.first_mut().filter(|first| first.path.is_root()) {
            first.clone_from(root);
        }
        self.manifest = Manifest::new(entries);
    }

    /// Each entry with its state.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Entry, &Stat)> {
        self.manifest.entries().iter().zip(&self.states)
    }

    /// Each entry with its state, which may be brought up to date.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&Entry, &mut Stat)> {
        self.manifest.entries().iter().zip(&mut self.states)
    }

    /// Each entry with its state, by value.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (Entry, Stat)> {
        self.manifest.into_entries().into_iter().zip(self.states)
    }

    /// What is at a path.
    pub(crate) fn get(&self, path: &RelPath) -> Option<(&Entry, &Stat)> {
        let at = self.manifest.position(path)?;
        self.manifest.entries().get(at).zip(self.states.get(at))
    }

    /// The state of what is at a path.
    pub(crate) fn state(&self, path: &RelPath) -> Option<&Stat> {
        self.states.get(self.manifest.position(path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Meta, Node};

    #[test]
    fn each_entry_has_its_own_state_in_whatever_order_they_come() {
        let dir = tempfile::tempdir().unwrap();
        let found = Stat::of(std::fs::File::open(dir.path()).unwrap()).unwrap();
        let orders: [&[u8]; 4] = [b"abc", b"cba", b"bac", b"a"];
        for order in orders {
            let entries = order.iter().map(|&name| Entry {
                path: RelPath::new(&[name]).unwrap(),
                meta: Meta::default(),
                node: Node::Dir,
            });
            let states = order.iter().map(|&name| Stat {
                ino: name.into(),
                ..found
            });
            let tree = Stated::new(entries.collect(), states.collect());
            for (entry, state) in tree.iter() {
                assert_eq!(u64::from(entry.path.as_bytes()[0]), state.ino);
                assert_eq!(tree.get(&entry.path), Some((entry, state)));
            }
            assert_eq!(tree.iter().count(), order.len());
        }
    }
}
