//! What a tar of ours says of the snapshot that it was: in the comment of its global header, which every reader
//! passes over.

use super::error::RefusedTar;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Label, Snapshot, SnapshotId, VenvId};

/// What comes before the JSON in the comment.
const MARK: &str = "VENV-SNAP.snapshot ";

/// The longest path of a venv and name of a host that are believed.
const PATH_MAX: usize = 4096;
const HOST_MAX: usize = 255;

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
    /// How long the archive is after this header, before compression.
    #[serde(default)]
    pub(crate) length: u64,
}

impl Origin {
    /// Of a snapshot, in an archive of that length.
    pub(crate) fn of(id: SnapshotId, snapshot: &Snapshot, length: u64) -> Self {
        Self {
            id,
            venv: snapshot.venv.clone(),
            created: snapshot.created,
            label: snapshot.label.clone(),
            note: snapshot.note.clone(),
            length,
        }
    }

    /// What a comment says of it; none where the comment is somebody else's.
    pub(super) fn of_comment(comment: &[u8]) -> Option<Result<Self, RefusedTar>> {
        let json = comment.strip_prefix(MARK.as_bytes())?;
        let origin: Option<Self> = serde_json::from_slice(json).ok();
        let sound = origin.filter(|origin| {
            let path = origin.venv.path();
            path.is_absolute()
                && path.as_os_str().len() <= PATH_MAX
                && origin.venv.host.len() <= HOST_MAX
        });
        Some(sound.ok_or(RefusedTar::Origin))
    }

    /// The comment that carries it.
    pub(crate) fn comment(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{MARK}{json}")
    }
}
