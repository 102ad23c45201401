//! What a guard saw is told by the commands that find the damage, as long as it is still that damage.

use std::fs;
use std::time::Duration;

use venv_snap::Site;
use venv_snap::model::{RelPath, User, Who};
use venv_snap::monitor::Silent;
use venv_snap::ops::{Context, Seen, keep_sightings};

use crate::support::{Sandbox, venv};

/// Writes down that a process did this to a path just now, as it stands now.
fn saw(sandbox: &Sandbox, path: &str, pid: u32) {
    saw_at(sandbox, path, pid, jiff::Timestamp::now());
}

/// The same at a time.
fn saw_at(sandbox: &Sandbox, path: &str, pid: u32, at: jiff::Timestamp) {
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
        now: jiff::Timestamp::now(),
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
    let path = RelPath::new(path.as_bytes()).unwrap();
    let seen = Seen {
        paths: [(path, (at, who))].into(),
        is_part: false,
    };
    keep_sightings(&context, &site, &seen).unwrap();
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

/// What happens to a file and its directory.
type Then = fn(&Sandbox, &str, &str);

#[test]
fn nobody_is_named_for_what_was_seen_before_a_restore_or_before_others_did_more() {
    let core = format!("{}/click/core.py", venv::SITE);
    let dir = format!("{}/click", venv::SITE);
    // What happened after process 1 was seen to remove a file, and who is named for the file that is missing then.
    let cases: [(&str, Then, Option<u64>); 7] = [
        ("nothing else", |_, _, _| {}, Some(1)),
        (
            "it was restored, and removed unseen",
            |sandbox, core, _| {
                sandbox.ok(&["restore", "venv"]);
                fs::remove_file(sandbox.venv().join(core)).unwrap();
            },
            None,
        ),
        (
            "it was seen again while a restore replaced that tree, and removed unseen",
            |sandbox, core, _| {
                sandbox.ok(&["restore", "venv"]);
                fs::remove_file(sandbox.venv().join(core)).unwrap();
                let listed = sandbox.json(0, &["log", "venv"]);
                let last = listed["events"].as_array().unwrap().last().unwrap().clone();
                let from: jiff::Timestamp = last["time"].as_str().unwrap().parse().unwrap();
                let took = last["took_ms"].as_i64().unwrap();
                assert!(took > 1, "{listed}");
                let at = from + jiff::SignedDuration::from_millis(took - 1);
                saw_at(sandbox, core, 3, at);
            },
            None,
        ),
        (
            "it was restored, and its directory was renamed by another",
            |sandbox, _, dir| {
                sandbox.ok(&["restore", "venv"]);
                fs::rename(sandbox.venv().join(dir), sandbox.path("away")).unwrap();
                saw(sandbox, dir, 2);
            },
            Some(2),
        ),
        (
            "it was put back by hand, and its directory was renamed by another",
            |sandbox, core, dir| {
                fs::write(sandbox.venv().join(core), "back").unwrap();
                fs::rename(sandbox.venv().join(dir), sandbox.path("away")).unwrap();
                saw(sandbox, dir, 2);
            },
            Some(2),
        ),
        (
            "another made it anew, and it was removed unseen",
            |sandbox, core, _| {
                fs::write(sandbox.venv().join(core), "new").unwrap();
                saw(sandbox, core, 2);
                fs::remove_file(sandbox.venv().join(core)).unwrap();
            },
            None,
        ),
        (
            "another removed its directory, which came back, and it was removed unseen",
            |sandbox, core, dir| {
                let (dir, away) = (sandbox.venv().join(dir), sandbox.path("away"));
                fs::rename(&dir, &away).unwrap();
                saw(
                    sandbox,
                    dir.strip_prefix(sandbox.venv()).unwrap().to_str().unwrap(),
                    2,
                );
                fs::rename(away, dir).unwrap();
                assert!(!sandbox.venv().join(core).exists());
            },
            None,
        ),
    ];
    for (what, then, named) in cases {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        fs::remove_file(sandbox.venv().join(&core)).unwrap();
        saw(&sandbox, &core, 1);
        then(&sandbox, &core, &dir);
        for verb in ["check", "diff"] {
            let told = sandbox.json(1, &[verb, "venv"]);
            let rules = told["diagnosis"].as_array().unwrap().iter();
            let caught = rules.filter(|one| one["rule"] == "caught-in-the-act");
            let all: Vec<_> = caught.map(|one| one["who"]["pid"].as_u64()).collect();
            let expected: Vec<_> = named.iter().map(|&pid| Some(pid)).collect();
            assert_eq!(all, expected, "{what}: {verb}: {told:#}");
        }
    }
}
