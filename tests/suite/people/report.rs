//! `report`: what a postmortem needs, in one file.

use std::fs;

use crate::support::damage::Damage;
use crate::support::session::Session;
use crate::support::{Sandbox, venv};

#[test]
fn an_incident_is_told_in_one_file() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let run = sandbox.code(10, &["report", "--venv", "venv"]);
    assert!(run.stderr.contains("error: "), "{run}");
    sandbox.ok(&["save", "venv", "--label", "deploy-7"]);
    let site = sandbox.venv().join(venv::SITE);
    for name in ["click", "idna"] {
        fs::remove_file(site.join(name).join("core.py")).unwrap();
    }
    Damage::Append.apply(&sandbox.venv().join("bin/tool"));
    sandbox.ok(&["restore", "venv"]);
    let incident = sandbox.json(0, &["log", "venv"])["events"][1]["incident"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut session = Session::new(&sandbox);
    let report = session.run(0, &["report", "--venv", "venv"]).stdout;
    insta::assert_snapshot!(session.told());
    let title = format!("# Incident {}", &incident[..8]);
    assert!(report.starts_with(&title), "{report}");
    assert_eq!(
        sandbox
            .ok(&["report", &incident[..10]])
            .stdout
            .lines()
            .next(),
        report.lines().next()
    );
    let json = sandbox.json(0, &["report", "--venv", "venv"]);
    assert_eq!(json["entries"].as_array().unwrap().len(), 3, "{json}");
    assert_eq!(json["diagnosis"][0]["rule"], "core-dump-cleaner");
    // A save is no incident.
    let save = sandbox.ids()[0].clone();
    sandbox.code(3, &["report", &save]);
}

/// A rollback that somebody planned read like an outage: "mended", a probable cause, counts of damage.
#[test]
fn a_planned_rollback_is_no_incident() {
    let sandbox = Sandbox::new();
    let site = sandbox.venv().join(venv::SITE);
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--label", "before"]);
    // Another version, as an installer leaves it.
    fs::remove_dir_all(site.join("click-1.0.dist-info")).unwrap();
    venv::package(
        &sandbox.venv(),
        venv::SITE,
        "click",
        &["core.py", "utils.py", "more.py"],
    );
    fs::rename(
        site.join("click-1.0.dist-info"),
        site.join("click-2.0.dist-info"),
    )
    .unwrap();
    for name in ["METADATA", "RECORD"] {
        let file = site.join("click-2.0.dist-info").join(name);
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("Version: 1.0", "Version: 2.0");
        fs::write(file, text.replace("click-1.0", "click-2.0")).unwrap();
    }
    let record = site.join("click-2.0.dist-info/RECORD");
    let metadata = fs::read(site.join("click-2.0.dist-info/METADATA")).unwrap();
    let text = fs::read_to_string(&record).unwrap();
    let rows = text.lines().map(|row| match row.split_once("METADATA,") {
        Some((path, _)) => format!("{path}METADATA,{}\n", venv::recorded(&metadata)),
        None => format!("{row}\n"),
    });
    let rows: String = rows.collect();
    fs::write(record, rows).unwrap();
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(diff["summary"]["damage"], 0, "{diff}");
    let mut session = Session::new(&sandbox);
    session.run(0, &["restore", "venv", "@before", "-n"]);
    let run = session.run(0, &["restore", "venv", "@before"]);
    let report = session.run(0, &["report", "--venv", "venv"]).stdout;
    insta::assert_snapshot!(session.told());
    for text in [&run.stdout, &report] {
        for word in ["mended", "damage", "cause", "probably"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    let json = sandbox.json(0, &["report", "--venv", "venv"]);
    assert_eq!(json["deed"], "rolled-back", "{json}");
    assert_eq!(json["diagnosis"], serde_json::json!([]), "{json}");
}

#[test]
fn an_undo_is_no_incident_whatever_comes_back() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    for name in ["click", "idna"] {
        fs::remove_file(site.join(name).join("core.py")).unwrap();
    }
    let mut session = Session::new(&sandbox);
    session.run(0, &["restore", "venv"]);
    let report = sandbox.json(0, &["report", "--venv", "venv"]);
    assert_eq!(report["deed"], "mended", "{report}");
    // Neither says "mended", nor "probably", nor a cause.
    session.run(0, &["undo", "venv"]);
    session.run(0, &["report", "--venv", "venv"]);
    insta::assert_snapshot!(session.told());
}
