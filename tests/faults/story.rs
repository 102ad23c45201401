//! What happened on a disk, and what was promised at each moment of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::dice::Dice;
use crate::rig::{Power, Rig};
use crate::support::Tree;

/// What the program promised, or was about to.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// A snapshot was acknowledged.
    Saved(String),
    /// Snapshots may be gone from here on.
    Forgetting(Vec<String>),
    /// The venv may be this snapshot from here on.
    Restoring(String),
    /// The venv is this snapshot, and what it replaced is that one.
    Restored(String, String),
}

/// What happened on the disk, with the number of its writes and flushes before each fact.
#[derive(Default)]
pub(crate) struct Story {
    /// How many events there were when the preparations were done.
    pub(crate) ready: usize,
    pub(crate) facts: Vec<(usize, Fact)>,
    /// The tree of each snapshot that was ever made.
    pub(crate) trees: BTreeMap<String, Tree>,
}

/// What must hold at one moment of a story.
#[derive(Default)]
pub(crate) struct Promised {
    pub(crate) listed: BTreeSet<String>,
    /// The snapshot that the venv is, and the one that it may be.
    pub(crate) venv: Option<String>,
    pub(crate) under_way: Option<String>,
    pub(crate) restores: usize,
}

impl Story {
    pub(crate) fn tell(&mut self, power: &Power, fact: Fact) {
        self.facts.push((power.disk.position(), fact));
    }

    pub(crate) fn promised(&self, at: usize) -> Promised {
        let mut now = Promised::default();
        for (_, fact) in self.facts.iter().filter(|(then, _)| *then <= at) {
            match fact.clone() {
                Fact::Saved(id) => {
                    now.listed.insert(id);
                }
                Fact::Forgetting(ids) => ids.iter().for_each(|id| {
                    now.listed.remove(id);
                }),
                Fact::Restoring(id) => now.under_way = Some(id),
                Fact::Restored(id, incident) => {
                    now.listed.insert(incident);
                    (now.venv, now.under_way) = (Some(id), None);
                    now.restores += 1;
                }
            }
        }
        now
    }
}

/// Saves a venv and tells so once it is acknowledged. Returns the snapshot.
pub(crate) fn save(rig: &Rig, power: &Power, story: &mut Story, venv: &str) -> String {
    let saved = rig.json(&["save", venv]);
    let id = saved["snapshot"]["id"].as_str().unwrap().to_owned();
    story.tell(power, Fact::Saved(id.clone()));
    let tree = Tree::of(&rig.sandbox.path(venv));
    story.trees.insert(id.clone(), tree);
    id
}

/// Changes a venv so that some content is new, some stays and some goes.
pub(crate) fn change(dir: &Path, number: u64) {
    let mut dice = Dice::new(number + 1);
    fs::write(dir.join("data.bin"), dice.bytes(20_000)).unwrap();
    fs::write(dir.join(format!("stays-{number}.bin")), dice.bytes(9_000)).unwrap();
}
