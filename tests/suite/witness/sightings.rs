//! What a guard saw is told by the commands that find the damage, as long as it is still that damage.

use std::fs;
use std::time::Duration;

use venv_snap::Site;
use venv_snap::model::{RelPath, User, Who};
use venv_snap::monitor::Silent;
use venv_snap::ops::{Context, keep_sightings};

use crate::support::{Sandbox, venv};

/// Writes down that a process did this to a path, as it stands now.
fn saw(sandbox: &Sandbox, path: &str, pid: u32) {
    let host = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let listed = sandbox.json(0, &["list"]);
    let host = listed["snapshots"][0]["host"]
        .as_str()
        .unwrap_or(host.trim())
        .to_owned();
    let monitor = Silent::default();
    let context = Context {
        store: venv_snap::Location::dir(&sandbox.path("store")),
        host,
        host_name: "here".to_owned(),
        now: "2026-11-24T02:00:00Z".parse().unwrap(),
        lock_wait: Duration::from_secs(20),
        monitor: &monitor,
    };
    let who = Who {
        pid,
        cron: Some("find /srv -delete".to_owned()),
        user: Some(User {
            uid: 0,
            name: Some("root".to_owned()),
        }),
        ..Who::default()
    };
    let site = Site::resolve(&sandbox.venv()).unwrap();
    let at = "2026-11-24T01:19:00Z".parse().unwrap();
    let path = RelPath::new(path.as_bytes()).unwrap();
    keep_sightings(&context, &site, &[(path, at, who)]).unwrap();
}

#[test]
fn who_was_seen_is_told_by_check_diff_and_restore_until_the_file_is_another_one() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let core = format!("{}/click/core.py", venv::SITE);
    let utils = format!("{}/click/utils.py", venv::SITE);
    fs::remove_file(sandbox.venv().join(&core)).unwrap();
    saw(&sandbox, &core, 4711);
    fs::write(sandbox.venv().join(&utils), "").unwrap();
    saw(&sandbox, &utils, 4711);
    let first = |verb: &[&str]| {
        let told = sandbox.json(1, verb);
        let all = told["diagnosis"].clone();
        assert_eq!(all[0]["rule"], "caught-in-the-act", "{told:#}");
        all[0].clone()
    };
    for verb in [&["check", "venv"][..], &["diff", "venv"]] {
        let told = first(verb);
        assert_eq!(
            (told["explains"].as_u64(), told["of"].as_u64()),
            (Some(2), Some(2)),
            "{told:#}"
        );
        assert_eq!(told["who"]["pid"], 4711);
        let text = told["text"].as_str().unwrap();
        assert!(
            text.contains("process 4711, user root") && text.contains("find /srv -delete"),
            "{text}"
        );
    }
    // Somebody else wrote it since.
    fs::write(sandbox.venv().join(&utils), "x").unwrap();
    let told = first(&["diff", "venv"]);
    assert_eq!(told["explains"], 1, "{told:#}");
    let restored = sandbox.json(0, &["restore", "venv"]);
    assert_eq!(restored["diagnosis"][0]["who"]["pid"], 4711, "{restored:#}");
    // The same damage again is not the same deed.
    fs::write(sandbox.venv().join(&utils), "").unwrap();
    let told = sandbox.json(1, &["diff", "venv"]);
    let rules = told["diagnosis"].as_array().unwrap().iter();
    assert!(
        rules.clone().all(|one| one["rule"] != "caught-in-the-act"),
        "{told:#}"
    );
}
