//! A baseline that a drill calls proved comes back; one that cannot come back is told; and nothing of a drill stays.

mod ends;
mod guests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Sandbox, venv};

/// A real venv with one module, whose code the test chooses.
pub(crate) fn with_module(venv: &Path, body: &str) {
    made_by("python3", venv, body);
}

/// The same by a certain interpreter.
pub(crate) fn made_by(python: &str, venv: &Path, body: &str) {
    let made = Command::new(python)
        .args(["-m", "venv", "--without-pip"])
        .arg(venv)
        .status();
    assert!(made.unwrap().success());
    let site = venv::site_packages(venv);
    let files = [
        ("thing.py", body),
        (
            "thing-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
        ),
        ("thing-1.0.dist-info/INSTALLER", "pip\n"),
    ];
    let mut record = String::new();
    for (path, content) in files {
        venv::write(venv, &format!("{site}/{path}"), content.as_bytes());
        record.push_str(&format!("{path},{}\n", venv::recorded(content.as_bytes())));
    }
    record.push_str("thing-1.0.dist-info/RECORD,,\n");
    venv::write(
        venv,
        &format!("{site}/thing-1.0.dist-info/RECORD"),
        record.as_bytes(),
    );
}

/// A saved venv, and an empty directory to drill in.
pub(crate) fn scene(body: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    with_module(&sandbox.venv(), body);
    sandbox.ok(&["save", "venv"]);
    fs::create_dir(sandbox.path("into")).unwrap();
    sandbox
}

