//! The header of a store is lost or damaged: `verify --repair` makes it anew, and nothing else does.

use std::fs;
use std::path::PathBuf;

use crate::support::session::Session;
use crate::support::{Sandbox, Tree, venv};

/// A saved venv and the header of its store.
fn saved() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let header = sandbox.path("store/venv-snap.json");
    (sandbox, header)
}

/// The header as it is lost, cut, emptied, and overwritten.
fn losses() -> [Option<&'static [u8]>; 4] {
    [
        None,
        Some(b""),
        Some(b"{\"format\": 1"),
        Some(b"\0\0\0\0\0\0\0\0"),
    ]
}

fn lose(header: &PathBuf, loss: Option<&[u8]>) {
    match loss {
        None => fs::remove_file(header).unwrap(),
        Some(bytes) => fs::write(header, bytes).unwrap(),
    }
}

#[test]
fn a_lost_header_is_made_anew_by_repair_and_only_by_repair() {
    let (sandbox, header) = saved();
    let good = fs::read(&header).unwrap();
    let whole = Tree::of(&sandbox.venv());
    for loss in losses() {
        lose(&header, loss);
        let store = Tree::of(&sandbox.path("store"));
        for args in [
            &["save", "venv"][..],
            &["save", "venv", "--force"],
            &["diff", "venv"],
            &["restore", "venv"],
            &["list"],
            &["verify"],
            &["prune"],
            &["rebuild-index"],
            &["pin", "latest", "--venv", "venv"],
        ] {
            let run = sandbox.code(3, args);
            assert!(run.stderr.contains("has lost its header"), "{args:?} {run}");
            assert!(run.stderr.contains("verify --repair"), "{args:?} {run}");
        }
        store.assert_same(&Tree::of(&sandbox.path("store")), "untouched");
        let seen = sandbox.json(0, &["verify", "--repair"]);
        assert_eq!(seen["repaired"]["header"], true, "{seen}");
        assert_eq!(seen["findings"][0]["file"], "venv-snap.json", "{seen}");
        assert_eq!(fs::read(&header).unwrap(), good, "{loss:?}");
        let seen = sandbox.json(0, &["verify", "--repair"]);
        assert!(seen["repaired"].is_null(), "{seen}");
    }
    lose(&header, None);
    let mut session = Session::new(&sandbox);
    session.run(3, &["list"]);
    session.run(0, &["verify", "--repair"]);
    insta::assert_snapshot!(session.told());
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv"]);
    whole.assert_same(&Tree::of(&sandbox.venv()), "restored with the new header");
}

#[test]
fn repair_makes_no_store_of_what_is_none() {
    let sandbox = Sandbox::new();
    let store = sandbox.path("store");
    sandbox.code(10, &["verify", "--repair"]);
    assert!(!store.exists());
    for names in [&[][..], &["packs"], &["snapshots", "tmp"], &["index.db"]] {
        fs::create_dir_all(&store).unwrap();
        for name in names {
            fs::create_dir(store.join(name)).unwrap();
        }
        let before = Tree::of(&store);
        sandbox.code(10, &["verify", "--repair"]);
        before.assert_same(&Tree::of(&store), "left alone");
        fs::remove_dir_all(&store).unwrap();
    }
    // Nor does a save in a directory that holds packs of another kind.
    fs::create_dir_all(store.join("packs/other")).unwrap();
    venv::tiny(&sandbox.venv());
    let run = sandbox.code(3, &["save", "venv"]);
    assert!(run.stderr.contains("is not empty and no store"), "{run}");
    fs::remove_dir_all(&store).unwrap();
    // Nor where a file of that name lies among the things of somebody else.
    fs::create_dir_all(&store).unwrap();
    fs::write(store.join("venv-snap.json"), b"notes").unwrap();
    sandbox.code(10, &["verify", "--repair"]);
    assert_eq!(fs::read(store.join("venv-snap.json")).unwrap(), b"notes");
}

#[test]
fn a_store_with_anything_of_another_version_keeps_its_header_lost() {
    // Only the header could say what a newer version needs.
    let (sandbox, header) = saved();
    let newer = |area: &str, bytes: &[u8]| {
        let name = blake3::hash(bytes).to_hex().to_string();
        let path = sandbox.path("store").join(area).join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut pack = b"VSNAPACK".to_vec();
    pack.extend(2_u32.to_le_bytes());
    pack.resize(200, 0);
    let files = fs::read_dir(sandbox.path("store/snapshots")).unwrap();
    let snapshot = fs::read_to_string(files.into_iter().next().unwrap().unwrap().path()).unwrap();
    let snapshot = snapshot.replacen("\"format\": 1", "\"format\": 2", 1);
    for (area, bytes) in [("packs", &pack[..]), ("snapshots", snapshot.as_bytes())] {
        let path = newer(area, bytes);
        fs::remove_file(&header).unwrap();
        let run = sandbox.code(3, &["verify", "--repair"]);
        assert!(run.stderr.contains("newer version"), "{area}: {run}");
        assert!(!header.exists(), "{area}: {run}");
        fs::remove_file(path).unwrap();
        sandbox.ok(&["verify", "--repair"]);
    }
    // Nor is a header replaced that says so itself.
    let text = b"{\"format\": 2, \"features\": []}";
    fs::write(&header, text).unwrap();
    sandbox.code(3, &["verify", "--repair"]);
    assert_eq!(fs::read(&header).unwrap(), text);
}

#[test]
fn a_header_and_a_pack_that_are_both_damaged_are_both_mended() {
    let (sandbox, header) = saved();
    fs::write(&header, b"").unwrap();
    let pack = fs::read_dir(sandbox.path("store/packs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&pack).unwrap();
    bytes[3] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let seen = sandbox.json(0, &["verify", "--repair"]);
    assert_eq!(seen["repaired"]["header"], true, "{seen}");
    sandbox.ok(&["verify"]);
    sandbox.ok(&["diff", "venv"]);
}
