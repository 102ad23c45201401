//! Damage and mistakes that were once passed over in silence.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::damage::Damage;
use crate::support::packs::{change, lose, saved};
use crate::support::session::Session;
use crate::support::{Sandbox, Tree, venv};

fn tiny() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox
}

fn site(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.venv().join(venv::SITE)
}

#[test]
fn what_lies_where_the_accepted_findings_would_is_neither_waited_for_nor_printed() {
    let sandbox = tiny();
    let rules = sandbox.path("snap.toml");
    let made = Command::new("mkfifo").arg(&rules).status().unwrap();
    assert!(made.success());
    let start = Instant::now();
    let mut session = Session::new(&sandbox);
    session.run(3, &["check", "venv"]);
    fs::remove_file(&rules).unwrap();
    symlink("/dev/zero", &rules).unwrap();
    session.run(3, &["check", "venv"]);
    assert!(start.elapsed() < Duration::from_secs(30));
    fs::remove_file(&rules).unwrap();
    fs::write(sandbox.path("secret"), "first = 1\nroot:hash:of:somebody\n").unwrap();
    symlink("secret", &rules).unwrap();
    session.run(2, &["check", "venv"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn a_record_that_pip_wrote_and_that_is_gone_is_damage() {
    let sandbox = tiny();
    let info = site(&sandbox).join("click-1.0.dist-info");
    fs::remove_file(info.join("RECORD")).unwrap();
    let found = sandbox.json(1, &["check", "venv"]);
    assert_eq!(
        found["findings"][0]["check"], "record-unreadable",
        "{found}"
    );
    // Debian's packages have none, and say who installed them.
    fs::write(info.join("INSTALLER"), "debian\n").unwrap();
    let found = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found["findings"][0]["check"], "record-absent", "{found}");
}

#[test]
fn a_link_in_the_place_of_a_file_is_damage_where_it_leads_to_something_else() {
    let sandbox = tiny();
    let file = site(&sandbox).join("click/core.py");
    fs::remove_file(&file).unwrap();
    symlink("/etc/passwd", &file).unwrap();
    let found = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found["findings"][0]["check"], "file-altered", "{found}");
    sandbox.code(1, &["save", "venv"]);
}

#[test]
fn a_configuration_without_a_home_is_no_configuration() {
    let sandbox = tiny();
    for content in [&b""[..], b"garbage\0\xff\n", b"version = 3.11.7\n"] {
        fs::write(sandbox.venv().join("pyvenv.cfg"), content).unwrap();
        let run = sandbox.code(1, &["check", "venv"]);
        assert!(run.stdout.contains("names no home"), "{run}");
    }
}

#[test]
fn what_legacy_installs_require_is_checked() {
    let sandbox = tiny();
    let info = format!("{}/old-1.0-py3.11.egg-info", venv::SITE);
    venv::write(
        &sandbox.venv(),
        &format!("{info}/PKG-INFO"),
        b"Metadata-Version: 1.0\nName: old\nVersion: 1.0\n",
    );
    let requires = b"click\nnosuchthing>3\n\n[never]\nnor-this\n";
    venv::write(&sandbox.venv(), &format!("{info}/requires.txt"), requires);
    let found = sandbox.json(0, &["check", "venv"]);
    let unmet: Vec<&serde_json::Value> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["check"] == "requirement-unmet")
        .collect();
    assert_eq!(unmet.len(), 1, "{found}");
    assert!(unmet[0]["text"].as_str().unwrap().contains("nosuchthing"));
}

#[test]
fn a_secret_in_the_url_of_a_requirement_is_not_printed() {
    let sandbox = tiny();
    let metadata = site(&sandbox).join("idna-1.0.dist-info/METADATA");
    change(&metadata, |text| {
        text.extend(
            b"Requires-Dist: weird @ https://me:s3cret@example.org/weird-1.0-py3-none-any.whl\n",
        );
    });
    let run = sandbox.snap(&["check", "venv"]);
    assert!(run.stdout.contains("weird @ https://example.org"), "{run}");
    assert!(!run.stdout.contains("s3cret"), "{run}");
}

#[test]
fn a_policy_that_matches_no_snapshot_is_a_mistake() {
    let sandbox = saved();
    venv::write(&sandbox.venv(), "second", b"more");
    sandbox.ok(&["save", "venv", "--label", "v2"]);
    for more in [
        &["--keep-label", "nosuch"][..],
        &["--keep-label", "nosuch", "--dry-run"],
    ] {
        let run = sandbox.code(2, &[&["forget"], more].concat());
        assert!(run.stderr.contains("keeps no snapshot"), "{run}");
    }
    assert_eq!(sandbox.ids().len(), 2);
    sandbox.ok(&["forget", "--keep-label", "v2"]);
    assert_eq!(sandbox.ids().len(), 1);
}

#[test]
fn a_restore_from_an_older_baseline_says_that_the_file_of_a_newer_one_is_gone() {
    let sandbox = saved();
    venv::write(&sandbox.venv(), "second", b"more");
    sandbox.ok(&["save", "venv"]);
    let newest = sandbox.ids().pop().unwrap();
    fs::remove_file(sandbox.path("store/snapshots").join(&newest)).unwrap();
    Damage::Delete.apply(&sandbox.venv().join("bin/tool"));
    for verb in ["diff", "restore"] {
        let run = sandbox.snap(&[verb, "venv"]);
        assert!(run.stderr.contains(&newest[..8]), "{run}");
        assert!(run.stderr.contains("is gone"), "{run}");
    }
}

#[test]
fn a_dry_run_tells_what_the_store_has_lost() {
    let sandbox = saved();
    let content = venv::noise(9000);
    venv::write(&sandbox.venv(), "data.bin", &content);
    sandbox.ok(&["save", "venv"]);
    lose(&sandbox, &content);
    fs::remove_file(sandbox.venv().join("data.bin")).unwrap();
    let hurt = Tree::of(&sandbox.venv());
    let run = sandbox.code(3, &["restore", "venv", "-n"]);
    assert!(run.stderr.contains("data.bin"), "{run}");
    for args in [&["restore", "venv", "-n"][..], &["restore", "venv"]] {
        let run = sandbox.code(3, args);
        assert!(run.stderr.contains("--partial"), "{run}");
        hurt.assert_same(&Tree::of(&sandbox.venv()), "nothing was restored");
    }
}

#[test]
fn a_report_tells_which_part_was_restored() {
    let sandbox = saved();
    Damage::Delete.apply(&site(&sandbox).join("click/core.py"));
    Damage::Delete.apply(&site(&sandbox).join("idna/core.py"));
    sandbox.ok(&["restore", "venv", "--only", "click"]);
    let mut session = Session::new(&sandbox);
    session.run(0, &["report"]);
    insta::assert_snapshot!(session.told());
    let report = sandbox.json(0, &["report"]);
    assert_eq!(report["part"], "--only click", "{report}");
    let left: Vec<bool> = report["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["path"].as_str().unwrap().ends_with("core.py"))
        .map(|one| one["left"].as_bool().unwrap())
        .collect();
    assert_eq!(left, [false, true], "{report}");
}
