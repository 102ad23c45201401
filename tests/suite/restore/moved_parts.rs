//! A venv that was moved, restored in parts: after each part `diff` and `check` agree, and RECORD says of each script
//! what stands there.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Sandbox, venv};

const SCRIPTS: [(&str, &str); 3] = [
    ("idna", "bin/idna"),
    ("idna", "bin/idna-more"),
    ("click", "bin/click"),
];

/// A venv whose packages have scripts that name the place, each with a row in RECORD.
fn with_scripts(root: &Path) {
    venv::tiny(root);
    let command = format!("command = /usr/bin/python3 -m venv {}\n", root.display());
    venv::append(root.join("pyvenv.cfg"), &command);
    for (package, path) in SCRIPTS {
        let script = format!("#!{}/bin/python\nprint('{path}')\n", root.display());
        venv::write(root, path, script.as_bytes());
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
        let info = root
            .join(venv::SITE)
            .join(format!("{package}-1.0.dist-info"));
        let row = format!("../../../{path},{}\n", venv::recorded(script.as_bytes()));
        venv::append(info.join("RECORD"), &row);
    }
    venv::age(root, 1_700_000_000);
}

fn moved() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    with_scripts(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids().remove(0);
    fs::rename(sandbox.venv(), sandbox.path("moved")).unwrap();
    (sandbox, id)
}

/// What `check` calls damaged there.
fn damaged(sandbox: &Sandbox) -> BTreeSet<String> {
    let run = sandbox.snap(&["check", "moved", "--json"]);
    let check: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = check["findings"].as_array().unwrap().iter();
    let damage = findings.filter(|one| one["severity"] == "damage" || one["class"] == "damage");
    damage
        .map(|one| format!("{} {}", one["check"], one["path"]))
        .collect()
}

#[test]
fn after_each_part_of_a_moved_venv_check_finds_no_damage_that_diff_does_not_know() {
    let orders: [&[&str]; 6] = [
        &["bin/*", "pyvenv.cfg", "lib"],
        &["pyvenv.cfg", "bin/*", "lib"],
        &["bin/idna", "bin/click", "pyvenv.cfg", "bin/idna-more"],
        &["idna", "pyvenv.cfg", "click"],
        &["bin/idna", "pyvenv.cfg", "idna", "bin/*"],
        &["pyvenv.cfg", "click", "bin/idna-more", "bin/*"],
    ];
    for order in orders {
        let (sandbox, id) = moved();
        let mut before = damaged(&sandbox);
        for part in order {
            let what = format!("{part} of {order:?}");
            let restore = ["restore", "moved", &id, "--from-other", "--only", part];
            sandbox.ok(&restore);
            let again = sandbox.ok(&restore);
            assert!(again.stdout.starts_with("nothing to do"), "{what}: {again}");
            let diff = sandbox.ok(&["diff", "moved", &id]);
            let now = damaged(&sandbox);
            assert!(
                now.is_subset(&before),
                "{what}: {now:?} after {before:?}\n{diff}"
            );
            before = now;
        }
        assert_eq!(before, BTreeSet::new(), "{order:?}");
        // Whatever came in parts is what comes as a whole.
        sandbox.ok(&["restore", "moved", &id, "--from-other"]);
        sandbox.ok(&["check", "moved"]);
    }
}

#[test]
fn a_script_that_was_healed_at_another_place_is_what_record_says_there() {
    for (_, script) in SCRIPTS {
        let (sandbox, id) = moved();
        sandbox.ok(&[
            "restore",
            "moved",
            &id,
            "--from-other",
            "--only",
            "pyvenv.cfg",
        ]);
        fs::write(sandbox.path("moved").join(script), b"").unwrap();
        sandbox.ok(&["restore", "moved", &id, "--from-other", "--heal"]);
        sandbox.ok(&["diff", "moved", &id]);
        let told = damaged(&sandbox);
        assert!(
            !told.iter().any(|one| one.contains(&format!("{script}\""))),
            "{told:?}"
        );
    }
}

#[test]
fn a_snapshot_of_a_venv_and_one_of_it_adapted_to_another_place_do_not_differ() {
    let sandbox = Sandbox::new();
    with_scripts(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["restore", "venv", "--to", "copy"]);
    sandbox.ok(&["save", "copy"]);
    let ids = sandbox.ids();
    for two in [[&*ids[0], &*ids[1]], [&*ids[1], &*ids[0]]] {
        let diff = sandbox.json(0, &["diff", two[0], two[1]]);
        assert_eq!(diff["identical"], true, "{diff}");
    }
    // What else differs is told, and alone.
    fs::write(sandbox.path("copy/bin/idna"), b"#!/bin/sh\n").unwrap();
    fs::write(sandbox.path("copy/notes.txt"), b"more").unwrap();
    sandbox.ok(&["save", "copy", "--force"]);
    let ids = sandbox.ids();
    let diff = sandbox.json(1, &["diff", &ids[0], &ids[2]]);
    let entries = diff["entries"].as_array().unwrap().iter();
    let told = entries.filter(|entry| entry["class"] != "noise");
    let told: Vec<&str> = told.map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(told, ["bin/idna", "notes.txt"], "{diff}");
    // A copy that was not adapted is told as that.
    sandbox.ok(&["restore", "venv", "--to", "exact", "--exact"]);
    sandbox.ok(&["save", "exact", "--force"]);
    let exact = sandbox.ids().pop().unwrap();
    let diff = sandbox.json(0, &["diff", &ids[0], &exact]);
    let unadapted = diff["unadapted"].as_array().unwrap();
    assert!(
        unadapted.iter().any(|one| one["path"] == "bin/idna"),
        "{diff}"
    );
}
