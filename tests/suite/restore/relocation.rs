//! `--to`: every script of the new venv runs there, proved by running it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::faults::skipped;
use crate::support::{Sandbox, venv};

/// A venv with a script of each form, as pip's own installer writes them.
fn with_scripts(sandbox: &Sandbox) {
    venv::real(&sandbox.venv());
    let python = sandbox.venv().join("bin/python3");
    let python = python.to_str().unwrap();
    let body = "import sys\nprint(sys.prefix)\n";
    for (name, head) in [
        ("short", format!("#!{python}\n")),
        (
            "long",
            format!("#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"),
        ),
        ("flagged", format!("#!{python} -E\n")),
    ] {
        let path = sandbox.venv().join("bin").join(name);
        fs::write(&path, head + body).unwrap();
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
}

fn output(command: &mut Command) -> String {
    let output = command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

fn names_old_place(dir: &Path, old: &str) -> Vec<String> {
    let found = Command::new("grep")
        .args(["-rIl", "--exclude=*.pyc", old])
        .arg(dir)
        .output()
        .unwrap();
    String::from_utf8(found.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_script_and_activate_file_works_in_its_new_place() {
    let sandbox = Sandbox::new();
    with_scripts(&sandbox);
    sandbox.ok(&["save", "venv"]);
    let deep = format!("deep/{}/{}", "d".repeat(90), "e".repeat(60));
    for place in ["plain", "with space", "it's $5", &deep] {
        let to = sandbox.path(place);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let run = sandbox.ok(&["restore", "venv", "--to", place]);
        let to_text = to.to_str().unwrap();
        if place == "it's $5" {
            // No first line can hold a dollar sign; that is told, script by script.
            assert!(
                run.stderr.contains("'bin/short' still names the old place"),
                "{run}"
            );
        } else {
            for script in ["short", "long", "flagged"] {
                assert_eq!(
                    output(&mut Command::new(to.join("bin").join(script))),
                    to_text,
                    "{place} {script}"
                );
            }
            assert_eq!(
                names_old_place(&to, &format!("{}/", sandbox.venv().display())),
                Vec::<String>::new(),
                "{place}"
            );
        }
        let source = format!(
            "source '{}/bin/activate' && echo \"$VIRTUAL_ENV\" && command -v python",
            to_text.replace('\'', "'\\''")
        );
        assert_eq!(
            output(Command::new("bash").args(["-c", &source])),
            format!("{to_text}\n{to_text}/bin/python")
        );
        for (shell, script) in [("fish", "activate.fish"), ("csh", "activate.csh")] {
            if place.contains('\'') {
                continue;
            }
            if Command::new(shell).args(["-c", "true"]).status().is_err() {
                skipped(1, &format!("{shell} is not installed"));
                continue;
            }
            let line = format!("source '{to_text}/bin/{script}'; echo \"$VIRTUAL_ENV\"");
            let line = if shell == "csh" {
                format!("set prompt = x; {line}")
            } else {
                line
            };
            assert_eq!(
                output(Command::new(shell).args(["-c", &line])),
                to_text,
                "{shell} {place}"
            );
        }
    }
}

#[test]
fn the_packages_import_there_and_exact_keeps_every_byte() {
    let sandbox = Sandbox::new();
    with_scripts(&sandbox);
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["restore", "venv", "--to", "new"]);
    let code = "import click, idna, certifi, sys; print(click.__file__)";
    let file = output(Command::new(sandbox.path("new/bin/python")).args(["-c", code]));
    assert!(
        file.starts_with(sandbox.path("new").to_str().unwrap()),
        "{file}"
    );
    sandbox.ok(&["restore", "venv", "--to", "same", "--exact"]);
    let read = |dir: &str| fs::read(sandbox.path(dir).join("bin/short")).unwrap();
    assert_eq!(read("same"), read("venv"));
    assert_ne!(read("new"), read("venv"));
}

#[test]
fn an_editable_whose_source_lies_outside_is_named() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::write(
        &sandbox.venv(),
        &format!("{}/__editable__.app-1.0.pth", venv::SITE),
        b"/home/me/app/src\n",
    );
    sandbox.ok(&["save", "venv"]);
    let run = sandbox.ok(&["restore", "venv", "--to", "out"]);
    assert!(run.stderr.contains("/home/me/app/src"), "{run}");
}

#[test]
fn records_of_rewritten_scripts_agree_with_them() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let script = format!("#!{}/bin/python\n", sandbox.venv().display());
    venv::write(&sandbox.venv(), "bin/app", script.as_bytes());
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.path("venv/bin/app"), mode).unwrap();
    use sha2::Digest;
    let hash = data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(&script));
    let row = format!("../../../bin/app,sha256={hash},{}\n", script.len());
    venv::write(
        &sandbox.venv(),
        &format!("{}/app-1.0.dist-info/RECORD", venv::SITE),
        row.as_bytes(),
    );
    venv::write(
        &sandbox.venv(),
        &format!("{}/app-1.0.dist-info/METADATA", venv::SITE),
        b"Name: app\nVersion: 1.0\n",
    );
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["restore", "venv", "--to", "elsewhere"]);
    let new = fs::read(sandbox.path("elsewhere/bin/app")).unwrap();
    let hash = data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(&new));
    let record = fs::read_to_string(
        sandbox
            .path("elsewhere")
            .join(venv::SITE)
            .join("app-1.0.dist-info/RECORD"),
    )
    .unwrap();
    assert_eq!(
        record,
        format!("../../../bin/app,sha256={hash},{}\n", new.len())
    );
}
