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
    let dry = sandbox.ok(&["restore", "venv", "@before", "-n"]);
    assert!(dry.stdout.contains("click upgraded 1.0 -> 2.0"), "{dry}");
    let run = sandbox.ok(&["restore", "venv", "@before"]);
    assert!(run.stdout.contains("rolled back: "), "{run}");
    let report = sandbox.ok(&["report", "--venv", "venv"]).stdout;
    assert!(
        report.starts_with("# Rollback ") && report.contains("**rolled back to:**"),
        "{report}"
    );
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
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(run.stdout.contains("mended: "), "{run}");
    let report = sandbox.json(0, &["report", "--venv", "venv"]);
    assert_eq!(report["deed"], "mended", "{report}");
    let run = sandbox.ok(&["undo", "venv"]);
    assert!(
        !run.stdout.contains("probably") && !run.stdout.contains("mended"),
        "{run}"
    );
    let report = sandbox.ok(&["report", "--venv", "venv"]).stdout;
    assert!(
        report.starts_with("# Undo ") && !report.contains("cause"),
        "{report}"
    );
}
