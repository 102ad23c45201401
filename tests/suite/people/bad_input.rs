//! What cannot be done says so, with the right code and a hint, and changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::faults::{is_root, needs_root};
use crate::support::mounts::Mount;
use crate::support::session::Session;
use crate::support::{Sandbox, Tree, venv};

#[track_caller]
fn refused(sandbox: &Sandbox, code: i32, args: &[&str], words: &str) {
    let run = sandbox.code(code, args);
    assert!(
        run.stderr.contains("error: ") && run.stderr.contains("hint: "),
        "{run}"
    );
    assert!(run.stderr.contains(words), "'{words}' in {run}");
    assert_eq!(run.stdout, "", "{run}");
}

#[test]
fn save_of_what_is_no_venv_is_refused_and_makes_no_store() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("empty")).unwrap();
    fs::write(sandbox.path("file"), b"x").unwrap();
    refused(&sandbox, 3, &["save", "nowhere"], "there is no");
    refused(&sandbox, 3, &["save", "no/where"], "does not exist");
    refused(&sandbox, 3, &["save", "file"], "is no directory");
    refused(&sandbox, 3, &["save", "empty"], "is no venv");
    refused(&sandbox, 2, &["save"], "no venv is named");
    assert!(!sandbox.path("store").exists());
}

#[test]
fn store_and_venv_inside_one_another_are_refused() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    refused(
        &sandbox,
        3,
        &["save", "venv", "--store", "venv/store"],
        "inside one another",
    );
    refused(
        &sandbox,
        3,
        &["save", "venv", "--store", "."],
        "inside one another",
    );
    assert!(!sandbox.venv().join("store").exists());
}

#[test]
fn a_directory_that_is_no_store_is_not_made_one() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    fs::create_dir(sandbox.path("store")).unwrap();
    fs::write(sandbox.path("store/letter"), b"dear").unwrap();
    refused(&sandbox, 3, &["save", "venv"], "no store");
    assert_eq!(fs::read_dir(sandbox.path("store")).unwrap().count(), 1);
}

#[test]
fn a_store_in_which_others_may_write_is_refused() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::set_permissions(sandbox.path("store"), fs::Permissions::from_mode(0o777)).unwrap();
    refused(&sandbox, 3, &["list"], "cannot be trusted");
}

#[test]
fn the_store_is_private_whatever_the_umask() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let mut command = std::process::Command::new("sh");
    sandbox.dress(&mut command);
    let script = format!(
        "umask 0; exec '{}' save venv --pin",
        env!("CARGO_BIN_EXE_snap")
    );
    assert!(command.args(["-c", &script]).status().unwrap().success());
    for (path, record) in Tree::of(&sandbox.path("store")).0 {
        let want = if record.kind == "directory" {
            0o700
        } else {
            0o600
        };
        assert_eq!(record.mode, want, "{}", path.display());
    }
}

#[test]
fn a_newer_store_is_refused() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::write(
        sandbox.path("store/venv-snap.json"),
        br#"{"format":2,"features":[]}"#,
    )
    .unwrap();
    refused(&sandbox, 3, &["list"], "newer version");
    fs::write(
        sandbox.path("store/venv-snap.json"),
        br#"{"format":1,"features":["encrypted"]}"#,
    )
    .unwrap();
    refused(&sandbox, 3, &["list"], "newer version");
    fs::write(sandbox.path("store/venv-snap.json"), b"{").unwrap();
    refused(&sandbox, 3, &["list"], "damaged");
}

#[test]
fn a_pack_of_a_newer_format_is_refused() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let dir = sandbox.path("store/packs");
    let pack = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&pack).unwrap();
    bytes[8] = 2;
    fs::remove_file(&pack).unwrap();
    fs::write(dir.join(blake3::hash(&bytes).to_hex().as_str()), bytes).unwrap();
    refused(
        &sandbox,
        3,
        &["restore", "venv", "--to", "out"],
        "newer version",
    );
}

