//! Venvs that stand on a cache by links, and scripts that another tool adapted.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::answers::rules;
use crate::support::wheel::{build, pip, venv_with_pip};
use crate::support::{Sandbox, tools, uv, venv};

/// A venv of which one distribution is links into a cache of uv's; none without uv.
fn on_a_cache() -> Option<Sandbox> {
    if !uv::is_there() {
        return None;
    }
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [
        ("wool/__init__.py", "def main(): pass\n"),
        ("wool/core.py", "y = 2\n"),
        ("wool/none.py", ""),
    ];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    uv::install(&sandbox, &wheel, "symlink");
    Some(sandbox)
}

fn target(sandbox: &Sandbox, file: &str) -> PathBuf {
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    fs::read_link(site.join(file)).unwrap()
}

fn of_check<'a>(answer: &'a Value, check: &str) -> Vec<&'a Value> {
    let findings = answer["findings"].as_array().unwrap().iter();
    findings.filter(|one| one["check"] == check).collect()
}

/// Once such a venv was refused as damaged, since METADATA was a link.
#[test]
fn a_venv_on_a_cache_is_sound_and_says_once_on_which() {
    let Some(sandbox) = on_a_cache() else {
        return;
    };
    let check = sandbox.json(0, &["check", "venv"]);
    assert_eq!(
        (&check["clean"], &check["summary"]["damage"]),
        (&true.into(), &0.into()),
        "{check}"
    );
    let linked = of_check(&check, "file-linked");
    assert_eq!(linked.len(), 1, "{check}");
    let cache = sandbox.path(".cache/uv");
    assert_eq!(linked[0]["behind"], cache.to_str().unwrap(), "{check}");
    let saved = sandbox.ok(&["save", "venv"]);
    assert!(
        saved.stdout.contains("as baseline") && saved.stdout.contains(cache.to_str().unwrap()),
        "{saved}"
    );
    assert_eq!(sandbox.json(0, &["diff", "venv"])["identical"], true);
    sandbox.ok(&["restore", "venv", "--heal"]);
}

/// Once what the links led to was not looked at: an emptied cache was "identical".
#[test]
fn damage_behind_a_link_is_told_by_every_verb_with_the_cache() {
    type Hurt = fn(&Path);
    let hurts: [(&str, Hurt, &str); 5] = [
        (
            "gone",
            |file| fs::remove_file(file).unwrap(),
            "file-missing",
        ),
        (
            "emptied",
            |file| fs::write(file, b"").unwrap(),
            "file-emptied",
        ),
        (
            "altered",
            |file| fs::write(file, b"y = 3\n").unwrap(),
            "file-altered",
        ),
        (
            "a directory",
            |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap();
            },
            "file-altered",
        ),
        (
            "a circle",
            |file| {
                fs::remove_file(file).unwrap();
                symlink(file, file).unwrap();
            },
            "file-missing",
        ),
    ];
    for (name, hurt, expected) in hurts {
        let Some(sandbox) = on_a_cache() else {
            return;
        };
        sandbox.ok(&["save", "venv"]);
        hurt(&target(&sandbox, "wool/core.py"));
        let check = sandbox.json(1, &["check", "venv"]);
        assert_eq!(of_check(&check, expected).len(), 1, "{name}: {check}");
        assert_eq!(rules(&check), ["damaged-cache"], "{name}: {check}");
        assert!(
            check["diagnosis"][0]["text"]
                .as_str()
                .unwrap()
                .contains(".cache/uv"),
            "{check}"
        );
        let diff = sandbox.json(1, &["diff", "venv"]);
        assert_eq!(
            (&diff["identical"], &diff["summary"]["damage"]),
            (&false.into(), &1.into()),
            "{name}: {diff}"
        );
        assert_eq!(rules(&diff), ["damaged-cache"], "{name}: {diff}");
        // Nor is what an earlier save found taken over.
        sandbox.code(1, &["save", "venv"]);
        let heal = sandbox.code(3, &["restore", "venv", "--heal"]);
        assert!(heal.stdout.contains("wool"), "{heal}");
    }
}

