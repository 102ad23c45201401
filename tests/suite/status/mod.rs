//! How every venv stands, as a person, a script, Nagios and Prometheus are told.

mod meanwhile;
mod quick;
mod since;

use std::fs;

use serde_json::Value;

use crate::support::faults::needs_root;
use crate::support::session::Session;
use crate::support::users::{as_user, users_sandbox};
use crate::support::{Sandbox, venv};

/// The row of a venv by the last part of its path.
fn row<'v>(answer: &'v Value, name: &str) -> &'v Value {
    let rows = answer["venvs"].as_array().unwrap();
    let is_it = |one: &&Value| one["venv"].as_str().unwrap().ends_with(name);
    let found = rows.iter().find(is_it);
    found.unwrap_or_else(|| panic!("{name} is in no row: {answer}"))
}

/// Five venvs that stand in five ways.
fn scene() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["sound", "damaged", "drifted", "gone", "forced"] {
        venv::tiny(&sandbox.path(name));
        if name == "forced" {
            fs::write(
                sandbox.path(name).join(venv::SITE).join("click/core.py"),
                "",
            )
            .unwrap();
            sandbox.ok(&["save", name, "--force"]);
        } else {
            sandbox.ok(&["save", name]);
        }
    }
    let site = |name: &str| sandbox.path(name).join(venv::SITE);
    fs::remove_file(site("damaged").join("click/core.py")).unwrap();
    fs::write(site("damaged").join("idna/core.py"), "").unwrap();
    fs::remove_dir_all(site("drifted").join("idna")).unwrap();
    fs::remove_dir_all(site("drifted").join("idna-1.0.dist-info")).unwrap();
    venv::package(&sandbox.path("drifted"), venv::SITE, "six", &["core.py"]);
    fs::rename(sandbox.path("gone"), sandbox.path("elsewhere")).unwrap();
    sandbox
}

#[test]
fn each_venv_is_told_with_its_state_the_worst_first() {
    let sandbox = scene();
    let answer = sandbox.json(1, &["status"]);
    assert_eq!(answer["sound"], false);
    let rows = answer["venvs"].as_array().unwrap();
    let states: Vec<&str> = rows
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["damaged", "gone", "drifted", "unsaved", "sound"]);
    let damaged = row(&answer, "/damaged");
    assert_eq!(damaged["damaged"], 2);
    let hurt = damaged["packages"].as_array().unwrap().iter();
    let hurt: Vec<&str> = hurt.map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(hurt, ["click", "idna"]);
    let moved = row(&answer, "/drifted")["packages"]
        .as_array()
        .unwrap()
        .clone();
    let moved: Vec<(&str, &Value, &Value)> = moved
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                &one["expected"],
                &one["actual"],
            )
        })
        .collect();
    assert_eq!(moved.len(), 2, "{moved:?}");
    assert_eq!(
        (moved[0].0, moved[0].1.as_str(), moved[0].2.is_null()),
        ("idna", Some("1.0"), true)
    );
    assert_eq!(
        (moved[1].0, moved[1].1.is_null(), moved[1].2.as_str()),
        ("six", true, Some("1.0"))
    );
    assert_eq!(row(&answer, "/gone")["files"], Value::Null);
    assert!(row(&answer, "/gone")["baseline"]["id"].is_string());
    assert_eq!(row(&answer, "/forced")["baseline"], Value::Null);
    assert!(
        row(&answer, "/forced")["reason"]
            .as_str()
            .unwrap()
            .contains("baseline")
    );
    assert!(row(&answer, "/sound")["bytes"].as_u64().unwrap() > 0);
    assert!(answer["store_bytes"].as_u64().unwrap() > 0);
    let mut session = Session::new(&sandbox);
    session.run(1, &["status"]);
    session.run(0, &["status", "sound"]);
    insta::assert_snapshot!(session.told());
    let named = sandbox.json(1, &["status", "drifted", "sound"]);
    assert_eq!(named["venvs"].as_array().unwrap().len(), 2);
    let unknown = sandbox.json(3, &["status", "nowhere"]);
    assert_eq!(row(&unknown, "nowhere")["state"], "unknown");
}

#[test]
fn a_state_is_told_since_it_was_first_seen_and_changes_with_the_state_alone() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let since = |code: i32| {
        let answer = sandbox.json(code, &["status"]);
        row(&answer, "venv")["since"].as_str().unwrap().to_owned()
    };
    let sound = since(0);
    assert_eq!(since(0), sound);
    let core = sandbox.venv().join(venv::SITE).join("click/core.py");
    let whole = fs::read(&core).unwrap();
    fs::write(&core, "").unwrap();
    let damaged = since(1);
    assert_ne!(damaged, sound);
    fs::remove_file(&core).unwrap();
    assert_eq!(since(1), damaged, "other damage is the same state");
    sandbox.ok(&["restore", "venv"]);
    assert_eq!(fs::read(&core).unwrap(), whole);
    let healed = since(0);
    assert_eq!(since(0), healed);
    assert_ne!(damaged, healed);
}

