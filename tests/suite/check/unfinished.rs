//! Installs that did not come to their end: what is not whole is never called sound, and a heal makes it whole.
//!
//! All points at which an installer can be killed take minutes; by default a part of them is tried. All of them:
//! `VENV_SNAP_EVERY_POINT=1 cargo test --locked --test suite unfinished:: -- --nocapture`

use std::fs;
use std::process::Command;

use super::stopped::{Before, By, Upgrade};
use crate::support::answers::rules;
use crate::support::faults::{can_trace, needs_root};
use crate::support::mounts::{Mount, fill};
use crate::support::wheel::{build, pip, two_versions, venv_without_pip};
use crate::support::{Sandbox, tools, uv, venv};

/// Once what uv had not finished was called sound as soon as its modules stood there, and healed by nothing.
#[test]
fn an_upgrade_by_uv_that_was_killed_anywhere_is_told_and_healed_whole() {
    killed_uv(Before::OldVersion, 9);
}

#[test]
fn a_first_install_by_uv_that_was_killed_anywhere_is_told_and_goes_or_is_whole() {
    killed_uv(Before::Nothing, 9);
}

fn killed_uv(before: Before, step: usize) {
    if !can_trace() {
        return;
    }
    for mode in ["copy", "hardlink", "symlink", "clone"] {
        let Some(upgrade) = Upgrade::new(By::Uv(mode), before) else {
            return;
        };
        let (tried, _, causes) = upgrade.killed(step);
        assert!(tried > 1, "{mode}");
        assert!(
            causes.contains(&"interrupted-install".to_owned()),
            "{mode}: {causes:?}"
        );
        causes_of_interruption(&causes);
    }
}

#[test]
fn an_upgrade_by_pip_that_was_killed_anywhere_is_told_and_healed_whole() {
    killed_pip(Before::OldVersion, &["interrupted-pip"]);
}

#[test]
fn a_first_install_by_pip_that_was_killed_anywhere_is_told_and_goes_or_is_whole() {
    killed_pip(Before::Nothing, &["interrupted-install"]);
}

fn killed_pip(before: Before, expected: &[&str]) {
    if !can_trace() {
        return;
    }
    let upgrade = Upgrade::new(By::Pip, before).unwrap();
    let (tried, _, causes) = upgrade.killed(7);
    assert!(tried > 1);
    if before == Before::OldVersion {
        assert_eq!(causes, expected);
    }
    causes_of_interruption(&causes);
}

/// That no other cause is named than that an installer was interrupted.
#[track_caller]
fn causes_of_interruption(causes: &[String]) {
    let known = ["interrupted-install", "interrupted-pip"];
    let other = causes.iter().find(|cause| !known.contains(&&***cause));
    assert_eq!(other, None);
}

/// uv says "failed" where the disk is full, and "Checked" at its next run.
#[test]
fn an_install_that_ran_into_a_limit_is_told_and_healed_whole() {
    let limited = "import os, resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n\
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2); os.execvp(sys.argv[2], sys.argv[2:])";
    let installers = [
        By::Pip,
        By::Uv("copy"),
        By::Uv("hardlink"),
        By::Uv("symlink"),
    ];
    for (by, before) in installers
        .into_iter()
        .flat_map(|by| [(by, Before::OldVersion), (by, Before::Nothing)])
    {
        let Some(upgrade) = Upgrade::new(by, before) else {
            return;
        };
        // What uv unpacks shall be in its cache already.
        tools::done(&mut upgrade.install(&[], &upgrade.new));
        for limit in ["0", "3", "60", "320", "1300"] {
            upgrade.reset();
            let through = ["python3", "-c", limited, limit];
            let _ = upgrade.install(&through, &upgrade.new).output().unwrap();
            upgrade.judge(&format!("limit {limit}"));
        }
    }
}

