//! Stores for unit tests.

use std::time::Duration;

use super::Store;
use crate::model::{Digest, Snapshot};
use crate::monitor::Silent;

/// A new store, in a directory that goes with it.
pub(super) struct Trial {
    pub(super) scratch: tempfile::TempDir,
    pub(super) store: Store,
    pub(super) monitor: Silent,
}

impl Trial {
    pub(super) fn new() -> Self {
        let (scratch, monitor) = (tempfile::tempdir().unwrap(), Silent::default());
        let path = scratch.path().join("store");
        Store::create(&path, Duration::ZERO, &monitor).unwrap();
        let store = Store::open(&path, Duration::ZERO, &monitor).unwrap();
        Self {
            scratch,
            store,
            monitor,
        }
    }
}

/// A snapshot of a tree.
pub(super) fn snapshot(root: Digest, writer: &str) -> Snapshot {
    let text = serde_json::json!({
        "format": 1, "purpose": "save", "venv": {"host": "h", "path": "/v"}, "created": "2026-01-01T00:00:00Z",
        "baseline": true, "root": root, "writer": writer,
        "totals": {"files": 3, "dirs": 300, "symlinks": 0, "special": 0, "bytes": 0},
    });
    serde_json::from_value(text).unwrap()
}
