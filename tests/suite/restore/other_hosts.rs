//! A machine or container that is made anew has another machine-id, and a venv is known by its host and its path.

use std::fs;

use crate::support::hosts::run_on;
use crate::support::session::Session;
use crate::support::{Run, Sandbox, Tree, venv};

/// The name of the other host.
const HOST: &str = "0123456789abcdef0123456789abcdef";

/// The program on a host of another name.
fn elsewhere(sandbox: &Sandbox, args: &[&str]) -> Option<Run> {
    run_on(sandbox, HOST, &sandbox.command(args))
}

/// A venv that the other host alone has saved, by this command.
fn saved_elsewhere(save: &[&str]) -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let saved = elsewhere(&sandbox, save)?;
    assert_eq!(saved.code, 0, "{saved}");
    Some(sandbox)
}

/// The error said that there is no baseline, and not that there are some of the very path.
#[test]
fn a_path_that_is_known_from_another_host_is_told_with_the_command_that_takes_it() {
    let Some(sandbox) = saved_elsewhere(&["save", "venv"]) else {
        return;
    };
    let good = Tree::of(&sandbox.venv());
    // All are of one host, and that is not the one that asks.
    let listed = sandbox.ok(&["list"]);
    assert!(listed.stdout.contains("0123456789abcdef"), "{listed}");
    let listed = elsewhere(&sandbox, &["list"]).unwrap();
    assert!(!listed.stdout.contains("host"), "its own: {listed}");
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let id = sandbox.ids()[0].clone();
    for verb in ["restore", "diff"] {
        let run = sandbox.code(10, &[verb, "venv"]);
        for words in ["another host", &id[..8], "0123456789abcdef", "--from-other"] {
            assert!(run.stderr.contains(words), "{words}: {run}");
        }
    }
    sandbox.ok(&["restore", "venv", &id[..8], "--from-other"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "taken");
    sandbox.ok(&["save", "venv"]);
    for verb in ["list", "log"] {
        // Where no venv is, all are told.
        let mut command = sandbox.command(&[verb]);
        command.current_dir("/");
        let told = Run::of(command);
        let head = told.stdout.lines().next().unwrap();
        assert!(head.contains("host"), "{told}");
        assert!(told.stdout.contains("0123456789abcdef"), "{told}");
    }
}

/// A container at `/app/venv` is not the one that stands at `/app/venv` of another host: by its id its code went in
/// place without a word, since only the paths were compared.
#[test]
fn a_snapshot_of_another_host_goes_in_place_only_when_that_is_said() {
    let Some(sandbox) = saved_elsewhere(&["save", "venv", "-l", "theirs"]) else {
        return;
    };
    let theirs = Tree::of(&sandbox.venv());
    venv::write(&sandbox.venv(), "who", b"ours");
    sandbox.ok(&["save", "venv"]);
    let ours = Tree::of(&sandbox.venv());
    let id = &sandbox.ids()[0][..8];
    for part in [
        &[][..],
        &["--force"],
        &["--only", "who"],
        &["--heal"],
        &["--exact"],
        &["--copy"],
    ] {
        let run = sandbox.code(3, &[&["restore", "venv", id], part].concat());
        for words in ["another host", HOST, "/venv'", "--from-other"] {
            assert!(run.stderr.contains(words), "{part:?}, {words}: {run}");
        }
        ours.assert_same(&Tree::of(&sandbox.venv()), "refused");
    }
    let told = sandbox.ok(&["restore", "venv", id, "-n"]);
    assert!(told.stdout.contains(HOST), "{told}");
    let json = sandbox.json(0, &["restore", "venv", id, "-n"]);
    assert_eq!(json["other_host"], HOST, "{json}");
    let run = sandbox.ok(&["restore", "venv", id, "--from-other"]);
    assert!(run.stdout.contains(HOST), "{run}");
    theirs.assert_same(&Tree::of(&sandbox.venv()), "taken");
    let back = sandbox.json(0, &["undo", "venv"]);
    assert!(back["other_host"].is_null(), "{back}");
    ours.assert_same(&Tree::of(&sandbox.venv()), "undone");
    // Nothing is replaced there.
    sandbox.ok(&["restore", "venv", id, "--to", "there"]);
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv", id]);
}

#[test]
fn a_name_that_only_others_have_is_told_with_whose_it_is_and_the_command_that_takes_it() {
    let Some(sandbox) = saved_elsewhere(&["save", "venv", "-l", "good"]) else {
        return;
    };
    let id = sandbox.ids()[0].clone();
    for name in ["latest", "latest~3", "@good"] {
        for command in [
            &["restore", "venv", name][..],
            &["restore", "venv", name, "--heal"],
            &["diff", "venv", name],
            &["show", name, "--venv", "venv"],
            &["ls", name, "--venv", "venv"],
            &["export", name, "-", "--venv", "venv"],
            &["pin", name, "--venv", "venv"],
        ] {
            let run = sandbox.code(10, command);
            for words in ["another host", &id[..8], HOST, "--from-other"] {
                assert!(run.stderr.contains(words), "{command:?}, {words}: {run}");
            }
        }
    }
    // Who has saves of its own is not sent elsewhere by a name that none of them has.
    sandbox.ok(&["save", "venv"]);
    for name in ["@bad", "latest~3"] {
        let run = sandbox.code(10, &["restore", "venv", name]);
        assert!(!run.stderr.contains("host"), "{run}");
    }
    // A label is also found by the name of another venv.
    fs::create_dir(sandbox.path("new")).unwrap();
    venv::tiny(&sandbox.path("new/venv"));
    let run = sandbox.code(10, &["restore", "new/venv", "@good"]);
    for words in [&id[..8], HOST, "/venv'", "--from-other"] {
        assert!(run.stderr.contains(words), "{words}: {run}");
    }
    for verb in ["list", "log"] {
        let run = elsewhere(&sandbox, &[verb, "new/venv"]).unwrap();
        assert!(!run.stderr.contains("host"), "{run}");
    }
}

/// `list` and `log` of a path that only another host knows said nothing at all.
#[test]
fn what_is_listed_of_a_path_that_only_another_host_knows_is_who_knows_it() {
    let Some(sandbox) = saved_elsewhere(&["save", "venv"]) else {
        return;
    };
    let id = sandbox.ids()[0].clone();
    for stands in [true, false] {
        if !stands {
            fs::remove_dir_all(sandbox.venv()).unwrap();
        }
        for verb in ["list", "log"] {
            let run = sandbox.snap(&[verb, "venv"]);
            assert_eq!(run.code, if stands { 0 } else { 10 }, "{run}");
            for words in ["another host", &id[..8], HOST] {
                assert!(run.stderr.contains(words), "{verb}, {words}: {run}");
            }
        }
    }
}

/// Only restore, diff and list knew of the snapshots of the other host.
#[test]
fn whatever_asks_for_a_venv_names_its_snapshots_of_another_host_with_the_command_that_takes_one() {
    let Some(sandbox) = saved_elsewhere(&["save", "venv"]) else {
        return;
    };
    let id = sandbox.ids()[0].clone();
    for is_there in [true, false] {
        if !is_there {
            fs::remove_dir_all(sandbox.venv()).unwrap();
        }
        for (code, args) in [
            (None, &["status", "venv"][..]),
            (Some(10), &["drill", "venv"]),
            (Some(10), &["undo", "venv"]),
            (Some(10), &["restore", "venv"]),
        ] {
            let run = sandbox.snap(args);
            assert!(code.is_none_or(|code| code == run.code), "{args:?}: {run}");
            for words in ["another host", &id[..8], HOST, "--from-other"] {
                assert!(run.stderr.contains(words), "{args:?} {words}: {run}");
            }
        }
    }
    let status = sandbox.snap(&["status"]);
    assert!(status.stderr.contains("--from-other"), "{status}");
}

/// A check, and a save that was refused, sent to a rebuild alone.
#[test]
fn whatever_finds_damage_names_the_baselines_of_another_host() {
    let Some(sandbox) = saved_elsewhere(&["save", "venv"]) else {
        return;
    };
    let id = sandbox.ids()[0].clone();
    let core = sandbox.venv().join(venv::SITE).join("click/core.py");
    fs::remove_file(core).unwrap();
    for verb in ["check", "save"] {
        let run = sandbox.code(1, &[verb, "venv"]);
        for words in ["another host", &id[..8], "--from-other", "rebuild"] {
            assert!(run.stderr.contains(words), "{verb} {words}: {run}");
        }
    }
    // What is no baseline may be as damaged.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    fs::remove_file(sandbox.venv().join(venv::SITE).join("click/core.py")).unwrap();
    elsewhere(&sandbox, &["save", "venv", "--force"]).unwrap();
    let run = sandbox.code(1, &["check", "venv"]);
    assert!(!run.stderr.contains("another host"), "{run}");
}

/// It was to be saved, which nobody can.
#[test]
fn a_path_where_nothing_is_and_nothing_was_is_a_wrong_name() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let mut session = Session::new(&sandbox);
    for verb in ["restore", "drill"] {
        for name in ["some-other-name", "vemv"] {
            session.run(10, &[verb, name]);
        }
    }
    insta::assert_snapshot!(session.told());
}
