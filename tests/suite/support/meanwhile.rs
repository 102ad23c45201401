//! A restore, and what happens to its venv meanwhile.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::faults::{can_trace, needs_root};
use crate::support::mounts::Mount;
use crate::support::{Run, Sandbox, Tree, venv};

/// A saved venv with one file missing; the good tree.
pub(crate) fn hurt_venv() -> (Sandbox, Tree) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    (sandbox, good)
}

/// Restores, held up at a call, while `meddle` runs.
pub(crate) fn restore_while(sandbox: &Sandbox, slow: &str, meddle: impl FnOnce()) -> Run {
    let run = sandbox.held_up(slow, &["restore", "venv"], meddle);
    assert_eq!(run.code, 0, "{run}");
    run
}

/// The content of a file in the newest incident snapshot.
pub(crate) fn in_incident(sandbox: &Sandbox, path: &str) -> String {
    let list = sandbox.json(0, &["list"]);
    let last = list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .rfind(|one| one["purpose"] == "incident")
        .unwrap();
    sandbox
        .ok(&["cat", &format!("{}:{path}", last["id"].as_str().unwrap())])
        .stdout
}

/// The trees that are kept beside the venv.
pub(crate) fn kept(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = fs::read_dir(sandbox.root()).unwrap().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.to_string_lossy().contains(".snap-old-"))
        .collect()
}

/// A saved venv that is a mount point, with a file missing and one too many; the good tree.
pub(crate) fn mounted() -> Option<(Sandbox, Mount, Tree)> {
    if !can_trace() || !needs_root() {
        return None;
    }
    let sandbox = Sandbox::new();
    let mount = Mount::tmpfs(&sandbox.venv(), "size=16m")?;
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    fs::write(sandbox.venv().join("lib/mine"), b"mine\n").unwrap();
    Some((sandbox, mount, good))
}

/// Runs something while a file is written all the time, through a descriptor that was opened before.
pub(crate) fn while_written<T>(path: &Path, run: impl FnOnce() -> T) -> T {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                file.write_all(b"more\n").unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let done = run();
        stop.store(true, Ordering::Relaxed);
        done
    })
}
