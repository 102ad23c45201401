//! The roll: which snapshot files there should be, so that one which somebody deleted is missed. A snapshot is named by its own file alone;
//! that it was there is told by its pin, which is truth, and by lines of the log, which are lost with the index (promise 6) and then
//! written anew by the next full verify.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Store;
use super::catalog::LOST;
use super::error::Error;
use super::files::Area;
use crate::model::SnapshotId;
use crate::monitor::Monitor;

/// A line of the log that tells of no event: from here on some snapshots should be there, or need not be any more.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Vec<SnapshotId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<SnapshotId>,
}

impl Store {
    /// Notes that these snapshots should be there. After their files are: a crash in between leaves one that is not missed, and never one
    /// that is missed and was never there.
    pub(crate) fn note_kept(&self, ids: &[SnapshotId], monitor: &dyn Monitor) {
        let kept = ids.to_vec();
        self.note(
            &Line {
                kept,
                ..Line::default()
            },
            monitor,
        );
    }

    /// Notes that these snapshots were given up on purpose.
    pub(crate) fn note_gone(&self, ids: &[SnapshotId], monitor: &dyn Monitor) {
        let gone = ids.to_vec();
        self.note(
            &Line {
                gone,
                ..Line::default()
            },
            monitor,
        );
    }

    fn note(&self, line: &Line, monitor: &dyn Monitor) {
        if !(line.kept.is_empty() && line.gone.is_empty()) {
            self.append_log(&serde_json::to_string(line).unwrap_or_default(), monitor);
        }
    }

    /// The snapshots that were noted and not given up since.
    pub(crate) fn noted(&self, monitor: &dyn Monitor) -> Result<BTreeSet<SnapshotId>, Error> {
        let mut noted = BTreeSet::new();
        for text in self.log_events(monitor)? {
            let Ok(line) = serde_json::from_str::<Line>(&text) else {
                continue;
            };
            noted.extend(line.kept);
            for id in &line.gone {
                noted.remove(id);
            }
        }
        Ok(noted)
    }

    /// The snapshots that are pinned or noted, and of which there is no file any more, not even a damaged one.
    pub(crate) fn missing(&self, monitor: &dyn Monitor) -> Result<Vec<SnapshotId>, Error> {
        let mut missing = self.noted(monitor)?;
        missing.extend(self.pins()?);
        // The first again in the end: one may be on its way between the others.
        for area in [
            Area::Snapshots,
            Area::Forgotten,
            Area::Quarantine,
            Area::Snapshots,
        ] {
            if missing.is_empty() {
                break;
            }
            for name in self.files.names(area)? {
                let name = name.strip_prefix(LOST).unwrap_or(&name);
                if let Ok(id) = SnapshotId::from_hex(name) {
                    missing.remove(&id);
                }
            }
        }
        Ok(missing.into_iter().collect())
    }
}
