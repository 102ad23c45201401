//! Words that lead on: what is told at three in the morning is true, short, and says what to do next.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::faults::{is_root, skipped};
use crate::support::session::Session;
use crate::support::{Run, Sandbox, venv};

fn saved() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--label", "before-deploy"]);
    sandbox
}

fn words(value: &Value) -> Vec<&str> {
    let words = value.as_array().unwrap().iter();
    words.map(|word| word.as_str().unwrap()).collect()
}

/// `restore` said: save first. `save` said: restore first.
#[test]
fn whoever_has_a_damaged_venv_and_no_snapshot_is_told_the_command_that_installs_anew() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = sandbox.venv().join(venv::SITE);
    fs::write(site.join("click/core.py"), b"").unwrap();
    fs::remove_file(site.join("idna/core.py")).unwrap();
    let python = sandbox.venv().join("bin/python");
    let python = python.to_str().unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    let pip = [
        "python3",
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--force-reinstall",
        "--no-deps",
        "--no-cache-dir",
    ];
    let expected = [&pip[..], &["click==1.0", "idna==1.0"]].concat();
    assert_eq!(words(&check["reinstall"]), expected, "{check}");
    let text = sandbox.code(1, &["check", "venv"]);
    assert!(
        text.stdout
            .contains(&format!("    {}\n", expected.join(" "))),
        "{text}"
    );
    for args in [&["save", "venv"][..], &["restore", "venv"]] {
        let run = sandbox.snap(args);
        assert!(
            run.stderr
                .contains("to make it anew without a snapshot, past every cache: snap rebuild "),
            "{args:?} {run}"
        );
    }
    // By uv where that put it there; with the venv's own pip where that is whole.
    for name in ["click", "idna"] {
        let file = site.join(format!("{name}-1.0.dist-info/INSTALLER"));
        fs::write(file, b"uv").unwrap();
    }
    let check = sandbox.json(1, &["check", "venv"]);
    let uv = [
        "uv",
        "pip",
        "install",
        "--python",
        python,
        "--reinstall",
        "--no-deps",
        "--no-cache",
    ];
    assert_eq!(words(&check["reinstall"])[..uv.len()], uv, "{check}");
    fs::write(site.join("idna-1.0.dist-info/INSTALLER"), b"pip\n").unwrap();
    venv::package(&sandbox.venv(), venv::SITE, "pip", &["core.py"]);
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(
        words(&check["reinstall"])[..3],
        [python, "-m", "pip"],
        "{check}"
    );
}

/// The command called the very interpreter that was damaged.
#[test]
fn no_command_is_told_that_needs_an_interpreter_which_is_damaged_itself() {
    type Break = (&'static str, fn(&std::path::Path));
    let broken: [Break; 4] = [
        ("gone", |venv| {
            fs::remove_file(venv.join("bin/python")).unwrap();
        }),
        ("empty", |venv| {
            fs::write(venv.join("bin/python"), b"").unwrap();
        }),
        ("other version", |venv| {
            fs::write(venv.join("bin/python"), b"#!/bin/sh\necho version=3.12.1\n").unwrap();
        }),
        ("undecodable", |venv| {
            fs::write(venv.join(venv::SITE).join("bad.pth"), b"\xff\xfe\x80").unwrap();
        }),
    ];
    for installer in [&b"pip\n"[..], b"uv"] {
        for (what, brings) in broken {
            let sandbox = Sandbox::new();
            venv::tiny(&sandbox.venv());
            let site = sandbox.venv().join(venv::SITE);
            fs::write(site.join("click-1.0.dist-info/INSTALLER"), installer).unwrap();
            fs::write(site.join("click/core.py"), b"").unwrap();
            brings(&sandbox.venv());
            let check = sandbox.json(1, &["check", "venv"]);
            assert!(check["reinstall"].is_null(), "{what}: {check}");
            let run = sandbox.code(1, &["check", "venv"]);
            assert!(!run.stdout.contains("pip"), "{what}: {run}");
            assert!(run.stderr.contains("snap rebuild "), "{what}: {run}");
        }
    }
}

#[test]
fn a_sound_venv_needs_no_command() {
    let sandbox = saved();
    let check = sandbox.json(0, &["check", "venv"]);
    assert!(check["reinstall"].is_null(), "{check}");
}

#[test]
fn unmet_requirements_are_told_as_what_they_mean() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["check", "venv", "--strict"]);
    let info = sandbox.venv().join(venv::SITE).join("click-1.0.dist-info");
    let metadata = "Metadata-Version: 2.1\nName: click\nVersion: 1.0\nRequires-Dist: nowhere\nRequires-Dist: nothing\n";
    fs::write(info.join("METADATA"), metadata).unwrap();
    let record = fs::read_to_string(info.join("RECORD")).unwrap();
    let rows = record.lines().map(|row| match row.split_once("METADATA,") {
        Some((path, _)) => format!("{path}METADATA,{}\n", venv::recorded(metadata.as_bytes())),
        None => format!("{row}\n"),
    });
    fs::write(info.join("RECORD"), rows.collect::<String>()).unwrap();
    let mut session = Session::new(&sandbox);
    session.run(0, &["check", "venv"]);
    session.run(0, &["save", "venv"]);
    insta::assert_snapshot!(session.told());
    let strict = sandbox.json(1, &["check", "venv", "--strict"]);
    assert_eq!(strict["clean"], false, "{strict}");
    assert_eq!(sandbox.json(0, &["check", "venv"])["clean"], true);
}

