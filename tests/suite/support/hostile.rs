//! Tars that are imported in a sandbox of their own.

use std::fs;

use crate::support::{Run, Sandbox, Tree};

/// How many snapshots there are.
pub(crate) fn snapshots(sandbox: &Sandbox) -> usize {
    fs::read_dir(sandbox.path("store/snapshots")).map_or(0, Iterator::count)
}

/// Imports a tar in a sandbox of its own, where nothing but the store may change.
#[track_caller]
fn import(tar: &[u8]) -> (Run, usize) {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("outside")).unwrap();
    fs::write(sandbox.path("outside/canary"), b"alive").unwrap();
    fs::write(sandbox.path("x.tar"), tar).unwrap();
    let look = || {
        let mut tree = Tree::of(sandbox.root());
        tree.0.retain(|path, _| !path.starts_with("store"));
        tree.0.remove(std::path::Path::new(""));
        tree
    };
    let before = look();
    let run = sandbox.snap(&["import", "x.tar", "--venv", "venv"]);
    before.assert_same(&look(), "outside of the store");
    assert!(!run.stderr.contains("panicked"), "{run}");
    let left = fs::read_dir(sandbox.path("store/tmp")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "{run}");
    (run, snapshots(&sandbox))
}

/// Imports a tar that must be refused, for this reason.
#[track_caller]
pub(crate) fn refuse(words: &str, tar: &[u8]) {
    let (run, snapshots) = import(tar);
    assert_eq!((run.code, snapshots), (3, 0), "{run}");
    assert!(run.stderr.contains(words), "wanted '{words}': {run}");
}

/// Imports a tar that must be taken, as one snapshot.
#[track_caller]
pub(crate) fn take(tar: &[u8]) {
    let (run, snapshots) = import(tar);
    assert_eq!((run.code, snapshots), (0, 1), "{run}");
}
