//! Fits what shall stand at a place to what the place holds: found out on inodes of our own in staging, one for each
//! set of attributes, before anything of them is written.

use std::collections::hash_map::Entry::Vacant;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::disk::staging::Staging;
use super::error::Error;
use crate::disk::trial::{Kind, Trial};
use crate::model::shortfall::Shortfall;
use crate::model::{Entry, Lack, Manifest, Meta, Node, Time};

/// What was tried, and what came out.
#[derive(Debug, Default)]
pub(super) struct Fit {
    /// What the place holds of each set of attributes, by kind. Times count in neither: they are tried apart.
    held: HashMap<(Kind, Meta), Meta>,
    /// By kind of entry, what came of each mtime, where not all mtimes come out as they were set.
    times: BTreeMap<Kind, HashMap<Time, Time>>,
    pub(super) left: Shortfall,
}

/// How many mtimes are tried before the place is believed: the earliest, the latest, and fine ones.
const SAMPLES_MAX: usize = 16;

impl Fit {
    /// Changes those entries of a manifest that are written to what the place will hold of them.
    pub(super) fn adjust(
        &mut self,
        staging: &Staging,
        manifest: &mut Manifest,
        is_written: &dyn Fn(&Entry) -> bool,
    ) -> Result<(), Error> {
        for kind in [Kind::File, Kind::Dir, Kind::Link] {
            let entries = manifest.entries().iter();
            let of_kind = entries.filter(|entry| kind_of(entry) == Some(kind));
            let entries: Vec<&Entry> = of_kind.filter(|entry| is_written(entry)).collect();
            if !entries.is_empty() {
                self.look(staging, kind, &entries)?;
            }
        }
        let short = |entry: &Entry| {
            let held = self.held_of(entry)?;
            (held != entry.meta).then_some(held)
        };
        let entries = manifest.entries().iter().enumerate();
        let changed = entries.filter(|(_, entry)| is_written(entry));
        let changed: HashMap<usize, Meta> = changed
            .filter_map(|(at, entry)| Some((at, short(entry)?)))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let mut entries = std::mem::take(manifest).into_entries();
        for (at, entry) in entries.iter_mut().enumerate() {
            if let Some(held) = changed.get(&at) {
                self.left.compare(entry, held);
                entry.meta = held.clone();
            }
        }
        *manifest = Manifest::new(entries);
        Ok(())
    }

    /// From now on nothing counts as tried: staging is another directory. What lacked lacks still.
    pub(super) fn forget(&mut self) {
        self.held.clear();
        self.times.clear();
    }

    /// Whether the mtime of such an entry comes out in a way that nobody can tell before.
    pub(super) fn loses_times(&self, entry: &Entry) -> bool {
        match entry.node {
            Node::Symlink(_) => self.left.has(&Lack::LinkTimes),
            _ => self.left.has(&Lack::Times { step: 0 }),
        }
    }

    /// Tries what was not tried yet.
    fn look(&mut self, staging: &Staging, kind: Kind, entries: &[&Entry]) -> Result<(), Error> {
        for entry in entries {
            let key = (kind, timeless(&entry.meta));
            if let Vacant(place) = self.held.entry(key) {
                let trial = Trial::new(staging.root(), kind, &entry.meta)?;
                place.insert(timeless(&trial.hold(&entry.meta)?));
                if trial.follows_links() {
                    staging.leave_links();
                }
                trial.end()?;
            }
        }
        let is_coarse = self.times.contains_key(&kind);
        let wanted = if is_coarse {
            all(entries)
        } else {
            samples(entries)
        };
        let trial = Trial::new(staging.root(), kind, &Meta::default())?;
        let known = self.times.get(&kind).cloned().unwrap_or_default();
        let mut come_out = known.clone();
        let mut try_all = |times: &BTreeSet<Time>| -> Result<bool, Error> {
            for time in times.iter().filter(|time| !known.contains_key(time)) {
                come_out.insert(*time, trial.hold_time(*time)?);
            }
            Ok(times.iter().all(|time| come_out.get(time) == Some(time)))
        };
        if is_coarse || !try_all(&wanted)? {
            try_all(&all(entries))?;
            self.times.insert(kind, come_out);
        }
        Ok(trial.end()?)
    }

    /// The attributes that an entry will have; none for what is not tried.
    fn held_of(&self, entry: &Entry) -> Option<Meta> {
        let kind = kind_of(entry)?;
        let held = self.held.get(&(kind, timeless(&entry.meta)))?;
        let times = self.times.get(&kind);
        let mtime = times.and_then(|times| times.get(&entry.meta.mtime));
        let mut held = Meta {
            mtime: *mtime.unwrap_or(&entry.meta.mtime),
            ..held.clone()
        };
        // What was tried says nothing of a security label, which the policy decides: the one that is wanted is set
        // where that is allowed.
        held.xattrs.retain(|(name, _)| !Meta::is_label(name));
        let labels = entry.meta.xattrs.iter();
        held.xattrs
            .extend(labels.filter(|(name, _)| Meta::is_label(name)).cloned());
        held.xattrs.sort_unstable();
        Some(held)
    }
}

fn kind_of(entry: &Entry) -> Option<Kind> {
    match entry.node {
        Node::File { .. } => Some(Kind::File),
        Node::Dir => Some(Kind::Dir),
        Node::Symlink(_) => Some(Kind::Link),
        Node::Special(_) | Node::Unreadable(_) => None,
    }
}

fn timeless(meta: &Meta) -> Meta {
    Meta {
        mtime: Time::default(),
        ..meta.clone()
    }
}

fn all(entries: &[&Entry]) -> BTreeSet<Time> {
    entries.iter().map(|entry| entry.meta.mtime).collect()
}

/// A few mtimes, among which a place that does not hold all of them would very likely fail.
fn samples(entries: &[&Entry]) -> BTreeSet<Time> {
    let times = || entries.iter().map(|entry| entry.meta.mtime);
    let fine = times().filter(|time| time.nanos % 100 != 0);
    let ends = times().min().into_iter().chain(times().max());
    let mut samples: BTreeSet<Time> = ends.collect();
    for time in fine.chain(times()) {
        if samples.len() == SAMPLES_MAX {
            break;
        }
        samples.insert(time);
    }
    samples
}