#[test]
fn a_venv_that_is_nowhere_is_an_error_and_one_that_was_never_saved_is_none() {
    let sandbox = saved();
    let mut session = Session::new(&sandbox);
    for verb in ["list", "log"] {
        session.run(10, &[verb, "nope"]);
        session.run(0, &[verb, "venv"]);
    }
    let whole: [&[&str]; 2] = [
        &["forget", "--keep-last", "1", "--venv"],
        &["copy", "--all", "--to", "elsewhere", "--venv"],
    ];
    for args in whole {
        session.run(10, &[args, &["nope"]].concat());
        assert!(!sandbox.path("elsewhere").exists());
        // One that is gone, and of which there are snapshots, is no wrong name.
        std::fs::rename(sandbox.venv(), sandbox.path("away")).unwrap();
        sandbox.ok(&[args, &["venv"]].concat());
        std::fs::rename(sandbox.path("away"), sandbox.venv()).unwrap();
    }
    venv::tiny(&sandbox.path("other"));
    session.run(0, &["list", "other"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn a_name_that_shares_nothing_with_another_is_no_typo() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path("im"));
    sandbox.ok(&["save", "im"]);
    let mut session = Session::new(&sandbox);
    for name in ["ab", "nope", "x"] {
        session.run(10, &["restore", name]);
    }
    insta::assert_snapshot!(session.told());
}

#[test]
fn a_label_is_understood_before_the_venv_and_suggested_without_its_sign() {
    let sandbox = saved();
    Damage::Delete.apply(&sandbox.venv().join("bin/tool"));
    let mut session = Session::new(&sandbox);
    session.run(2, &["restore", "venv", "before-deploy"]);
    session.run(10, &["diff", "venv", "before-deploy"]);
    insta::assert_snapshot!(session.told());
    // A typo is met with the label that is near, and with none where none is.
    let commands: [&[&str]; 10] = [
        &["restore", "venv", "NAME"],
        &["restore", "NAME", "venv", "--to", "there"],
        &["diff", "venv", "NAME"],
        &["show", "NAME"],
        &["ls", "NAME"],
        &["pin", "NAME"],
        &["forget", "NAME"],
        &["export", "NAME", "file.tar"],
        &["copy", "NAME", "--to", "there"],
        &["report", "NAME"],
    ];
    for command in commands {
        for (name, is_near) in [
            ("befor", true),
            ("before-deplyo", true),
            ("Deploy", true),
            ("@before_deploy", true),
            ("nightly", false),
            ("@nightly", false),
        ] {
            let args: Vec<&str> = command
                .iter()
                .map(|arg| if *arg == "NAME" { name } else { *arg })
                .collect();
            let run = sandbox.snap(&args);
            assert!(matches!(run.code, 2 | 10), "{args:?}: {run}");
            let meant = run.stderr.contains("did you mean '@before-deploy'?");
            assert_eq!(meant, is_near, "{args:?}: {run}");
            assert_eq!(
                run.stderr.contains("did you mean"),
                is_near,
                "{args:?}: {run}"
            );
            assert!(run.stderr.contains("snap list"), "{args:?}: {run}");
        }
    }
    sandbox.ok(&["restore", "@before-deploy", "venv"]);
    assert!(sandbox.venv().join("bin/tool").exists());
    sandbox.ok(&["restore", "latest", "venv"]);
    // A venv of such a name is one.
    venv::copy(&sandbox.venv(), &sandbox.path("latest"));
    sandbox.code(10, &["restore", "latest", "latest"]);
}

#[test]
fn help_and_version_are_commands_too() {
    let sandbox = Sandbox::new();
    assert_eq!(
        sandbox.ok(&["version"]).stdout,
        sandbox.ok(&["--version"]).stdout
    );
    let help = sandbox.ok(&["help", "restore"]).stdout;
    assert!(help.contains("--heal"), "{help}");
    assert!(sandbox.ok(&["help"]).stdout.contains("restore"));
}

#[test]
fn forget_and_undelete_name_the_venv_in_each_line() {
    let sandbox = saved();
    sandbox.ok(&["save", "venv"]);
    let mut session = Session::new(&sandbox);
    session.run(0, &["forget", "--keep-last", "1"]);
    session.run(0, &["undelete"]);
    let id = sandbox.json(0, &["undelete"])["forgotten"][0]["snapshot"]["id"].clone();
    session.run(0, &["undelete", id.as_str().unwrap()]);
    insta::assert_snapshot!(session.told());
}

/// Whether this host has a store where root has one by default, which is one more for every command.
fn has_a_store_of_its_own() -> bool {
    let has = is_root() && Path::new("/var/lib/venv-snap").exists();
    if has {
        skipped(1, "this host has a store of its own");
    }
    has
}

#[test]
fn save_names_the_store_where_there_are_several() {
    if has_a_store_of_its_own() {
        return;
    }
    let sandbox = saved();
    assert!(
        !sandbox
            .ok(&["save", "venv"])
            .stdout
            .contains("in the store")
    );
    fs::create_dir_all(sandbox.path(".local/share/venv-snap")).unwrap();
    let run = sandbox.ok(&["save", "venv"]);
    let line = format!("in the store {}\n", sandbox.path("store").display());
    assert!(run.stdout.contains(&line), "{run}");
}

/// Two stores were there, neither of them a default one, and `save` named none.
#[test]
fn save_names_the_store_where_another_one_is_configured_or_exported() {
    if has_a_store_of_its_own() {
        return;
    }
    let sandbox = saved();
    let other = sandbox.path("other");
    let line = format!("in the store {}\n", other.display());
    let run = sandbox.ok(&["save", "venv", "--store", "other"]);
    assert!(run.stdout.contains(&line), "{run}");
    let mut command = sandbox.command(&["save", "venv", "--store", "other"]);
    command.env_remove("VENV_SNAP_STORE");
    let run = Run::of(command);
    assert!(!run.stdout.contains("in the store"), "none but this: {run}");
    fs::create_dir_all(sandbox.path(".config/venv-snap")).unwrap();
    let config = format!("store = \"{}\"", sandbox.path("store").display());
    fs::write(sandbox.path(".config/venv-snap/config.toml"), config).unwrap();
    let mut command = sandbox.command(&["save", "venv", "--store", "other"]);
    command.env_remove("VENV_SNAP_STORE");
    let run = Run::of(command);
    assert!(run.stdout.contains(&line), "{run}");
    // The same one by another name is no other.
    std::os::unix::fs::symlink("other", sandbox.path("link")).unwrap();
    fs::remove_dir_all(sandbox.path(".config")).unwrap();
    let mut command = sandbox.command(&["save", "venv", "--store", "other"]);
    command.env("VENV_SNAP_STORE", sandbox.path("link"));
    let run = Run::of(command);
    assert!(!run.stdout.contains("in the store"), "{run}");
    let json = sandbox.json(0, &["save", "venv", "--store", "other"]);
    assert_eq!(json["store"].as_str(), other.to_str(), "{json}");
}

#[test]
fn a_directory_is_told_with_its_package_and_a_prefix_once() {
    let sandbox = saved();
    let site = sandbox.venv().join(venv::SITE);
    for name in ["click", "idna"] {
        fs::remove_dir_all(site.join(name)).unwrap();
    }
    let heading = |text: &str, name: &str| {
        let lines = text.lines();
        lines
            .filter(|line| {
                line.starts_with(&format!("{name}:"))
                    || line.starts_with(&format!("{name}  ("))
                    || line.starts_with(&format!("{name}  in "))
            })
            .count()
    };
    for args in [
        &["diff", "venv"][..],
        &["diff", "venv", "-v"],
        &["check", "venv"],
    ] {
        let run = sandbox.code(1, args);
        assert_eq!(run.stdout.matches(venv::SITE).count(), 1, "{args:?} {run}");
        if args[0] == "diff" {
            assert_eq!(
                (heading(&run.stdout, "click"), heading(&run.stdout, "idna")),
                (1, 1),
                "{run}"
            );
        }
    }
}

#[test]
fn every_time_has_its_second_in_json() {
    let sandbox = saved();
    let list = sandbox.json(0, &["list"]);
    let one = &list["snapshots"][0];
    let (whole, second) = (
        one["created"].as_str().unwrap(),
        one["created_seconds"].as_str().unwrap(),
    );
    assert!(
        second.len() == "2026-01-01T00:00:00Z".len() && second.ends_with('Z'),
        "{second}"
    );
    assert_eq!(whole[..19], second[..19]);
    let log = sandbox.json(0, &["log"]);
    assert!(log["events"][0]["time_seconds"].is_string(), "{log}");
    let ls = sandbox.json(0, &["ls", "latest", "--venv", "venv"]);
    let entry = &ls["entries"][0];
    assert_eq!(entry["mtime_seconds"], "2023-11-14T22:13:20Z", "{entry}");
}
