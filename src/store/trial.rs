//! Stores for unit tests.

use std::sync::Arc;
use std::time::Duration;

use super::Store;
use super::home::{self, Home};
use super::storage::Storage;
use super::storage::memory::MemoryStorage;
use crate::disk::rooted::Rooted;
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
        Store::create_dir(&path, Duration::ZERO, &monitor).unwrap();
        let store = Store::open_dir(&path, Duration::ZERO, &monitor).unwrap();
        Self {
            scratch,
            store,
            monitor,
        }
    }
}

/// A store of which the truth lies in memory: another host that opens the same one, with an index of its own.
pub(super) fn store_in_memory(storage: &Arc<MemoryStorage>) -> Trial {
    store_over(Arc::<MemoryStorage>::clone(storage))
}

/// The same of whatever storage.
pub(super) fn store_over(storage: Arc<dyn Storage>) -> Trial {
    let (scratch, monitor) = (tempfile::tempdir().unwrap(), Silent::default());
    let top = Arc::new(Rooted::open(scratch.path()).unwrap());
    home::make_lock_file(&top).unwrap();
    let home = Home::new(scratch.path(), top, Duration::ZERO, false).unwrap();
    Trial {
        scratch,
        store: Store::new(home, storage),
        monitor,
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

#[test]
fn a_store_whose_truth_lies_elsewhere_gives_back_what_was_saved_to_every_host() {
    let storage = Arc::new(MemoryStorage::default());
    let contents = |number: u32| format!("content {number}").repeat(100).into_bytes();
    let one = store_in_memory(&storage);
    let packer = one.store.packer(&one.monitor).unwrap();
    let files = (0..500).map(|number| (Digest::of(&contents(number)), contents(number)));
    packer.add_files(files).unwrap();
    let tree = packer.add_tree(b"a tree".to_vec()).unwrap();
    packer.finish().unwrap();
    let id = one.store.snapshots.commit(&snapshot(tree, "one")).unwrap();
    one.store.snapshots.pin(id).unwrap();

    let other = store_in_memory(&storage);
    let ids = |store: &Store| -> Vec<_> {
        let catalog = store.snapshots.catalog().unwrap();
        catalog.snapshots.iter().map(|(id, _)| *id).collect()
    };
    assert_eq!(
        (ids(&other.store), other.store.snapshots.pins().unwrap()),
        (vec![id], vec![id])
    );
    other.store.load_objects(&other.monitor).unwrap();
    for number in 0..500 {
        let content = other
            .store
            .objects
            .read(&Digest::of(&contents(number)))
            .unwrap();
        assert_eq!(content, contents(number));
    }
    let scrubbed = other.store.scrub(|_| 1.0, 0, &other.monitor).unwrap();
    assert!(
        scrubbed.flaws.is_empty() && scrubbed.whole.len() == 1,
        "{scrubbed:?}"
    );

    other.store.snapshots.forget(&[id]).unwrap();
    assert_eq!(ids(&one.store), []);
    one.store.snapshots.unforget(&[id]).unwrap();
    assert_eq!(ids(&other.store), [id]);
    drop(other.store);
    let alone = one.store.alone(&one.monitor).unwrap();
    let packs = scrubbed.whole.into_iter().collect::<Vec<_>>();
    alone.delete_packs(&packs).unwrap();
    assert_eq!(one.store.sizes().unwrap()[0], (0, 0));
}
