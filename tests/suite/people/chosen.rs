//! Which venv is meant where none is named.

use std::fs;
use std::path::Path;

use crate::support::{Run, Sandbox, venv};

/// Runs the program in a directory, with or without an active venv.
fn run(sandbox: &Sandbox, code: i32, dir: &str, active: Option<&Path>, args: &[&str]) -> Run {
    let mut command = sandbox.command(args);
    command.current_dir(sandbox.path(dir));
    if let Some(active) = active {
        command.env("VIRTUAL_ENV", active);
    }
    let run = Run::of(command);
    assert_eq!(run.code, code, "{args:?} in {dir}: {run}");
    run
}

#[test]
fn a_store_without_a_name_is_not_another_store() {
    // `--store "$STORE"` in a script that never set it: what was saved went to the store of root.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    for verb in [&["save", "venv"][..], &["diff", "venv"], &["list"]] {
        for store in [&["--store", ""][..], &["--store="]] {
            let told = run(&sandbox, 2, ".", None, &[store, verb].concat());
            assert!(told.stderr.contains("--store"), "{told}");
        }
    }
    assert!(!sandbox.path("store").exists());
}

#[test]
fn the_active_venv_goes_before_dot_venv_and_that_before_venv_and_the_nearest_before_those_above() {
    // Only `.venv` was looked for, though `python3 -m venv venv` is what most people type.
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("top/app/src")).unwrap();
    for (made, dir, meant) in [
        ("top/venv", "top/app/src", "top/venv"),
        ("top/.venv", "top/app/src", "top/.venv"),
        ("top/app/venv", "top/app/src", "top/app/venv"),
        ("top/app/.venv", "top/app/src", "top/app/.venv"),
        ("top/app/.venv", "top", "top/.venv"),
    ] {
        if !sandbox.path(made).exists() {
            venv::tiny(&sandbox.path(made));
        }
        let said = format!("venv: {}\n", sandbox.path(meant).display());
        for verb in ["check", "save", "diff", "log"] {
            let told = run(&sandbox, 0, dir, None, &[verb]);
            assert!(told.stderr.contains(&said), "{verb} in {dir}: {told}");
            assert!(!told.stdout.is_empty(), "{told}");
        }
        let told = run(&sandbox, 0, dir, None, &["show", "latest"]);
        assert!(told.stderr.contains(&said), "{dir}: {told}");
        let told = run(&sandbox, 2, dir, None, &["restore"]);
        assert!(told.stderr.contains("must be named"), "{told}");
    }
    venv::tiny(&sandbox.path("active"));
    let active = sandbox.path("active");
    let told = run(&sandbox, 0, "top/app", Some(&active), &["check"]);
    assert!(told.stderr.contains("/active\n"), "{told}");
    let empty = run(&sandbox, 0, "top/app", Some(Path::new("")), &["check"]);
    assert!(empty.stderr.contains("/top/app/.venv\n"), "{empty}");
}

#[test]
fn a_venv_that_lost_its_configuration_is_still_the_one_that_is_meant() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path("app/.venv"));
    venv::tiny(&sandbox.path("app/venv"));
    run(&sandbox, 0, "app", None, &["save"]);
    fs::remove_file(sandbox.path("app/.venv/pyvenv.cfg")).unwrap();
    let told = run(&sandbox, 1, "app", None, &["diff"]);
    assert!(told.stderr.contains("/app/.venv\n"), "{told}");
}

#[test]
fn names_of_snapshots_are_never_those_of_just_any_venv() {
    // With an id before it, '@label' meant a snapshot of any venv, also one to be forgotten.
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("empty")).unwrap();
    venv::tiny(&sandbox.path("one/.venv"));
    venv::tiny(&sandbox.path("two/.venv"));
    for dir in ["one", "two"] {
        run(&sandbox, 0, dir, None, &["save", "--label", dir]);
    }
    let id = sandbox.ids().remove(0);
    for verb in [&["pin"][..], &["forget"], &["copy", "--to", "other"]] {
        let args = [verb, &[id.as_str(), "@two"]].concat();
        let told = run(&sandbox, 2, "empty", None, &args);
        assert!(told.stderr.contains("'@two' of which venv?"), "{told}");
        run(&sandbox, 10, "one", None, &args);
    }
    run(&sandbox, 0, "empty", None, &["show", &id]);
}
