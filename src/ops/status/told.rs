//! What each host last told of its venvs, for all that share the store: by a look of its own, which it leaves in the
//! store (docs/format.md, "Hosts"), or by a save or a restore since, which its snapshots tell.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Health, VenvStatus, newest_baseline};
use crate::model::{Snapshot, VenvId};
use crate::monitor::StoreWarning;
use crate::ops::chosen::Chosen;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::hosts::Hosts;
use crate::store::{Catalog, Store};

/// The file of a host.
#[derive(Default, Serialize, Deserialize)]
struct Told {
    format: u32,
    host: String,
    host_name: String,
    venvs: Vec<Line>,
}

/// What a host told of one venv.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    venv: VenvId,
    state: Health,
    since: Timestamp,
    looked: Timestamp,
    damaged: u64,
    drifted: u64,
}

/// By what something is known of a venv of another host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// That host looked.
    Look,
    /// It was saved then.
    Save,
    /// It was restored then.
    Restore,
}

impl Word {
    /// The word in text and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Save => "save",
            Self::Restore => "restore",
        }
    }
}

/// The last word of another host of one of its venvs.
#[derive(Clone, Debug)]
pub struct HostStatus {
    /// The host.
    pub host: String,
    /// What people call it.
    pub host_name: Option<String>,
    /// Where the venv is.
    pub venv: PathBuf,
    /// How it stood.
    pub health: Health,
    /// When that was, by the clock of that host.
    pub told: Timestamp,
    /// By what it is known.
    pub word: Word,
    /// Since when it stood so, where the host looked.
    pub since: Option<Timestamp>,
    /// How many entries were damaged.
    pub damaged: u64,
    /// How many entries had drifted.
    pub drifted: u64,
    /// Its newest baseline.
    pub baseline: Option<Chosen>,
}

/// Leaves in the store what a look at venvs of this host told; of those that it left out stays what was told before.
/// That it cannot be left there is a warning.
pub(super) fn tell(context: &Context<'_>, store: &Store, venvs: &[VenvStatus], is_all: bool) {
    let mut lines: BTreeMap<PathBuf, Line> = BTreeMap::new();
    if !is_all && let Some(before) = store.told_by(&context.host).ok().flatten() {
        lines = read(&before)
            .into_iter()
            .map(|line| (line.venv.path(), line))
            .collect();
    }
    // What is no venv is nobody's to hear of.
    let venvs = venvs.iter().filter(|one| !one.is_none());
    for one in venvs {
        let line = Line {
            venv: VenvId::new(&context.host, &one.venv),
            state: one.health,
            since: one.since,
            looked: context.now,
            damaged: one.damaged,
            drifted: one.drifted,
        };
        lines.insert(one.venv.clone(), line);
    }
    let told = Told {
        format: 1,
        host: context.host.clone(),
        host_name: context.host_name.clone(),
        venvs: lines.into_values().collect(),
    };
    let told = serde_json::to_vec(&told).unwrap_or_default();
    if let Err(error) = store.tell(&context.host, &told) {
        context.monitor.warn(StoreWarning::NotTold(&error).into());
    }
}

/// What a file tells of the venvs of the host that it names. What cannot be understood tells nothing, nor does what is
/// said of venvs of others.
fn read(bytes: &[u8]) -> Vec<Line> {
    let told: Told = serde_json::from_slice(bytes).unwrap_or_default();
    let mut lines = told.venvs;
    lines.retain(|line| told.format == 1 && line.venv.host == told.host);
    lines
}

/// The last word of each other host of each of its venvs: host by host, the worst first.
pub(super) fn others(
    context: &Context<'_>,
    store: &Store,
    catalog: &Catalog,
) -> Result<Vec<HostStatus>, Error> {
    let hosts = Hosts::of(catalog);
    let mut found: BTreeMap<(String, PathBuf), HostStatus> = BTreeMap::new();
    let mut add = |venv: &VenvId, one: HostStatus| {
        let key = (venv.host.clone(), venv.path());
        if found.get(&key).is_none_or(|known| known.told < one.told) {
            found.insert(key, one);
        }
    };
    for line in store
        .told_by_others(&context.host)?
        .iter()
        .flat_map(|bytes| read(bytes))
    {
        let one = HostStatus {
            health: line.state,
            since: Some(line.since),
            damaged: line.damaged,
            drifted: line.drifted,
            ..unknown(catalog, &hosts, &line.venv, (Word::Look, line.looked))
        };
        add(&line.venv, one);
    }
    for (_, snapshot) in catalog
        .snapshots
        .iter()
        .filter(|(_, one)| one.venv.host != context.host)
    {
        let word = if snapshot.is_save() {
            Word::Save
        } else {
            Word::Restore
        };
        let one = unknown(catalog, &hosts, &snapshot.venv, (word, snapshot.created));
        let one = HostStatus {
            health: health(snapshot, one.baseline.as_ref()),
            damaged: if snapshot.is_save() {
                snapshot.damage
            } else {
                0
            },
            ..one
        };
        add(&snapshot.venv, one);
    }
    found.retain(|(host, _), _| *host != context.host);
    let mut all: Vec<HostStatus> = found.into_values().collect();
    let name = |one: &HostStatus| one.host_name.clone().unwrap_or_else(|| one.host.clone());
    all.sort_by(|a, b| {
        let by_host = name(a).cmp(&name(b)).then_with(|| a.host.cmp(&b.host));
        by_host
            .then_with(|| b.health.cmp(&a.health))
            .then_with(|| a.venv.cmp(&b.venv))
    });
    Ok(all)
}

fn unknown(
    catalog: &Catalog,
    hosts: &Hosts<'_>,
    venv: &VenvId,
    word: (Word, Timestamp),
) -> HostStatus {
    HostStatus {
        host: venv.host.clone(),
        host_name: hosts.name(&venv.host).map(str::to_owned),
        venv: venv.path(),
        health: Health::Unknown,
        told: word.1,
        word: word.0,
        since: None,
        damaged: 0,
        drifted: 0,
        baseline: newest_baseline(catalog, venv),
    }
}

/// How a venv stood when it was saved, or was restored: then it became what another snapshot is.
fn health(snapshot: &Snapshot, baseline: Option<&Chosen>) -> Health {
    if !snapshot.is_save() {
        return match baseline {
            None => Health::Unsaved,
            Some(baseline) if snapshot.replaced_by == Some(baseline.id) => Health::Sound,
            Some(_) => Health::Drifted,
        };
    }
    match (snapshot.baseline, snapshot.damage) {
        (true, _) => Health::Sound,
        (false, 0) => Health::Unknown,
        (false, _) => Health::Damaged,
    }
}