#[test]
fn what_may_not_be_looked_at_is_unknown_with_the_reason_and_never_sound() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let run = |code: i32, args: &[&str]| {
        let run = as_user(&sandbox, args);
        assert_eq!(run.code, code, "{args:?} {run}");
        run
    };
    run(0, &["save", "venv"]);
    run(0, &["status"]);
    let site = sandbox.path("home/venv/lib");
    let mode = |path: &std::path::Path, mode: u32| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(path, mode).unwrap();
    };
    mode(&site, 0);
    let text = run(3, &["status"]).stdout;
    assert!(
        text.contains("unknown") && !text.contains("sound"),
        "{text}"
    );
    mode(&site, 0o755);
    std::os::unix::fs::chown(sandbox.path("home/venv"), Some(0), Some(0)).unwrap();
    mode(&sandbox.path("home/venv"), 0);
    let run = run(3, &["status", "--json"]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(row(&answer, "venv")["state"], "unknown", "{answer}");
    assert!(
        row(&answer, "venv")["reason"]
            .as_str()
            .unwrap()
            .contains("denied"),
        "{answer}"
    );
}

#[test]
fn a_venv_whose_interpreter_is_gone_is_damaged_though_none_of_its_files_changed() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let python = sandbox.path("python3.11");
    fs::rename(sandbox.venv().join("bin/python"), &python).unwrap();
    std::os::unix::fs::symlink(&python, sandbox.venv().join("bin/python")).unwrap();
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["status"]);
    fs::rename(&python, sandbox.path("away")).unwrap();
    let answer = sandbox.json(1, &["status"]);
    assert_eq!(row(&answer, "venv")["state"], "damaged");
    assert_eq!(row(&answer, "venv")["reason"], "bin/python leads nowhere");
    fs::rename(sandbox.path("away"), &python).unwrap();
    sandbox.ok(&["status"]);
}

#[test]
fn nagios_reads_one_line_and_its_own_codes() {
    let sandbox = scene();
    for (code, word, args) in [
        (2, "CRITICAL", &["status", "--nagios"][..]),
        (1, "WARNING", &["status", "--nagios", "drifted", "sound"]),
        (1, "WARNING", &["status", "--nagios", "forced"]),
        (0, "OK", &["status", "--nagios", "sound"]),
        (3, "UNKNOWN", &["status", "--nagios", "nowhere", "drifted"]),
    ] {
        let run = sandbox.code(code, args);
        assert_eq!(run.stdout.lines().count(), 1, "{run}");
        let start = format!("SNAP {word} - ");
        assert!(run.stdout.starts_with(&start), "{run}");
        let (_, data) = run.stdout.split_once(" | ").unwrap();
        for one in data.split_whitespace() {
            let (label, value) = one.split_once('=').unwrap();
            let number = value
                .split(';')
                .next()
                .unwrap()
                .trim_end_matches(['s', 'B']);
            assert!(number.parse::<f64>().is_ok(), "{label}: {value}");
        }
    }
    let elsewhere = ["--store", "nothing", "status", "--nagios"];
    assert!(
        sandbox
            .code(3, &elsewhere)
            .stdout
            .starts_with("SNAP UNKNOWN - ")
    );
}

#[test]
fn metrics_are_written_in_one_step_and_every_venv_has_exactly_one_state() {
    let sandbox = scene();
    let file = sandbox.path("snap.prom");
    fs::write(&file, "old").unwrap();
    sandbox.code(1, &["status", "--prometheus", "snap.prom"]);
    let text = fs::read_to_string(&file).unwrap();
    let on = text
        .lines()
        .filter(|line| line.starts_with("snap_venv_state{") && line.ends_with(" 1"));
    let on: Vec<&str> = on.collect();
    assert_eq!(on.len(), 5, "{text}");
    assert!(
        on.iter()
            .any(|line| line.contains("/damaged\",state=\"damaged\"")),
        "{text}"
    );
    assert!(
        text.contains("snap_status_last_success_timestamp_seconds "),
        "{text}"
    );
    let mut names = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# TYPE ") {
            names.push(name.split(' ').next().unwrap());
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            assert_eq!(Some(&name), names.last(), "{line}");
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a family comes once");
    let promtool = std::process::Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(fs::File::open(&file).unwrap())
        .output();
    match promtool {
        Err(_) => println!("skipped: 1 there is no promtool here"),
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && told.is_empty(), "{told}");
        }
    }
    let before = fs::read(&file).unwrap();
    sandbox.code(3, &["status", "--prometheus", "no/such/dir/snap.prom"]);
    assert_eq!(fs::read(&file).unwrap(), before);
}
