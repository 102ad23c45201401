//! Places with blanks and apostrophes, which each writer of a venv quotes in its own way: a tree at another place names
//! that place, or the answer says what in it still names the old one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Sandbox, venv};

/// As `shlex.quote` of Python writes it, and with it venv, virtualenv and uv.
fn shlex(text: &str) -> String {
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}

fn script(root: &Path, name: &str, head: &str) {
    let path = format!("bin/{name}");
    let text = format!("{head}import sys\nprint(sys.prefix)\n");
    venv::write(root, &path, text.as_bytes());
    fs::set_permissions(root.join(&path), fs::Permissions::from_mode(0o755)).unwrap();
    let record = venv::site_packages(root) + "/idna-1.0.dist-info/RECORD";
    let row = format!("../../../{path},{}\n", venv::recorded(text.as_bytes()));
    venv::append(root.join(record), &row);
}

/// A venv whose scripts are written as uv and the launchers of pip would write them there, and activate scripts of uv.
fn quoted(root: &Path) {
    venv::real(root);
    let own = root.to_str().unwrap();
    let python = format!("{own}/bin/python");
    let long = |word: &str| format!("#!/bin/sh\n'''exec' {word} \"$0\" \"$@\"\n' '''\n");
    if own.contains(' ') {
        script(root, "by-uv", &long(&shlex(&python)));
        script(root, "by-pip", &long(&format!("\"{python}\"")));
    } else {
        script(root, "by-uv", &format!("#!{python}\n"));
        script(root, "by-pip", &format!("#!{python}\n"));
    }
    let nu = format!("let virtual_env = {}\n", shlex(own));
    venv::write(root, "bin/activate.nu", nu.as_bytes());
    let double = format!("VIRTUAL_ENV=\"{own}\"\n");
    venv::write(root, "share/activate.old", double.as_bytes());
}

/// The paths of what is told to name the old place.
fn told(json: &Value) -> Vec<&str> {
    let all = json["names_old_place"].as_array();
    let all = all.unwrap_or_else(|| panic!("{json}"));
    all.iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect()
}

/// What still names the old place: a file of no known kind, and one for nushell, which has no quotes for every path.
fn left_at(place: &str) -> &'static [&'static str] {
    let all = &["bin/activate.nu", "share/activate.old"];
    if place.contains('\'') { all } else { &all[1..] }
}

fn prints(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// `bin/activate`, and all scripts of `bin` with a blank and an apostrophe, went on to name the old place: neither was
/// it told, nor did `check` see it.
#[test]
fn a_place_in_quotes_is_adapted_in_the_form_of_each_writer() {
    for (from, to) in [
        ("O'Brien/v", "new"),
        ("a b'c/v", "new"),
        ("plain", "O'Brien/v"),
        ("O'Brien/v", "x y'z/v"),
        ("x y'z/v", "O'Brien"),
    ] {
        let sandbox = Sandbox::new();
        let (old, new) = (sandbox.path(from), sandbox.path(to));
        for place in [&old, &new] {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
        }
        quoted(&old);
        sandbox.ok(&["save", from]);
        let json = sandbox.json(0, &["restore", from, "--to", to]);
        let left = left_at(to);
        assert_eq!(told(&json), left, "{from} {to}: {json}");
        sandbox.ok(&["check", to]);
        fs::rename(&old, sandbox.path("gone")).unwrap();
        let own = new.to_str().unwrap();
        for tool in ["by-uv", "by-pip"] {
            let mut tool = Command::new(new.join("bin").join(tool));
            assert_eq!(prints(&mut tool), own, "{from} {to}");
        }
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            ". \"$1/bin/activate\"; printf %s \"$VIRTUAL_ENV\"",
            "sh",
        ]);
        assert_eq!(prints(shell.arg(&new)), own, "{from} {to}");
        // What was adapted can be adapted again, and brings the tree back as it was.
        sandbox.ok(&["save", to]);
        let json = sandbox.json(0, &["restore", to, "--to", from]);
        let mut again = told(&json);
        again.retain(|path| !left_at(from).contains(path));
        assert!(again.is_empty(), "{to} {from}: {json}");
        for tool in ["by-uv", "by-pip"] {
            let mut tool = Command::new(old.join("bin").join(tool));
            assert_eq!(prints(&mut tool), old.to_str().unwrap(), "{to} {from}");
        }
    }
}

/// Scripts of uv were not understood, and so a copy that runs the interpreter of another venv counted as sound.
#[test]
fn a_copy_that_runs_the_interpreter_of_a_place_in_quotes_is_told() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("a b'c")).unwrap();
    let old = sandbox.path("a b'c/v");
    quoted(&old);
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(&old).arg(sandbox.path("copy"));
    assert!(copy.status().unwrap().success());
    let run = sandbox.snap(&["check", "copy", "--json"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap().iter();
    let mut foreign = findings.filter(|one| one["check"] == "script-foreign");
    let text = foreign.next().unwrap_or_else(|| panic!("{run}"))["text"].clone();
    let text = text.as_str().unwrap();
    assert!(text.contains("by-uv") && text.contains("by-pip"), "{run}");
}

/// A path with doubled slashes, or with parts that are a dot alone, leads to the same place and was neither adapted nor
/// told.
#[test]
fn an_untidy_path_is_adapted_where_a_script_starts_and_told_elsewhere() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("app")).unwrap();
    let old = sandbox.path("app/v");
    venv::real(&old);
    let app = sandbox.path("app").to_str().unwrap().to_owned();
    script(&old, "doubled", &format!("#!{app}//v/bin/python\n"));
    script(&old, "dotted", &format!("#!{app}/./v/bin/python\n"));
    venv::write(&old, "etc/doubled", format!("a={app}//v/x\n").as_bytes());
    venv::write(&old, "etc/dotted", format!("a={app}/./v\n").as_bytes());
    venv::write(
        &old,
        "etc/others",
        format!("a={app}//v2 b={app}/x//v c=http:/{app}/v\n").as_bytes(),
    );
    sandbox.ok(&["save", "app/v"]);
    let json = sandbox.json(0, &["restore", "app/v", "--to", "new"]);
    assert_eq!(told(&json), ["etc/dotted", "etc/doubled"], "{json}");
    fs::rename(&old, sandbox.path("gone")).unwrap();
    let new = sandbox.path("new");
    for tool in ["doubled", "dotted"] {
        let mut tool = Command::new(new.join("bin").join(tool));
        assert_eq!(prints(&mut tool), new.to_str().unwrap());
    }
}