/// What was begun is judged once there is room again, as people do.
#[test]
fn an_install_on_a_full_disk_is_told_and_healed_whole() {
    if !needs_root() {
        return;
    }
    for by in [By::Pip, By::Uv("copy"), By::Uv("symlink")] {
        let sandbox = Sandbox::new();
        let disk = sandbox.path("");
        let Some(_mount) = Mount::tmpfs(&disk, "size=200m") else {
            return;
        };
        let Some(upgrade) = Upgrade::at(sandbox, by, Before::OldVersion) else {
            return;
        };
        // What uv unpacks shall be in its cache already.
        tools::done(&mut upgrade.install(&[], &upgrade.new));
        for free_kib in [0, 16, 40, 64, 100, 140] {
            upgrade.reset();
            fill(&disk, free_kib);
            let _ = upgrade.install(&[], &upgrade.new).output().unwrap();
            fs::remove_file(disk.join("filler")).unwrap();
            upgrade.judge(&format!("{free_kib} KiB left"));
        }
    }
}

/// What is there of a first install goes, since the snapshot has nothing of it.
#[test]
fn a_first_install_that_was_killed_is_damage_and_goes_with_a_heal() {
    if !can_trace() || !uv::is_there() {
        return;
    }
    let sandbox = Sandbox::new();
    let (_, new) = two_versions(&sandbox.path("wheels"));
    venv_without_pip(&sandbox.venv());
    let upgrade = Upgrade {
        old: new.clone(),
        new,
        by: By::Uv("copy"),
        before: Before::Nothing,
        sandbox,
    };
    let sandbox = &upgrade.sandbox;
    fs::create_dir(sandbox.path("scratch")).unwrap();
    sandbox.ok(&["save", "venv"]);
    let strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=rename:signal=KILL:when=12",
    ];
    let _ = upgrade.install(&strace, &upgrade.new).output().unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    assert!(
        rules(&check).contains(&"interrupted-install".to_owned()),
        "{check}"
    );
    assert!(
        check["diagnosis"][0]["text"]
            .as_str()
            .unwrap()
            .contains("uv "),
        "{check}"
    );
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_ne!(diff["summary"]["damage"], 0, "{diff}");
    sandbox.ok(&["restore", "venv", "--heal"]);
    sandbox.json(0, &["check", "venv"]);
    let diff = sandbox.json(1, &["diff", "venv"]);
    let left = diff["entries"].as_array().unwrap().iter();
    let left = left.filter(|one| one["class"] != "noise" && one["expected"].is_null());
    let left: Vec<&str> = left.map(|one| one["path"].as_str().unwrap()).collect();
    let own = |path: &&&str| {
        path.contains("wares") && !path.contains(".tmp") && !path.ends_with("/wares")
    };
    assert_eq!(left.iter().find(own), None, "{left:?}");
}

/// Debian writes no INSTALLER, and who unpacks a wheel by hand does not either.
#[test]
fn a_distribution_without_installer_is_healthy_where_nothing_else_is_missing() {
    let sandbox = Sandbox::new();
    venv_without_pip(&sandbox.venv());
    let files = [
        ("plain/__init__.py", "x = 1\n"),
        ("plain/core.py", "y = 1\n"),
    ];
    let wheel = build(&sandbox.path("wheels"), "plain", "1.0", &files, &[]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let unzip = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
    let by_hand = || {
        let mut command = Command::new("python3");
        tools::done(command.args(["-c", unzip]).arg(&wheel).arg(&site));
    };
    by_hand();
    let info = site.join("plain-1.0.dist-info");
    fs::remove_file(info.join("entry_points.txt")).unwrap();
    let record = fs::read_to_string(info.join("RECORD")).unwrap();
    let kept: String = record
        .split_inclusive('\n')
        .filter(|row| !row.contains("entry_points"))
        .collect();
    fs::write(info.join("RECORD"), kept).unwrap();
    let check = sandbox.json(0, &["check", "venv"]);
    assert_eq!(check["findings"].as_array().unwrap().len(), 0, "{check}");
    sandbox.ok(&["save", "venv"]);
    // What goes later is gone, but nobody was interrupted.
    venv::age(&sandbox.venv(), 1_700_000_000);
    fs::remove_file(site.join("plain/core.py")).unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    assert!(
        !rules(&check).contains(&"interrupted-install".to_owned()),
        "{check}"
    );
    // An installer that writes it and was finished may have lost its script: that is told as what it is.
    pip(
        &sandbox.venv(),
        &["install", "--force-reinstall", wheel.to_str().unwrap()],
    );
    fs::remove_file(sandbox.venv().join("bin/plain-tool")).unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(check["findings"][0]["check"], "file-missing", "{check}");
    assert!(
        !rules(&check).contains(&"interrupted-install".to_owned()),
        "{check}"
    );
}