#[test]
fn a_cache_that_was_cleaned_is_the_cause_and_no_pipe_behind_a_link_is_waited_for() {
    let Some(sandbox) = on_a_cache() else {
        return;
    };
    sandbox.ok(&["save", "venv"]);
    let file = target(&sandbox, "wool/core.py");
    fs::remove_file(&file).unwrap();
    tools::done(Command::new("mkfifo").arg(&file));
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(of_check(&check, "file-altered").len(), 1, "{check}");
    fs::remove_dir_all(sandbox.path(".cache/uv")).unwrap();
    for verb in ["check", "diff"] {
        let answer = sandbox.json(1, &[verb, "venv"]);
        assert_eq!(rules(&answer), ["damaged-cache"], "{verb}: {answer}");
    }
    sandbox.code(1, &["save", "venv"]);
}

/// virtualenv links whole directories, and once nobody looked behind them.
#[test]
fn whole_directories_that_are_links_are_looked_into() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [
        ("wool/__init__.py", "def main(): pass\n"),
        ("wool/core.py", "y = 2\n"),
    ];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let image = sandbox.path("app-data/wheel/3.11/image/1/SymlinkPipInstall/wool-1.0-py3-none-any");
    fs::create_dir_all(&image).unwrap();
    for name in ["wool", "wool-1.0.dist-info"] {
        fs::rename(site.join(name), image.join(name)).unwrap();
        symlink(image.join(name), site.join(name)).unwrap();
    }
    let check = sandbox.json(0, &["check", "venv"]);
    let linked = of_check(&check, "file-linked");
    assert_eq!(
        (linked.len(), &check["clean"]),
        (1, &true.into()),
        "{check}"
    );
    assert_eq!(
        linked[0]["behind"],
        sandbox.path("app-data").to_str().unwrap()
    );
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(image.join("wool/core.py")).unwrap();
    for verb in ["check", "diff"] {
        assert_eq!(
            rules(&sandbox.json(1, &[verb, "venv"])),
            ["damaged-cache"],
            "{verb}"
        );
    }
    fs::remove_dir_all(&image).unwrap();
    for verb in ["check", "diff"] {
        let answer = sandbox.json(1, &[verb, "venv"]);
        assert_eq!(rules(&answer), ["damaged-cache"], "{verb}: {answer}");
    }
    sandbox.code(1, &["save", "venv"]);
    sandbox.code(3, &["restore", "venv", "--heal"]);
}

/// pipx adds `-E` after the install, venv-pack names `env`, people run `sed` over what they moved. All of that was
/// "altered".
#[test]
fn a_script_whose_first_line_another_tool_wrote_is_sound_and_any_other_change_is_not() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [("wool/__init__.py", "def main(): pass\n")];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let script = sandbox.venv().join("bin/wool-tool");
    let content = fs::read_to_string(&script).unwrap();
    let (_, rest) = content.split_once('\n').unwrap();
    let python = sandbox.venv().join("bin/python");
    let python = python.to_str().unwrap();
    let long = format!("#!/bin/sh\n'''exec' {python} -E \"$0\" \"$@\"\n' '''");
    for (head, damage) in [
        (format!("#!{python} -E"), 0),
        (format!("#!{python}3 -I"), 0),
        ("#!/usr/bin/env python".to_owned(), 0),
        (long, 0),
        ("#!/usr/bin/python3".to_owned(), 1),
        ("#!/usr/bin/env ruby".to_owned(), 1),
    ] {
        fs::write(&script, format!("{head}\n{rest}")).unwrap();
        let check = sandbox.json(damage, &["check", "venv"]);
        assert_eq!(check["summary"]["damage"], damage, "{head}: {check}");
        fs::write(&script, format!("{head}\n{rest}#")).unwrap();
        let check = sandbox.json(1, &["check", "venv"]);
        assert_eq!(
            of_check(&check, "file-altered").len(),
            1,
            "{head} and more: {check}"
        );
    }
    // A venv that was moved, and told its new place.
    fs::write(&script, &content).unwrap();
    fs::rename(sandbox.venv(), sandbox.path("moved-elsewhere")).unwrap();
    let (old, new) = (sandbox.venv(), sandbox.path("moved-elsewhere"));
    let sed = format!("s#{}/bin#{}/bin#", old.display(), new.display());
    tools::done(Command::new("sh").args([
        "-c",
        &format!(
            "sed -i '{sed}' {}/bin/wool-tool {}/bin/pip*",
            new.display(),
            new.display()
        ),
    ]));
    let check = sandbox.json(0, &["check", "moved-elsewhere"]);
    assert_eq!(check["summary"]["damage"], 0, "{check}");
}