#[test]
fn a_mount_inside_a_venv_is_named_and_never_crossed() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::create_dir(sandbox.path("other")).unwrap();
    fs::write(sandbox.path("other/precious"), b"x").unwrap();
    fs::create_dir(sandbox.venv().join("data")).unwrap();
    // A bind mount of the same file system: only the mount itself tells it apart.
    let Some(_mount) = Mount::bind(&sandbox.path("other"), &sandbox.venv().join("data")) else {
        return;
    };
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    for verb in [
        &["diff", "venv", "--json"][..],
        &["restore", "venv", "--json"],
        &["restore", "venv", "--force", "--json"],
        &["undo", "venv", "--json"],
        &["save", "venv", "--force", "--json"],
        &["check", "venv", "--json"],
        &["restore", "venv", "--exact", "--json"],
    ] {
        let run = sandbox.snap(verb);
        assert!(run.code <= 1, "{verb:?}: {run}");
        assert!(
            run.stdout.contains("data") || run.stderr.contains("data"),
            "{verb:?}: {run}"
        );
        let inside = fs::read(sandbox.venv().join("data/precious"));
        assert_eq!(inside.unwrap(), b"x", "{verb:?}: {run}");
    }
    assert_eq!(fs::read(sandbox.path("other/precious")).unwrap(), b"x");
}

/// A mount over all packages hides whether there is any: an empty snapshot would have been a baseline.
#[test]
fn a_mount_over_the_packages_is_looked_at_by_nobody_and_so_told() {
    if !needs_root() {
        return;
    }
    for over in ["lib", "lib/python3.11", venv::SITE] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        fs::create_dir(sandbox.path("other")).unwrap();
        let Some(mount) = Mount::bind(&sandbox.path("other"), &sandbox.venv().join(over)) else {
            return;
        };
        refused(&sandbox, 3, &["save", "venv"], over);
        let saved = sandbox.json(3, &["save", "venv", "--force"]);
        assert_eq!(saved["snapshot"]["baseline"], false, "{saved}");
        let check = sandbox.json(3, &["check", "venv"]);
        assert_eq!(check["unread"][0]["path"], over, "{check}");
        let diff = sandbox.json(3, &["diff", "venv", "latest"]);
        assert_eq!(diff["unread"][0]["path"], over, "{diff}");
        drop(mount);
        sandbox.ok(&["save", "venv"]);
    }
}

#[test]
fn unknown_ambiguous_and_foreign_snapshots_are_told_apart() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    refused(&sandbox, 10, &["diff", "venv"], "there is no store");
    sandbox.ok(&["save", "venv", "--label", "prod"]);
    venv::tiny(&sandbox.path("other"));
    refused(&sandbox, 10, &["diff", "other"], "has no baseline");
    refused(&sandbox, 10, &["restore", "other"], "has no baseline");
    refused(
        &sandbox,
        10,
        &["restore", "other", "latest"],
        "there is no snapshot 'latest'",
    );
    refused(
        &sandbox,
        10,
        &["restore", "other", "@prod"],
        "there is no snapshot '@prod'",
    );
    refused(
        &sandbox,
        10,
        &["restore", "venv", "@nope"],
        "there is no snapshot",
    );
    refused(
        &sandbox,
        10,
        &["restore", "venv", "latest~1"],
        "there is no snapshot",
    );
    refused(
        &sandbox,
        10,
        &["show", "0000000000"],
        "there is no snapshot",
    );
    let bad = sandbox.code(2, &["restore", "venv", "xyz"]);
    assert!(bad.stderr.contains("is no snapshot"), "{bad}");
    // By its id, another venv's snapshot may be restored here: adapted to the place.
    let id = &sandbox.ids()[0];
    fs::remove_dir_all(sandbox.path("other")).unwrap();
    sandbox.ok(&["restore", "other", &id[..12]]);
    assert!(sandbox.path("other/pyvenv.cfg").exists());
}

