//! Words that lead on: what is told at three in the morning is true, short, and says what to do next.

use std::fs;

use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::{Sandbox, venv};

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
            run.stderr.contains("installs anew what is damaged"),
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
    let text = sandbox.ok(&["check", "venv"]);
    assert!(
        text.stdout.contains("the application may not start"),
        "{text}"
    );
    let save = sandbox.ok(&["save", "venv"]);
    assert!(
        save.stdout.contains("baseline, 2 requirements unmet"),
        "{save}"
    );
    let strict = sandbox.json(1, &["check", "venv", "--strict"]);
    assert_eq!(strict["clean"], false, "{strict}");
    assert_eq!(sandbox.json(0, &["check", "venv"])["clean"], true);
}

#[test]
fn a_venv_that_is_nowhere_is_an_error_and_one_that_was_never_saved_is_none() {
    let sandbox = saved();
    for verb in ["list", "log"] {
        let run = sandbox.code(10, &[verb, "nope"]);
        assert!(run.stderr.contains("there is no venv"), "{run}");
        assert!(!run.stderr.contains("did you mean"), "{run}");
        sandbox.ok(&[verb, "venv"]);
    }
    venv::tiny(&sandbox.path("other"));
    sandbox.ok(&["list", "other"]);
}

#[test]
fn a_name_that_shares_nothing_with_another_is_no_typo() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path("im"));
    sandbox.ok(&["save", "im"]);
    for name in ["ab", "nope", "x"] {
        let run = sandbox.code(10, &["restore", name]);
        assert!(!run.stderr.contains("did you mean"), "{name}: {run}");
    }
}

#[test]
fn a_label_is_understood_before_the_venv_and_suggested_without_its_sign() {
    let sandbox = saved();
    Damage::Delete.apply(&sandbox.venv().join("bin/tool"));
    let run = sandbox.code(2, &["restore", "venv", "before-deploy"]);
    assert!(
        run.stderr.contains("did you mean '@before-deploy'?"),
        "{run}"
    );
    let run = sandbox.code(10, &["diff", "venv", "before-deploy"]);
    assert!(
        run.stderr.contains("did you mean '@before-deploy'?"),
        "{run}"
    );
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
    let name = sandbox.venv().display().to_string();
    let each = |text: &str, count: usize| {
        let lines = text
            .lines()
            .filter(|line| line.contains("(20"))
            .collect::<Vec<_>>();
        assert_eq!(lines.len(), count, "{text}");
        assert!(lines.iter().all(|line| line.contains(&name)), "{text}");
    };
    each(&sandbox.ok(&["forget", "--keep-last", "1"]).stdout, 2);
    each(&sandbox.ok(&["undelete"]).stdout, 1);
    let id = sandbox.json(0, &["undelete"])["forgotten"][0]["snapshot"]["id"].clone();
    each(&sandbox.ok(&["undelete", id.as_str().unwrap()]).stdout, 1);
}

#[test]
fn save_names_the_store_where_there_are_several() {
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
fn lines_wrap_at_the_width_that_is_said_and_stay_whole_in_a_pipe() {
    let sandbox = saved();
    let site = sandbox.venv().join(venv::SITE);
    for name in ["click", "idna"] {
        fs::remove_file(site.join(name).join("core.py")).unwrap();
    }
    for verb in ["diff", "check"] {
        let mut command = sandbox.command(&[verb, "venv"]);
        command.env("COLUMNS", "60");
        let narrow = crate::support::Run::of(command);
        let long = |line: &&str| line.chars().count() > 60 && line.trim().contains(' ');
        let commands = |line: &&str| !line.starts_with("    ");
        let wide: Vec<&str> = narrow
            .stdout
            .lines()
            .filter(long)
            .filter(commands)
            .collect();
        assert!(wide.is_empty(), "{wide:#?}");
        let whole = sandbox.code(1, &[verb, "venv"]).stdout;
        assert!(
            whole.lines().any(|line| line.chars().count() > 120),
            "{whole}"
        );
        assert!(narrow.stdout.lines().count() > whole.lines().count());
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
