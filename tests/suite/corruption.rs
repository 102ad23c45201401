//! A flipped bit anywhere in the store is found, named, and never restored (promises 3, 6, 7).

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Sandbox, Tree, venv};

fn only_file(dir: &Path) -> PathBuf {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn flip(path: &Path, bit: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// A saved venv that was removed; its tree.
fn saved() -> (Sandbox, Tree) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    fs::remove_dir_all(sandbox.venv()).unwrap();
    (sandbox, good)
}

/// Restores what it can: all of it the same, or nothing at all.
fn all_or_nothing(sandbox: &Sandbox, good: &Tree, what: &str) -> bool {
    let run = sandbox.snap(&["restore", "venv"]);
    let there = sandbox.venv().exists();
    assert_eq!(run.code == 0, there, "{what}: {run}");
    if there {
        good.assert_same(&Tree::of(&sandbox.venv()), what);
        fs::remove_dir_all(sandbox.venv()).unwrap();
    } else {
        assert!(
            run.stderr.contains("error: ") && matches!(run.code, 3 | 10),
            "{what}: {run}"
        );
        assert!(
            run.stderr.contains("damaged") || run.stderr.contains("lost"),
            "{what}: {run}"
        );
    }
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{what}");
    there
}

#[test]
fn no_flipped_bit_of_a_pack_is_restored() {
    let (sandbox, good) = saved();
    let pack = only_file(&sandbox.path("store/packs"));
    let clean = fs::read(&pack).unwrap();
    let (mut refused, mut healthy) = (0, 0);
    for bit in (0..clean.len() * 8).step_by(clean.len() * 8 / 160) {
        flip(&pack, bit);
        // With the index as it was, and with none, where the pack alone must tell.
        if bit % 3 == 0 {
            fs::remove_file(sandbox.path("store/index.db")).unwrap();
        }
        if all_or_nothing(&sandbox, &good, &format!("bit {bit}")) {
            healthy += 1;
        } else {
            refused += 1;
        }
        fs::write(&pack, &clean).unwrap();
    }
    // A damaged table or header is made good from the frames; a damaged frame is refused.
    assert!(refused > 80, "refused {refused}, healthy {healthy}");
    assert!(all_or_nothing(&sandbox, &good, "mended"));
}

#[test]
fn a_pack_that_is_cut_swapped_or_gone_is_told() {
    let (sandbox, good) = saved();
    let pack = only_file(&sandbox.path("store/packs"));
    let clean = fs::read(&pack).unwrap();
    for len in [0, 1, 20, clean.len() / 2, clean.len() - 1] {
        fs::write(&pack, &clean[..len]).unwrap();
        all_or_nothing(&sandbox, &good, &format!("cut to {len}"));
    }
    fs::remove_file(&pack).unwrap();
    assert!(!all_or_nothing(&sandbox, &good, "gone"));
    // A row of the index whose pack is gone is never trusted: a save stores everything anew.
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_dir_all(sandbox.venv()).unwrap();
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(sandbox.venv().join("bin/tool").exists(), "{run}");
}

#[test]
fn no_flipped_bit_of_a_snapshot_file_passes() {
    let (sandbox, good) = saved();
    let file = only_file(&sandbox.path("store/snapshots"));
    let clean = fs::read(&file).unwrap();
    for bit in (0..clean.len() * 8).step_by(97) {
        flip(&file, bit);
        assert!(!all_or_nothing(&sandbox, &good, &format!("bit {bit}")));
        fs::write(&file, &clean).unwrap();
    }
    assert!(all_or_nothing(&sandbox, &good, "mended"));
}

#[test]
fn no_flipped_bit_of_the_index_matters() {
    let (sandbox, good) = saved();
    let index = sandbox.path("store/index.db");
    let clean = fs::read(&index).unwrap();
    for bit in (0..clean.len() * 8).step_by(clean.len() * 8 / 120) {
        fs::write(&index, &clean).unwrap();
        flip(&index, bit);
        assert!(
            all_or_nothing(&sandbox, &good, &format!("bit {bit}")),
            "bit {bit}"
        );
    }
    for content in [
        b"".as_slice(),
        b"no database at all",
        &clean[..clean.len() / 2],
    ] {
        fs::write(&index, content).unwrap();
        assert!(all_or_nothing(&sandbox, &good, "replaced"));
    }
    fs::remove_file(&index).unwrap();
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(
        run.stderr
            .contains("index of the store is missing; it is rebuilt"),
        "{run}"
    );
    good.assert_same(&Tree::of(&sandbox.venv()), "without an index");
}

#[test]
fn a_stat_cache_that_lies_cannot_spoil_a_save() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    let index = sandbox.path("store/index.db");
    let clean = fs::read(&index).unwrap();
    for bit in (0..clean.len() * 8).step_by(clean.len() * 8 / 60) {
        fs::write(&index, &clean).unwrap();
        flip(&index, bit);
        sandbox.ok(&["save", "venv"]);
        sandbox.ok(&["restore", "venv", "latest", "--to", "out", "--exact"]);
        good.assert_same(&Tree::of(&sandbox.path("out")), &format!("bit {bit}"));
        fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
}

#[test]
fn rebuild_index_reads_the_packs() {
    let (sandbox, good) = saved();
    fs::write(sandbox.path("store/index.db"), b"rubbish").unwrap();
    let rebuilt = sandbox.json(0, &["rebuild-index"]);
    assert_eq!(rebuilt["packs"], 1);
    assert!(rebuilt["objects"].as_u64().unwrap() > 10);
    assert!(all_or_nothing(&sandbox, &good, "rebuilt"));
}
