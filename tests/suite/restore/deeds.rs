//! What a restore means for the venv, in one word: each kind has its own, and text, JSON and report agree.

use std::fs;
use std::path::Path;

use crate::support::{Sandbox, venv};

/// The word of a restore with `--json`.
#[track_caller]
fn deed(sandbox: &Sandbox, args: &[&str]) -> String {
    let answer = sandbox.json(0, args);
    answer["deed"].as_str().unwrap().to_owned()
}

/// The word of the report of the last restore.
#[track_caller]
fn reported(sandbox: &Sandbox) -> String {
    let report = sandbox.json(0, &["report", "--venv", "venv"]);
    if report["deed"] != "mended" {
        assert_eq!(report["diagnosis"], serde_json::json!([]), "{report}");
    }
    sandbox.ok(&["report", "--venv", "venv", "--html", "page.html"]);
    report["deed"].as_str().unwrap().to_owned()
}

/// Does a restore, first as a dry run: both give the same word, and so does the report.
#[track_caller]
fn restore(sandbox: &Sandbox, args: &[&str], wanted: &str) {
    let all = [&["restore", "venv"], args].concat();
    assert_eq!(
        deed(sandbox, &[&all[..], &["-n"]].concat()),
        wanted,
        "{args:?} -n"
    );
    assert_eq!(deed(sandbox, &all), wanted, "{args:?}");
    assert_eq!(reported(sandbox), wanted, "{args:?}");
}

fn core(venv: &Path) -> std::path::PathBuf {
    venv.join(venv::SITE).join("idna/core.py")
}

/// A venv with two baselines, of which the second one has a package more, and the ids of both.
fn with_two_states(sandbox: &Sandbox) -> [String; 2] {
    let save = || {
        let saved = sandbox.json(0, &["save", "venv"]);
        saved["snapshot"]["id"].as_str().unwrap().to_owned()
    };
    venv::tiny(&sandbox.venv());
    let old = save();
    let info = format!("{}/more-1.0.dist-info", venv::SITE);
    venv::write(
        &sandbox.venv(),
        &format!("{}/more.py", venv::SITE),
        b"x = 1\n",
    );
    venv::write(
        &sandbox.venv(),
        &format!("{info}/METADATA"),
        b"Name: more\nVersion: 1.0\n",
    );
    venv::write(
        &sandbox.venv(),
        &format!("{info}/RECORD"),
        b"more.py,,\nmore-1.0.dist-info/METADATA,,\nmore-1.0.dist-info/RECORD,,\n",
    );
    [old, save()]
}

#[test]
fn a_restore_of_the_own_venv_says_whether_it_mended_went_back_or_forward() {
    let sandbox = Sandbox::new();
    let [old, new] = with_two_states(&sandbox);
    assert_eq!(deed(&sandbox, &["restore", "venv"]), "nothing");
    assert_eq!(deed(&sandbox, &["restore", "venv", "-n"]), "nothing");
    fs::remove_file(core(&sandbox.venv())).unwrap();
    restore(&sandbox, &[], "mended");
    fs::remove_file(core(&sandbox.venv())).unwrap();
    restore(&sandbox, &["--heal"], "mended");
    fs::remove_file(core(&sandbox.venv())).unwrap();
    restore(&sandbox, &["--only", "idna"], "mended");
    let part = sandbox.json(0, &["restore", "venv", "--only", "idna"]);
    assert_eq!(
        (&part["deed"], &part["mode"]),
        (&"nothing".into(), &"identical".into())
    );
    restore(&sandbox, &[&old], "rolled-back");
    // By the older state nothing is to be done, and the newer one comes after it.
    assert_eq!(deed(&sandbox, &["restore", "venv", &old]), "nothing");
    restore(&sandbox, &[&new], "brought-forward");
    restore(&sandbox, &[&old], "rolled-back");
    assert_eq!(deed(&sandbox, &["undo", "venv"]), "changed-back");
    assert_eq!(reported(&sandbox), "changed-back");
    // The undo brought back the newer one, so that the older one is a step back again.
    restore(&sandbox, &[&old], "rolled-back");
    restore(&sandbox, &[&new], "brought-forward");
    // A venv that is gone is an incident.
    fs::remove_dir_all(sandbox.venv()).unwrap();
    restore(&sandbox, &[], "mended");
    let report = sandbox.ok(&["report", "--venv", "venv"]);
    assert!(report.stdout.starts_with("# Incident"), "{report}");
    // What a package manager did since is undone.
    fs::remove_file(sandbox.venv().join(venv::SITE).join("more.py")).unwrap();
    let dist = format!("{}/more-1.0.dist-info", venv::SITE);
    fs::remove_dir_all(sandbox.venv().join(dist)).unwrap();
    restore(&sandbox, &[], "rolled-back");
}

