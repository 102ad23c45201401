//! `log`: what happened to a venv. Saves and incidents are read from the snapshots, which are the truth; the index adds
//! how long a restore took and what it did.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::list::document;
use crate::diagnose::versions;
use crate::disk::file_system::FileSystem;
use crate::model::{Audit, Digest, Lack, PackageChange, Snapshot, SnapshotId, VenvId};
use crate::monitor::Monitor;
use crate::store::Store;
use crate::tree::Site;

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When it began.
    pub time: Timestamp,
    /// `save`, `restore`, `undo`, `rebuild` or `drill`.
    pub verb: String,
    /// To which venv.
    pub venv: VenvId,
    /// The snapshot that was made or restored.
    pub snapshot: SnapshotId,
    /// What a restore replaced.
    #[serde(default)]
    pub incident: Option<SnapshotId>,
    /// The label of a save.
    #[serde(default)]
    pub label: Option<String>,
    /// How many files a restore replaced or removed.
    #[serde(default)]
    pub changed: Option<u64>,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub took_ms: Option<u64>,
    /// What the place did not hold of what was restored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Lack>,
    /// Which file system that place was on, where it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file_system: Option<FileSystem>,
    /// Of a drill: whether the snapshot was brought back and proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved: Option<bool>,
}

impl Event {
    /// The verb of a drill.
    pub(super) const DRILL: &str = "drill";
}

/// An event with what it brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Of a save: the packages that changed since the save before.
    pub packages: Vec<PackageChange>,
}

/// What happened, oldest first.
#[derive(Debug)]
pub struct LogOutcome {
    /// The host that asks.
    pub host: String,
    /// The events.
    pub entries: Vec<Entry>,
    /// Where nothing is known of the venv: what the store has of the same path on other hosts, the newest first.
    pub elsewhere: Vec<Chosen>,
}

/// Tells what happened to one venv, or to all.
pub fn log(context: &Context<'_>, site: Option<&Site>) -> Result<LogOutcome, Error> {
    let store = context.open()?;
    let wanted = site.map(|site| context.venv_id(site));
    let catalog = store.snapshots.catalog()?;
    let orders = catalog.snapshots.iter();
    let orders: HashMap<SnapshotId, Timestamp> =
        orders.map(|(id, one)| (*id, one.order())).collect();
    let order = |id: &SnapshotId| orders.get(id).copied();
    let events = events(&store, context.monitor)?;
    let mut events = in_order(events, order);
    let packages = packages(context, &store, &catalog.snapshots)?;
    for (id, snapshot) in &catalog.snapshots {
        let id = *id;
        let known = |(_, event): &(Timestamp, Event)| event.incident == Some(id);
        let verb = if snapshot.is_save() {
            "save"
        } else {
            "restore"
        };
        if snapshot.completes.is_some() || !snapshot.is_save() && events.iter().any(known) {
            continue;
        }
        let event = Event {
            time: snapshot.created,
            verb: verb.to_owned(),
            venv: snapshot.venv.clone(),
            snapshot: snapshot.replaced_by.unwrap_or(id),
            incident: (verb == "restore").then_some(id),
            label: snapshot.label.clone().map(String::from),
            changed: None,
            took_ms: None,
            lacks: Vec::new(),
            file_system: None,
            proved: None,
        };
        events.push((snapshot.order(), event));
    }
    events.sort_by_key(|(order, _)| *order);
    let mut events: Vec<Event> = events.into_iter().map(|(_, event)| event).collect();
    events.retain(|event| wanted.as_ref().is_none_or(|venv| event.venv == *venv));
    let entry = |event: Event| Entry {
        packages: if event.verb == "save" {
            packages.get(&event.snapshot).cloned().unwrap_or_default()
        } else {
            Vec::new()
        },
        event,
    };
    let unknown = wanted.as_ref().filter(|_| events.is_empty());
    Ok(LogOutcome {
        host: context.host.clone(),
        elsewhere: unknown.map_or_else(Vec::new, |venv| catalog.on_other_hosts(venv)),
        entries: events.into_iter().map(entry).collect(),
    })
}

/// Gives events their places in time, as snapshots have them: none before what happened to its venv earlier, whatever
/// the clock said. An event without an incident snapshot keeps its own time, unless what it restored, or the event of
/// its venv before it, is later.
fn in_order(
    events: Vec<Event>,
    order: impl Fn(&SnapshotId) -> Option<Timestamp>,
) -> Vec<(Timestamp, Event)> {
    let mut last: HashMap<VenvId, Timestamp> = HashMap::new();
    let place = |event: Event| {
        let before = last.get(&event.venv).copied();
        let made = event.incident.as_ref().and_then(&order);
        let restored = order(&event.snapshot).filter(|_| event.incident.is_none());
        let place = made.unwrap_or_else(|| {
            let earlier = [before, restored].into_iter().flatten();
            earlier.fold(event.time, Timestamp::max)
        });
        last.insert(event.venv.clone(), place);
        (place, event)
    };
    events.into_iter().map(place).collect()
}

/// The events that the index knows, in the order in which they were written.
pub(super) fn events(store: &Store, monitor: &dyn Monitor) -> Result<Vec<Event>, Error> {
    let texts = store.index.log_events(monitor)?;
    let event = |text: &String| serde_json::from_str(text).ok();
    Ok(texts.iter().filter_map(event).collect())
}

/// Of each save: the packages that changed since the save of the same venv before it.
pub(super) fn packages(
    context: &Context<'_>,
    store: &Store,
    snapshots: &[(SnapshotId, Snapshot)],
) -> Result<HashMap<SnapshotId, Vec<PackageChange>>, Error> {
    let mut last: HashMap<VenvId, (Option<Digest>, Audit)> = HashMap::new();
    let mut found = HashMap::new();
    for (id, snapshot) in snapshots.iter().filter(|(_, snapshot)| snapshot.is_save()) {
        let before = last.get(&snapshot.venv);
        if before.is_some_and(|(document, _)| *document == snapshot.document) {
            continue;
        }
        let chosen = Chosen {
            id: *id,
            snapshot: snapshot.clone(),
        };
        let Some(audit) = document(context, store, &chosen)?.audit else {
            continue;
        };
        if let Some((_, before)) = before {
            found.insert(*id, versions(&before.packages, &audit.packages));
        }
        last.insert(snapshot.venv.clone(), (snapshot.document, audit));
    }
    Ok(found)
}

/// Writes an event down. That it cannot be written hurts nothing but the log, and is a warning.
pub(super) fn record(store: &Store, event: &Event, monitor: &dyn Monitor) {
    let text = serde_json::to_string(event).unwrap_or_default();
    store.index.append_log(&text, monitor);
}
