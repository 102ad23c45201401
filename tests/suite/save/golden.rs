//! Every store that a released format wrote is read for ever (promise 1).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::support::Sandbox;

/// Copies a golden store to where it can be used: git keeps neither empty directories nor modes.
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            unpack(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// One line for each entry of a tree, as in `fixtures/stores/*.txt`.
fn lines(id: &str, root: &Path, dir: &Path, found: &mut BTreeSet<String>) {
    let meta = fs::symlink_metadata(dir).unwrap();
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let (kind, size, what) = if meta.is_symlink() {
        (
            "link",
            0,
            hex(&fs::read_link(dir).unwrap().into_os_string().into_vec()),
        )
    } else if meta.is_dir() {
        ("dir", 0, "-".to_owned())
    } else {
        let content = fs::read(dir).unwrap();
        (
            "file",
            meta.len(),
            blake3::hash(&content).to_hex().to_string(),
        )
    };
    let path = hex(dir.strip_prefix(root).unwrap().as_os_str().as_bytes());
    found.insert(format!(
        "{id} {kind} {:04o} {size} {}.{:09} {what} {path}",
        meta.mode() & 0o7777,
        meta.mtime(),
        meta.mtime_nsec(),
    ));
    if meta.is_dir() {
        for entry in fs::read_dir(dir).unwrap() {
            lines(id, root, &entry.unwrap().path(), found);
        }
    }
}

fn golden() -> Vec<PathBuf> {
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stores");
    let mut found: Vec<PathBuf> = fs::read_dir(stores)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

#[test]
fn every_golden_store_lists_verifies_and_restores_what_it_was_given() {
    for (store, with_index) in golden()
        .iter()
        .flat_map(|store| [(store, true), (store, false)])
    {
        let sandbox = Sandbox::new();
        let copy = sandbox.path("store");
        unpack(store, &copy);
        fs::create_dir_all(copy.join("tmp")).unwrap();
        if !with_index {
            fs::remove_file(copy.join("index.db")).unwrap();
        }
        sandbox.ok(&["verify"]);
        let text = fs::read_to_string(store.with_extension("txt")).unwrap();
        let expected: BTreeSet<String> = text.lines().map(str::to_owned).collect();
        let ids: BTreeSet<&str> = expected.iter().map(|line| &line[..8]).collect();
        let listed: BTreeSet<String> = sandbox.ids().iter().map(|id| id[..8].to_owned()).collect();
        assert!(ids.iter().all(|id| listed.contains(*id)), "{listed:?}");
        let mut found = BTreeSet::new();
        for id in ids {
            let out = sandbox.path(id);
            let to = out.to_str().unwrap();
            sandbox.ok(&["restore", "venv", id, "--exact", "--to", to]);
            lines(id, &out, &out, &mut found);
        }
        assert_eq!(found, expected);
        sandbox.ok(&["undelete"]);
    }
}