/// What is left in the directory.
pub(crate) fn left(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = fs::read_dir(sandbox.path("into")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

pub(crate) fn result(answer: &Value) -> &str {
    answer["venvs"][0]["result"].as_str().unwrap()
}

#[test]
fn a_baseline_is_brought_back_and_proved_and_only_the_log_keeps_that() {
    let sandbox = scene("VALUE = 1\n");
    let before = crate::support::Tree::of(&sandbox.venv());
    let answer = sandbox.json(0, &["drill", "venv", "--into", "into"]);
    assert_eq!(
        (result(&answer), &answer["proved"]),
        ("proved", &Value::Bool(true))
    );
    let proof = &answer["venvs"][0]["proof"];
    assert_eq!(proof["imports"]["tried"], 1, "{answer}");
    assert!(proof["files"].as_u64().unwrap() > 4 && proof["bytes"].as_u64().unwrap() > 0);
    assert!(proof["python"].as_str().unwrap().starts_with("3."));
    assert_eq!(
        answer["venvs"][0]["baseline"]["id"],
        sandbox.ids()[0].as_str()
    );
    assert_eq!(left(&sandbox), [] as [PathBuf; 0]);
    assert_eq!(crate::support::Tree::of(&sandbox.venv()), before);
    let log = sandbox.json(0, &["log", "venv"]);
    let events = log["events"].as_array().unwrap();
    assert_eq!(events.len(), 2, "{log}");
    assert_eq!(
        (&events[1]["verb"], &events[1]["proved"]),
        (&"drill".into(), &Value::Bool(true))
    );
    assert!(sandbox.ok(&["log"]).stdout.contains("drill, proved"));
    let status = sandbox.json(0, &["status", "--prometheus", "snap.prom"]);
    assert_eq!(status["venvs"][0]["drill"]["proved"], true, "{status}");
    let metrics = fs::read_to_string(sandbox.path("snap.prom")).unwrap();
    assert!(metrics.contains("snap_venv_drill_proved{"), "{metrics}");
    assert!(
        metrics.contains("snap_venv_drill_last_success_timestamp_seconds{"),
        "{metrics}"
    );
    // The index is a cache, and the log in it is kept as far as it can be.
    sandbox.ok(&["rebuild-index"]);
    assert_eq!(
        sandbox.json(0, &["log"])["events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_venv_that_is_gone_with_all_around_it_is_drilled_and_so_is_every_venv_by_default() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("into")).unwrap();
    fs::create_dir(sandbox.path("app")).unwrap();
    with_module(&sandbox.path("app/.venv"), "");
    with_module(&sandbox.path("other"), "");
    sandbox.ok(&["save", "app/.venv"]);
    sandbox.ok(&["save", "other"]);
    fs::remove_dir_all(sandbox.path("app")).unwrap();
    for args in [
        &["drill", "--into", "into"][..],
        &["drill", "--all", "--into", "into"],
    ] {
        let answer = sandbox.json(0, args);
        let results: Vec<&Value> = answer["venvs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["result"])
            .collect();
        assert_eq!(results, ["proved", "proved"], "{answer}");
    }
    let answer = sandbox.json(0, &["drill", "app/.venv", "--into", "into"]);
    assert_eq!(answer["venvs"].as_array().unwrap().len(), 1, "{answer}");
    assert!(!sandbox.path("app").exists() && left(&sandbox).is_empty());
}

#[test]
fn what_cannot_come_back_ends_with_1_and_says_why() {
    let sandbox = scene("VALUE = 1\n");
    // Code that works where it was saved, and nowhere else.
    let place = sandbox.venv();
    let body = format!(
        "import sys\nif sys.prefix != {:?}: raise RuntimeError('not here')\n",
        fs::canonicalize(&place).unwrap().to_str().unwrap()
    );
    fs::remove_dir_all(&place).unwrap();
    with_module(&place, &body);
    sandbox.ok(&["save", "venv"]);
    let answer = sandbox.json(1, &["drill", "venv", "--into", "into"]);
    assert_eq!(result(&answer), "broken");
    let failed = &answer["venvs"][0]["proof"]["imports"]["failed"];
    assert_eq!(failed[0]["module"], "thing");
    assert!(
        failed[0]["error"].as_str().unwrap().contains("not here"),
        "{answer}"
    );
    let run = sandbox.code(1, &["drill", "venv", "--into", "into"]);
    assert!(
        run.stdout.contains("0 of 1 venv can be brought back"),
        "{run}"
    );
    assert!(
        run.stdout.contains("thing fails: RuntimeError: not here"),
        "{run}"
    );
    assert!(sandbox.ok(&["log"]).stdout.contains("drill, broken"));
    assert_eq!(
        sandbox.json(0, &["status"])["venvs"][0]["drill"]["proved"],
        false
    );
    // Nothing of it is run where that is not asked for.
    sandbox.ok(&["drill", "venv", "--into", "into", "--no-import"]);

    // A flipped byte in every pack.
    for pack in fs::read_dir(sandbox.path("store/packs")).unwrap() {
        let pack = pack.unwrap().path();
        let mut bytes = fs::read(&pack).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 1;
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, bytes).unwrap();
    }
    let answer = sandbox.json(1, &["drill", "venv", "--into", "into"]);
    assert_eq!(result(&answer), "lost", "{answer}");
    assert!(answer["venvs"][0]["reason"].is_string());
    assert!(left(&sandbox).is_empty());
    // No pack at all.
    fs::remove_dir_all(sandbox.path("store/packs")).unwrap();
    fs::create_dir(sandbox.path("store/packs")).unwrap();
    assert_eq!(
        result(&sandbox.json(1, &["drill", "venv", "--into", "into"])),
        "lost"
    );
}

#[test]
fn what_fails_in_the_live_venv_as_well_is_not_held_against_the_baseline_but_told() {
    let sandbox = scene("import no_such_device\n");
    let answer = sandbox.json(0, &["drill", "venv", "--into", "into"]);
    let imports = &answer["venvs"][0]["proof"]["imports"];
    assert_eq!(imports["failed_alike"][0]["module"], "thing", "{answer}");
    let unproved = answer["venvs"][0]["proof"]["unproved"].to_string();
    assert!(
        unproved.contains("thing, which cannot be imported in the live venv either"),
        "{unproved}"
    );
    // Where the live venv is gone nothing is held against it.
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.code(1, &["drill", "venv", "--into", "into"]);
}

#[test]
fn without_a_baseline_there_is_nothing_to_bring_back() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("into")).unwrap();
    sandbox.code(10, &["drill", "--into", "into"]);
    with_module(&sandbox.venv(), "");
    sandbox.code(10, &["drill", "venv", "--into", "into"]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    fs::write(site.join("thing.py"), "VALUE = 2\n").unwrap();
    sandbox.ok(&["save", "venv", "--force"]);
    let answer = sandbox.json(1, &["drill", "--into", "into"]);
    assert_eq!(result(&answer), "no-baseline", "{answer}");
    assert_eq!(answer["venvs"][0]["baseline"], Value::Null);
    let run = sandbox.code(10, &["drill", "venv", "--into", "into"]);
    assert!(run.stderr.contains("has no baseline"), "{run}");
    sandbox.code(10, &["drill", "nowhere", "--into", "into"]);
}

#[test]
fn a_newer_save_that_is_no_baseline_is_named_as_passed_over() {
    let sandbox = scene("VALUE = 1\n");
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    fs::write(site.join("thing.py"), "VALUE = 2\n").unwrap();
    sandbox.ok(&["save", "venv", "--force"]);
    let answer = sandbox.json(0, &["drill", "--into", "into"]);
    let ids = sandbox.ids();
    assert_eq!(answer["venvs"][0]["baseline"]["id"], ids[0].as_str());
    assert_eq!(answer["venvs"][0]["passed_over"]["id"], ids[1].as_str());
}

#[test]
fn after_a_drill_it_is_still_known_what_a_place_does_not_hold_and_what_undo_brings_back() {
    let sandbox = scene("VALUE = 1\n");
    let thing = sandbox
        .venv()
        .join(venv::site_packages(&sandbox.venv()))
        .join("thing.py");
    fs::write(&thing, "broken\n").unwrap();
    sandbox.ok(&["restore", "venv"]);
    // As if that restore had found out that the place holds no mode but this one.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    fs::set_permissions(&thing, mode).unwrap();
    sandbox.code(1, &["diff", "venv"]);
    let index = Connection::open(sandbox.path("store/index.db")).unwrap();
    let last = "SELECT event FROM log ORDER BY number DESC LIMIT 1";
    let event: String = index.query_row(last, [], |row| row.get(0)).unwrap();
    let mut event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["verb"], "restore");
    event["lacks"] = serde_json::json!([{"what": "mode", "of": 0o644, "held": 0o640}]);
    index
        .execute("INSERT INTO log (event) VALUES (?1)", [event.to_string()])
        .unwrap();
    drop(index);
    sandbox.ok(&["diff", "venv"]);
    sandbox.ok(&["drill", "venv", "--into", "into"]);
    sandbox.ok(&["diff", "venv"]);
    sandbox.ok(&["undo", "venv"]);
    assert_eq!(fs::read_to_string(&thing).unwrap(), "broken\n");
}
