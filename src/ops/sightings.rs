//! What a guard saw done to a venv: kept for later commands, which tell who did the damage that they find.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::error::Error;
use super::log;
use crate::diagnose::Hurt;
use crate::disk::PathError;
use crate::disk::rooted::Rooted;
use crate::model::{Kind, Left, Purpose, RelPath, Sighting, Snapshot, SnapshotId, Who};
use crate::store::{Store, read_sightings, write_sightings};
use crate::tree::Site;

/// So many sightings of one venv are kept, the newest.
const KEPT_MAX: usize = 10_000;
/// The number of the format of the file.
const FORMAT: u32 = 1;
/// Sightings are kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The file: docs/format.md, "Sightings".
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    format: u32,
    /// Each process once.
    who: Vec<Who>,
    seen: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    path: RelPath,
    at: Timestamp,
    left: Option<Left>,
    /// By its number in `who`.
    who: usize,
}

/// What was seen of a venv.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Who did something to a path last, and when.
    pub paths: BTreeMap<RelPath, (Timestamp, Who)>,
    /// Whether more was seen than this, so that nothing that was seen before can be believed.
    pub is_part: bool,
}

/// Keeps what was seen done to paths of a venv, with what is there now. The last sighting of each path stays, for 90
/// days, and no more than 10,000 in all. A store that is not on this host keeps none. The caller sees to it that one
/// process writes them at a time.
pub fn keep_sightings(context: &Context<'_>, site: &Site, seen: &Seen) -> Result<(), Error> {
    let root = site.open().ok();
    let before = kept(context, site).into_iter().filter(|_| !seen.is_part);
    let mut all: BTreeMap<RelPath, Sighting> = before.map(|one| (one.path.clone(), one)).collect();
    for (path, (at, who)) in &seen.paths {
        let left = match standing(root.as_ref(), path) {
            Standing::Nothing => None,
            Standing::File(left) => Some(left),
            // A directory that is there keeps no sighting of its own: what is in it has its own.
            Standing::Other => {
                all.remove(path);
                continue;
            }
        };
        let sighting = Sighting {
            path: path.clone(),
            at: *at,
            left,
            who: who.clone(),
        };
        all.insert(path.clone(), sighting);
    }
    let mut all: Vec<Sighting> = all.into_values().collect();
    all.retain(|one| context.now.duration_since(one.at) < KEPT);
    all.sort_by_key(|one| std::cmp::Reverse(one.at));
    all.truncate(KEPT_MAX);
    let bytes = serde_json::to_vec(&Kept::pack(all)).map_err(std::io::Error::from);
    let bytes =
        bytes.map_err(|error| PathError::new("write what was seen of", site.path(), error))?;
    if let Some(store) = context.store.on_this_host() {
        write_sightings(&store, &context.venv_id(site), &bytes)?;
    }
    Ok(())
}

/// What was seen done to a venv as it is now. What was seen before a restore was done to another tree, and what was
/// seen before the save of what is `expected` is no damage to that.
pub(super) fn sightings(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
    expected: Option<&Snapshot>,
) -> Vec<Sighting> {
    let mut all = kept(context, site);
    if all.is_empty() {
        return all;
    }
    let opened = store.is_none().then(|| context.open().ok()).flatten();
    let replaced = store.or(opened.as_ref()).and_then(|store| {
        let catalog = store.snapshots.catalog().ok()?;
        let id = context.venv_id(site);
        let replaced = catalog
            .snapshots_of(&id)
            .filter(|(_, one)| one.purpose == Purpose::Incident);
        let last = replaced.max_by_key(|(_, one)| one.created)?;
        Some(ended(context, store, last.0, last.1.created))
    });
    let saved = expected.map(|expected| expected.created);
    all.retain(|one| Some(one.at) >= replaced.max(saved));
    all
}

