//! Causes that were told of what something else had done.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::support::answers::{named, rules};
use crate::support::faults::skipped;
use crate::support::pythons::{all, make};
use crate::support::stocked::stocked;
use crate::support::{Sandbox, venv};

/// Five minutes after the install somebody emptied files: that was "lost their bytes and kept their times".
#[test]
fn what_somebody_emptied_after_the_install_was_not_lost_with_the_power() {
    let sandbox = stocked();
    let site = sandbox.venv().join(venv::SITE);
    let files = ["ant/a.py", "bee/a.py", "cat/more.py", "dog/a.py"];
    let files = files.map(|file| site.join(file));
    sandbox.ok(&["save", "venv"]);
    for file in &files {
        fs::write(file, b"").unwrap();
        venv::set_mtime(file, 1_700_000_000, 123_456_789);
    }
    named(&sandbox, &["power-loss"], &["power-loss"], "a power cut");
    for file in &files {
        venv::set_mtime(file, 1_700_000_300, 0);
    }
    named(&sandbox, &[], &[], "what was emptied later");
}

/// What is done to a venv.
type Deed<'a> = &'a dyn Fn(&Path);

/// Rewrites a line of `pyvenv.cfg`.
fn state(venv: &Path, key: &str, value: &str) {
    let path = venv.join("pyvenv.cfg");
    let text = fs::read_to_string(&path).unwrap();
    let line = |line: &str| match line.split_once(" = ") {
        Some((found, _)) if found == key => format!("{key} = {value}\n"),
        _ => format!("{line}\n"),
    };
    fs::write(&path, text.lines().map(line).collect::<String>()).unwrap();
}

fn told(answer: &Value) -> String {
    assert_eq!(rules(answer), ["interpreter-changed"], "{answer}");
    answer["diagnosis"][0]["text"].as_str().unwrap().to_owned()
}

/// Of each the advice was to make the venv anew.
#[test]
fn where_only_what_names_the_interpreter_is_wrong_that_is_told() {
    let Some((_, python)) = all().pop() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    let link = |venv: &Path, to: &str| {
        let path = venv.join("bin/python3");
        fs::remove_file(&path).unwrap();
        symlink(to, path).unwrap();
    };
    let cases: [(&str, &str, Deed<'_>); 5] = [
        ("another version", "pyvenv.cfg does not fit", &|venv| {
            state(venv, "version", "3.5.1");
        }),
        ("another home", "pyvenv.cfg does not fit", &|venv| {
            state(venv, "home", "/nowhere/bin");
        }),
        (
            "a link to nowhere",
            "'bin/python3' does not lead to",
            &|venv| link(venv, "/nowhere"),
        ),
        (
            "a link to a program",
            "'bin/python3' does not lead to",
            &|venv| link(venv, "/bin/true"),
        ),
        ("no interpreter any more", "made anew", &|venv| {
            link(venv, "/nowhere/bin/python3");
            state(venv, "home", "/nowhere/bin");
        }),
    ];
    for (what, text, hurt) in cases {
        let sandbox = Sandbox::new();
        let venv = sandbox.venv();
        make(&python, &venv);
        // As every version of Python has them: the others lead to this one.
        let to = fs::canonicalize(venv.join("bin/python")).unwrap();
        for name in ["python", "python3"] {
            let _ = fs::remove_file(venv.join("bin").join(name));
        }
        symlink(to, venv.join("bin/python3")).unwrap();
        symlink("python3", venv.join("bin/python")).unwrap();
        sandbox.ok(&["check", "venv"]);
        sandbox.ok(&["save", "venv"]);
        hurt(&venv);
        for verb in ["check", "diff"] {
            let run = sandbox.snap(&[verb, "venv", "--json"]);
            let answer: Value = serde_json::from_str(&run.stdout).unwrap();
            let told = told(&answer);
            assert!(told.contains(text), "{verb} of {what}: {told}");
            let anew = told.contains("made anew");
            assert_eq!(anew, text == "made anew", "{verb} of {what}: {told}");
        }
        sandbox.ok(&["restore", "venv"]);
        sandbox.ok(&["check", "venv"]);
    }
}