#[test]
fn a_copy_at_a_new_place_is_no_rollback() {
    let sandbox = Sandbox::new();
    let [old, _] = with_two_states(&sandbox);
    for (id, place) in [("latest", "copy"), (old.as_str(), "old")] {
        let to = ["restore", "venv", id, "--to", place];
        assert_eq!(deed(&sandbox, &[&to[..], &["-n"]].concat()), "copied");
        fs::create_dir(sandbox.path(place)).unwrap();
        assert_eq!(deed(&sandbox, &to), "copied");
    }
    // And where its place is named in the place of the venv.
    assert_eq!(deed(&sandbox, &["restore", "third", &old, "-n"]), "copied");
    assert_eq!(deed(&sandbox, &["restore", "third", &old]), "copied");
}

/// "mended", it said of a service that got the code of another one.
#[test]
fn what_another_venv_had_in_the_place_of_this_one_is_told_as_that() {
    let sandbox = Sandbox::new();
    let other = sandbox.path("other");
    venv::tiny(&other);
    venv::write(
        &other,
        &format!("{}/idna/core.py", venv::SITE),
        b"other = 1\n",
    );
    venv::write(&other, &format!("{}/app.py", venv::SITE), b"other = 1\n");
    sandbox.ok(&["save", "other", "--force"]);
    let saved = sandbox.json(0, &["list"]);
    let id = saved["snapshots"][0]["id"].as_str().unwrap().to_owned();
    with_two_states(&sandbox);
    restore(&sandbox, &[&id, "--from-other"], "replaced");
    sandbox.ok(&["undo", "venv"]);
    let run = sandbox.ok(&["restore", "venv", &id, "--from-other"]);
    assert!(
        run.stdout.contains("replaced by what another venv had: "),
        "{run}"
    );
    assert!(!run.stdout.contains("mended"), "{run}");
    let report = sandbox.ok(&["report", "--venv", "venv"]);
    assert!(report.stdout.starts_with("# Replacement"), "{report}");
    assert!(!report.stdout.contains("damage"), "{report}");
}

/// "rolled back", the restore said, and "mended" its report.
#[test]
fn a_part_that_had_drifted_was_rolled_back_whatever_is_damaged_beside_it() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    for name in ["click", "click-1.0.dist-info"] {
        fs::remove_dir_all(site.join(name)).unwrap();
    }
    fs::remove_file(core(&sandbox.venv())).unwrap();
    let part = ["restore", "venv", "--only", "click"];
    assert_eq!(
        deed(&sandbox, &[&part[..], &["-n"]].concat()),
        "rolled-back"
    );
    let run = sandbox.ok(&part);
    assert!(run.stdout.contains("rolled back: "), "{run}");
    let report = sandbox.json(0, &["report", "--venv", "venv"]);
    assert_eq!(report["deed"], "rolled-back", "{report}");
    // That does not hide the damage, which is still there.
    let text = sandbox.ok(&["report", "--venv", "venv"]).stdout;
    let page = sandbox
        .ok(&["report", "--venv", "venv", "--html", "-"])
        .stdout;
    assert!(
        text.starts_with("# Rollback") && text.contains("- **stays damaged:** idna (1 entry)"),
        "{text}"
    );
    assert!(
        text.contains("(damage)") && !text.contains("mended"),
        "{text}"
    );
    assert!(
        page.contains("went back to an older state") && !page.contains("Nothing was damaged"),
        "{page}"
    );
    // Mended is what the part brings back, though more had drifted.
    sandbox.ok(&["restore", "venv", "--only", "idna"]);
    let report = sandbox.json(0, &["report", "--venv", "venv"]);
    assert_eq!(report["deed"], "mended", "{report}");
}
