//! `cache quarantine` and `cache release`: bad entries go whole, nothing is deleted, and all comes back.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::support::cached::{build, files, put_body};
use crate::support::faults::skipped;
use crate::support::index::{Index, PLAIN};
use crate::support::pips::{self, Pip};
use crate::support::{Sandbox, tools};

/// A cache of the newest pip with two packages, of which one is bad.
fn hurt(sandbox: &Sandbox) -> Option<(Pip, Index)> {
    let pip = pips::some().pop()?;
    let wheel = build(&sandbox.path("wheels"), "ant");
    build(&sandbox.path("wheels"), "bee");
    let index = Index::serve(&sandbox.path("wheels"), PLAIN);
    for name in ["ant", "bee"] {
        pip.download(sandbox, &index, name);
    }
    let old = fs::read(&wheel).unwrap();
    put_body(&sandbox.path(".cache/pip"), &old, &vec![7; old.len()]);
    Some((pip, index))
}

fn cached(sandbox: &Sandbox) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files = files(&sandbox.path(".cache/pip"));
    files
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn a_bad_pair_of_pip_goes_whole_and_comes_back_to_the_byte() {
    let sandbox = Sandbox::new();
    let Some((pip, index)) = hurt(&sandbox) else {
        return;
    };
    let before = cached(&sandbox);
    let dry = sandbox.json(0, &["cache", "quarantine", "-n"]);
    assert_eq!(
        (&dry["dry_run"], &dry["bad"][0]["package"]),
        (&true.into(), &"ant".into()),
        "{dry}"
    );
    assert_eq!(cached(&sandbox), before);
    assert!(!sandbox.path("store").exists());
    // A good entry is never touched, whoever names it.
    sandbox.ok(&["cache", "quarantine", "bee"]);
    assert_eq!(cached(&sandbox), before);
    let moved = sandbox.json(0, &["cache", "quarantine", "ant"]);
    assert_eq!(moved["bad"].as_array().unwrap().len(), 1, "{moved}");
    let id = moved["bad"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(cached(&sandbox).len(), before.len() - 2);
    let store = sandbox.path("store/quarantine/caches").join(&id);
    assert_eq!(fs::read_dir(store).unwrap().count(), 3);
    sandbox.ok(&["cache", "check"]);
    sandbox.ok(&["verify"]);
    let listed = sandbox.json(0, &["cache", "release"]);
    assert_eq!(listed["listed"][0]["id"], id.as_str(), "{listed}");
    // Back to the byte.
    let released = sandbox.json(0, &["cache", "release", "ant"]);
    assert_eq!(released["released"][0]["id"], id.as_str(), "{released}");
    assert_eq!(cached(&sandbox), before);
    assert!(!sandbox.path("store/quarantine/caches").join(&id).exists());
    // pip fetches it anew, and what it made since is not overwritten.
    sandbox.ok(&["cache", "quarantine"]);
    fs::remove_dir_all(sandbox.path("downloaded")).unwrap();
    pip.download(&sandbox, &index, "ant");
    let good = cached(&sandbox);
    let refused = sandbox.code(3, &["cache", "release", "--all"]);
    assert!(refused.stdout.contains("has been made since"), "{refused}");
    assert!(refused.stderr.contains("--force"), "{refused}");
    assert_eq!(cached(&sandbox), good);
    let forced = sandbox.json(0, &["cache", "release", "ant", "--force"]);
    assert_eq!(forced["exchanged"].as_array().unwrap().len(), 1, "{forced}");
    assert_eq!(cached(&sandbox).len(), before.len());
    sandbox.code(1, &["cache", "check"]);
    let text = sandbox.ok(&["cache", "release"]);
    assert!(text.stdout.contains("ant 1.0: of pip in"), "{text}");
    sandbox.code(2, &["cache", "release", "cat"]);
}

#[test]
fn another_file_system_takes_entries_as_well() {
    let shm = Path::new("/dev/shm");
    let sandbox = Sandbox::new();
    let dev = |path: &Path| fs::metadata(path).map(|meta| meta.dev()).ok();
    if dev(shm).is_none() || dev(shm) == dev(sandbox.root()) {
        return skipped(1, "no second file system");
    }
    if hurt(&sandbox).is_none() {
        return;
    }
    let store = tempfile::Builder::new()
        .prefix("venv-snap-test.")
        .tempdir_in(shm)
        .unwrap();
    let store = store.path().join("store");
    let before = cached(&sandbox);
    let args = ["--store", store.to_str().unwrap()];
    sandbox.ok(&[&["cache", "quarantine"], &args[..]].concat());
    sandbox.ok(&["cache", "check"]);
    sandbox.ok(&[&["cache", "release", "--all"], &args[..]].concat());
    sandbox.code(1, &["cache", "check"]);
    assert_eq!(cached(&sandbox), before);
    assert_eq!(files(&store.join("quarantine")).len(), 0);
}

#[test]
fn an_archive_of_uv_goes_with_all_that_points_to_it_under_the_lock_of_uv() {
    let Some(uv) = tools::find("uv") else { return };
    let sandbox = Sandbox::new();
    build(&sandbox.path("wheels"), "ant");
    build(&sandbox.path("wheels"), "bee");
    let index = Index::serve(&sandbox.path("wheels"), PLAIN);
    super::unpacked::uv_install(&sandbox, &uv, &index, "one");
    let cache = sandbox.path("cache/uv");
    let core = |name: &str| {
        let found = files(&cache).into_iter();
        found
            .filter(|path| path.ends_with(format!("{name}/core.py")))
            .collect::<Vec<_>>()
    };
    fs::write(&core("ant")[0], b"").unwrap();
    let quarantine = [
        "cache",
        "quarantine",
        "--cache",
        cache.to_str().unwrap(),
        "--lock-wait",
        "0",
    ];
    let lock = fs::File::open(cache.join(".lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockShared).unwrap();
    sandbox.code(11, &quarantine);
    assert_eq!(core("ant").len(), 1);
    drop(lock);
    let moved = sandbox.json(0, &quarantine);
    assert_eq!(
        moved["bad"][0]["parts"].as_array().unwrap().len(),
        4,
        "{moved}"
    );
    assert!(core("ant").is_empty());
    assert_eq!(core("bee").len(), 1);
    // uv fetches it anew.
    super::unpacked::uv_install(&sandbox, &uv, &index, "two");
    assert!(fs::metadata(&core("ant")[0]).unwrap().len() > 0);
    sandbox.ok(&["cache", "check", "--cache", cache.to_str().unwrap()]);
    sandbox.code(3, &["cache", "release", "ant"]);
    sandbox.ok(&["cache", "release", "ant", "--force"]);
    sandbox.code(1, &["cache", "check", "--cache", cache.to_str().unwrap()]);
}