#[test]
fn a_damaged_snapshot_file_is_named_and_never_meant() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids()[0].clone();
    let twin = format!("{}{}", &id[..8], "0".repeat(56));
    let dir = sandbox.path("store/snapshots");
    fs::copy(dir.join(&id), dir.join(&twin)).unwrap();
    let mut session = Session::new(&sandbox);
    session.run(3, &["list"]);
    // The whole one is meant where both fit.
    sandbox.ok(&["show", &id[..8]]);
    session.run(3, &["show", &twin]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn a_prefix_that_fits_several_snapshots_lists_them() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids()[0].clone();
    let dir = sandbox.path("store/snapshots");
    let text = fs::read_to_string(dir.join(&id)).unwrap();
    // A snapshot is named by its content, so one with the same first digits is found by trying notes.
    let twin = (0..10_000_000)
        .map(|n| text.replace("\"note\": null", &format!("\"note\": \"{n}\"")))
        .find(|text| blake3::hash(text.as_bytes()).to_hex()[..4] == id[..4])
        .unwrap();
    fs::write(
        dir.join(blake3::hash(twin.as_bytes()).to_hex().as_str()),
        twin,
    )
    .unwrap();
    let run = sandbox.code(2, &["restore", "venv", &id[..4]]);
    assert!(
        run.stderr.contains("could be any of") && run.stderr.contains(&id[..16]),
        "{run}"
    );
    sandbox.ok(&["restore", "venv", &id[..40]]);
}

#[test]
fn an_incident_snapshot_is_never_latest_and_never_the_default() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let save = sandbox.ids()[0].clone();
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    sandbox.ok(&["restore", "venv"]);
    assert_eq!(sandbox.ids().len(), 2);
    let show = sandbox.json(0, &["show", "latest", "--venv", "venv"]);
    assert_eq!(show["snapshot"]["id"], save.as_str());
    sandbox.code(10, &["show", "latest~1", "--venv", "venv"]);
    let diff = sandbox.json(0, &["diff", "venv"]);
    assert_eq!(diff["snapshot"]["id"], save.as_str());
}

#[test]
fn a_save_that_is_not_whole_is_no_baseline_and_is_passed_over_aloud() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    if is_root() {
        return crate::support::faults::skipped(1, "root can read everything");
    }
    fs::set_permissions(
        sandbox.venv().join("bin/tool"),
        fs::Permissions::from_mode(0o000),
    )
    .unwrap();
    refused(&sandbox, 3, &["save", "venv"], "cannot read");
    sandbox.ok(&["save", "venv", "--force"]);
    let run = sandbox.code(3, &["diff", "venv"]);
    assert!(run.stdout.contains("no baseline"), "{run}");
}

#[test]
fn what_stands_where_a_restore_would_build_is_named_and_left_alone() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::write(sandbox.path("venv/pyvenv.cfg"), b"").unwrap();
    fs::create_dir(sandbox.path(".venv.snap-restore-staging")).unwrap();
    fs::write(sandbox.path(".venv.snap-restore-staging/mine"), b"x").unwrap();
    let before = Tree::of(&sandbox.path("."));
    refused(&sandbox, 3, &["restore", "venv"], "is in the way");
    let beside = |tree: &Tree| {
        let mine = tree.0.iter().filter(|(path, _)| !path.starts_with("store"));
        mine.map(|(path, record)| (path.clone(), record.content.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(beside(&Tree::of(&sandbox.path("."))), beside(&before));
    fs::remove_dir_all(sandbox.path(".venv.snap-restore-staging")).unwrap();
    sandbox.ok(&["restore", "venv"]);
}

/// The hint spoke of network file systems, which shut root out, whatever could not be read.
#[test]
fn a_directory_that_is_nested_too_deep_is_named_and_no_file_system_is_blamed() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let deep = sandbox.venv().join("share").join(["d"; 300].join("/"));
    fs::create_dir_all(deep).unwrap();
    let run = sandbox.code(3, &["save", "venv"]);
    assert!(run.stderr.contains("nested too deep"), "{run}");
    for wrong in ["network", "dmesg", "owner", "as root"] {
        assert!(!run.stderr.contains(wrong), "{wrong}: {run}");
    }
    assert!(run.stderr.contains("--force"), "{run}");
}
