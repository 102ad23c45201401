//! What `doctor` makes of a machine, which the tests build below a root of their own.

mod commands;
mod crontabs;
mod forms;
mod goes;
mod guards;
mod handed;
mod jobs;
mod links;
mod machine;
mod on_the_way;
mod pruned;
mod schedules;
mod scripts;
mod sweepers;
mod terms;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::support::{Sandbox, venv};

/// Where the venv of a machine stands, as that machine calls it.
const VENV: &str = "/srv/app/.venv";

/// A machine with a venv of two packages, of which both have a `core.py`, from November 2023.
fn machine() -> Sandbox {
    let sandbox = Sandbox::new();
    let place = sandbox.path("root/srv/app/.venv");
    fs::create_dir_all(&place).unwrap();
    venv::tiny(&place);
    fs::create_dir_all(sandbox.path("root/tmp")).unwrap();
    put(
        &sandbox,
        "/etc/passwd",
        "root:x:0:0::/root:/bin/sh\nweb:x:33:33::/srv/home:/bin/sh\n",
    );
    sandbox
}

/// Puts a file on a machine.
fn put(sandbox: &Sandbox, path: &str, text: &str) {
    let path = sandbox.path("root").join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    if text.starts_with("#!") {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Puts a link on a machine.
fn put_link(sandbox: &Sandbox, path: &str, to: &str) {
    let path = sandbox.path("root").join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(to, path).unwrap();
}

/// The answer for the venv of a machine.
fn asked(sandbox: &Sandbox, more: &[&str]) -> Value {
    let args = [&["doctor", "root/srv/app/.venv", "--root", "root"], more].concat();
    let run = sandbox.snap(&[&args[..], &["--json"]].concat());
    assert!(run.code <= 1, "{run}");
    serde_json::from_str(run.stdout.lines().next().unwrap()).unwrap()
}

/// Sweepers as `file:line takes takes_later`.
fn told(answer: &Value) -> Vec<String> {
    let one = |one: &Value| {
        let path = one["path"].as_str().unwrap();
        assert!(Path::new(path).is_absolute());
        format!(
            "{path}:{} {} {}",
            one["line"], one["takes"], one["takes_later"]
        )
    };
    answer["sweepers"]
        .as_array()
        .unwrap()
        .iter()
        .map(one)
        .collect()
}