/// When a restore ended that began at a time. What was seen while it was at work was mostly done to the tree that it
/// replaced, or by itself. Where the log does not know, it ended when it began.
fn ended(
    context: &Context<'_>,
    store: &Store,
    incident: SnapshotId,
    began: Timestamp,
) -> Timestamp {
    let events = log::events(store, context.monitor).unwrap_or_default();
    let mut events = events.iter().rev();
    let own = events.find(|event| event.incident == Some(incident));
    let took = own.and_then(|event| i64::try_from(event.took_ms?).ok());
    let took = SignedDuration::from_millis(took.unwrap_or_default());
    began.checked_add(took).unwrap_or(began)
}

/// What is kept; nothing where that cannot be read, since it is only a help.
fn kept(context: &Context<'_>, site: &Site) -> Vec<Sighting> {
    let store = context.store.on_this_host();
    let read = store.and_then(|store| read_sightings(&store, &context.venv_id(site)).ok()?);
    let bytes = read.unwrap_or_default();
    let kept: Kept = serde_json::from_slice(&bytes).unwrap_or_default();
    kept.into_sightings()
}

/// The sightings that explain damage, by the damaged path. The path is still as the sighting left it, or it went with a
/// directory that is still gone. Of all sightings of the path and of what is above it, the last one says who it was.
pub(super) fn believed(
    live: Option<&Rooted>,
    sightings: &[Sighting],
    hurts: &[Hurt],
) -> HashMap<RelPath, Sighting> {
    let by_path: HashMap<&RelPath, &Sighting> =
        sightings.iter().map(|one| (&one.path, one)).collect();
    let of = |hurt: &Hurt| {
        let there = hurt
            .actual
            .and_then(|actual| Some(Left::new(actual.size, actual.ctime?)));
        let own = by_path.get(&hurt.path);
        if hurt.kind != Kind::Missing || hurt.actual.is_some() {
            return own
                .filter(|one| there.is_some() && one.left == there)
                .copied();
        }
        let above = std::iter::successors(hurt.path.parent(), RelPath::parent);
        let above = above.filter_map(|dir| by_path.get(&dir).copied());
        let still_gone = |one: &&Sighting| {
            one.left.is_none() && matches!(standing(live, &one.path), Standing::Nothing)
        };
        let all = own.copied().into_iter().chain(above);
        all.max_by_key(|one| one.at).filter(still_gone)
    };
    let all = hurts
        .iter()
        .filter_map(|hurt| Some((hurt.path.clone(), of(hurt)?.clone())));
    all.collect()
}

impl Kept {
    fn pack(all: Vec<Sighting>) -> Self {
        let mut kept = Self {
            format: FORMAT,
            ..Self::default()
        };
        for one in all {
            // Mostly the same process did the next thing too, so the search begins with the last one.
            let known = kept.who.iter().rposition(|who| *who == one.who);
            let who = known.unwrap_or_else(|| {
                kept.who.push(one.who);
                kept.who.len() - 1
            });
            kept.seen.push(Row {
                path: one.path,
                at: one.at,
                left: one.left,
                who,
            });
        }
        kept
    }

    fn into_sightings(self) -> Vec<Sighting> {
        if self.format != FORMAT {
            return Vec::new();
        }
        let rows = self.seen.into_iter().filter_map(|row| {
            Some(Sighting {
                path: row.path,
                at: row.at,
                left: row.left,
                who: self.who.get(row.who)?.clone(),
            })
        });
        rows.collect()
    }
}

/// What stands at a path.
enum Standing {
    Nothing,
    File(Left),
    /// A directory, or what cannot be looked at.
    Other,
}

fn standing(root: Option<&Rooted>, path: &RelPath) -> Standing {
    let Some(root) = root else {
        return Standing::Nothing;
    };
    match root.stat_below(path, false) {
        Ok(stat) if stat.is_dir() => Standing::Other,
        Ok(stat) => Standing::File(Left::new(stat.size, stat.ctime)),
        Err(error) if error.is_absent() => Standing::Nothing,
        Err(_) => Standing::Other,
    }
}
