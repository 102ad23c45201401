//! `report`: what a postmortem needs, in one file.

use std::fs;

use crate::support::damage::Damage;
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
    let report = sandbox.ok(&["report", "--venv", "venv"]).stdout;
    for part in [
        &format!("# Incident {}", &incident[..8]),
        "core-dump-cleaner",
        "click/core.py",
        "bin/tool",
        "| click | damaged | 1.0 | 1.0 | 1 |",
        "deploy-7",
        "## Timeline",
        "**the restore took:**",
        "(this incident)",
    ] {
        assert!(report.contains(part), "{part}\n{report}");
    }
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
