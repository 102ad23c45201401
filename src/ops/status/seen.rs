//! What the last look at a venv told: kept in the index, beside the stat cache of the venv. It is a cache. Where it is
//! lost, the venv is compared anew, and only since when it stands as it does is forgotten.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, Health};
use crate::model::{Audit, Digest, PackageChange, Snapshot, VenvId};
use crate::ops::context::Context;
use crate::store::Store;

/// A key of the index with the bytes that it shall keep.
pub(in crate::ops) type Row = (String, Vec<u8>);

/// What a comparison with a baseline told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Verdict {
    pub(super) health: Health,
    pub(super) damaged: u64,
    pub(super) drifted: u64,
    pub(super) packages: Vec<PackageChange>,
    pub(super) cause: Option<Cause>,
}

/// The comparison that a verdict comes from: it holds as long as both sides stay as they are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Compared {
    /// The tree of the baseline.
    pub(super) root: Digest,
    /// The states of all entries of the venv.
    pub(super) fingerprint: Digest,
    /// Whether the interpreter answered when the baseline was saved.
    pub(super) had_python: bool,
    pub(super) verdict: Verdict,
}

/// What is known of a venv.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) health: Health,
    /// The first look that found it standing so.
    pub(super) since: Timestamp,
    pub(super) compared: Option<Compared>,
}

impl Verdict {
    /// That of a venv that is its baseline.
    pub(super) fn sound() -> Self {
        Self {
            health: Health::Sound,
            damaged: 0,
            drifted: 0,
            packages: Vec::new(),
            cause: None,
        }
    }
}

impl Seen {
    /// What the last look told; none where there was none.
    pub(super) fn load(context: &Context<'_>, store: &Store, venv: &VenvId) -> Option<Self> {
        let bytes = store.index.stat_cache(&key(venv), context.monitor);
        serde_json::from_slice(&bytes.ok()??).ok()
    }

    /// The key and the bytes under which the index keeps it.
    pub(super) fn row(&self, venv: &VenvId) -> Row {
        (key(venv), serde_json::to_vec(self).unwrap_or_default())
    }
}

/// The key of this in the index. The key of the stat cache is the same without the word, and the two cannot be
/// confused: no host's name has a NUL.
fn key(venv: &VenvId) -> String {
    format!("status\0{}", Context::cache_key(venv))
}

/// What a save of a whole venv tells of it, as a row of the index; none where it tells nothing new, or nothing.
pub(in crate::ops) fn note_saved(
    context: &Context<'_>,
    store: &Store,
    snapshot: &Snapshot,
    fingerprint: Option<Digest>,
    audit: &Audit,
) -> Option<Row> {
    let compared = Compared {
        root: snapshot.root,
        fingerprint: fingerprint.filter(|_| snapshot.baseline)?,
        had_python: had_python(audit),
        verdict: Verdict::sound(),
    };
    let before = Seen::load(context, store, &snapshot.venv);
    let was_sound = before.as_ref().filter(|seen| seen.health == Health::Sound);
    let seen = Seen {
        health: Health::Sound,
        since: was_sound.map_or(context.now, |seen| seen.since),
        compared: Some(compared),
    };
    (before.as_ref() != Some(&seen)).then(|| seen.row(&snapshot.venv))
}

/// Whether the interpreter answered when an audit was made.
pub(super) fn had_python(audit: &Audit) -> bool {
    audit
        .interpreter
        .as_ref()
        .is_some_and(|python| python.alive)
}
