//! What a tar of ours says of the snapshot that it was: in the comment of its global header, which every reader passes over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Label, Snapshot, SnapshotId, VenvId};

/// What comes before the JSON in the comment.
const MARK: &str = "VENV-SNAP.snapshot ";

/// The descriptive parts of a snapshot file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The snapshot that was exported.
    pub(crate) id: SnapshotId,
    /// Of which venv.
    pub(crate) venv: VenvId,
    /// When it was saved.
    pub(crate) created: Timestamp,
    /// Its label.
    #[serde(default)]
    pub(crate) label: Option<Label>,
    /// Its note.
    #[serde(default)]
    pub(crate) note: Option<String>,
}

impl Origin {
    /// Of a snapshot.
    pub(crate) fn of(id: SnapshotId, snapshot: &Snapshot) -> Self {
        Self {
            id,
            venv: snapshot.venv.clone(),
            created: snapshot.created,
            label: snapshot.label.clone(),
            note: snapshot.note.clone(),
        }
    }

    /// The comment that carries it.
    pub(crate) fn comment(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{MARK}{json}")
    }
}
