//! Modules that are gone together with their rows of RECORD, where no import from outside leads: damage where something
//! else says that they were there once, and nothing where nothing says so.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::answers::found;
use crate::support::{Run, Sandbox, venv};

const LONG_AGO: i64 = 1_700_000_000;

/// A venv with a module that only one imports to which nothing leads, and a package that says nothing of itself.
fn scene() -> Sandbox {
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    venv::tiny(&root);
    add(
        &sandbox,
        "click",
        "click/optional.py",
        "from .utils import x\n",
    );
    venv::package(&root, venv::SITE, "plain", &["core.py"]);
    lose(&sandbox, "plain", "plain/py.typed");
    venv::age(&root, LONG_AGO);
    tick(&sandbox, "made");
    sandbox
}

/// Waits until the clock of the file system goes on: it stands still for some milliseconds.
fn tick(sandbox: &Sandbox, name: &str) {
    let marker = sandbox.path(&format!("marker-{name}"));
    let probe = sandbox.path(&format!("probe-{name}"));
    fs::write(&marker, "").unwrap();
    while !probe.exists() || changed(&probe) <= changed(&marker) {
        fs::write(&probe, "").unwrap();
    }
}

fn changed(path: &Path) -> (i64, i64) {
    let meta = fs::metadata(path).unwrap();
    (meta.ctime(), meta.ctime_nsec())
}

fn site(sandbox: &Sandbox, path: &str) -> PathBuf {
    sandbox.venv().join(venv::SITE).join(path)
}

fn record(package: &str) -> String {
    format!("{package}-1.0.dist-info/RECORD")
}

fn add(sandbox: &Sandbox, package: &str, path: &str, content: &str) {
    fs::write(site(sandbox, path), content).unwrap();
    let row = format!("{path},{}\n", venv::recorded(content.as_bytes()));
    venv::append(site(sandbox, &record(package)), &row);
}

/// Removes a file and its row.
fn lose(sandbox: &Sandbox, package: &str, path: &str) {
    fs::remove_file(site(sandbox, path)).unwrap();
    let list = site(sandbox, &record(package));
    let rows = fs::read_to_string(&list).unwrap();
    let kept = rows
        .lines()
        .filter(|row| !row.starts_with(&format!("{path},")));
    let kept: String = kept.map(|row| format!("{row}\n")).collect();
    fs::write(list, kept).unwrap();
}

/// Puts the times of what `lose` changed back, as a copy of another venv has them.
fn hide(sandbox: &Sandbox, package: &str) {
    for path in [package.to_owned(), record(package)] {
        venv::set_mtime(&site(sandbox, &path), LONG_AGO, 0);
    }
}

fn checked(sandbox: &Sandbox, code: i32, with: &[(&str, PathBuf)]) -> Value {
    let mut command = sandbox.command(&["check", "venv", "--json"]);
    for (name, value) in with {
        command.env(name, value);
    }
    let run = Run::of(command);
    assert_eq!(run.code, code, "{run}");
    serde_json::from_str(&run.stdout).unwrap()
}

fn text(answer: &Value) -> &str {
    answer["findings"][0]["text"].as_str().unwrap()
}

#[test]
fn times_say_that_a_module_and_its_row_went_after_the_install() {
    let sandbox = scene();
    assert_eq!(found(&checked(&sandbox, 0, &[])), [""; 0]);
    lose(&sandbox, "click", "click/utils.py");
    let answer = checked(&sandbox, 1, &[]);
    assert_eq!(found(&answer), ["import-unresolved click/optional.py"]);
    assert!(
        text(&answer).contains("vanished from its directory"),
        "{answer}"
    );
    hide(&sandbox, "click");
    assert_eq!(found(&checked(&sandbox, 0, &[])), [""; 0]);
    // An editor leaves a directory changed, and so does who cleans up; the list tells nothing of that.
    let swap = site(&sandbox, "click/.core.py.swp");
    fs::write(&swap, "").unwrap();
    fs::remove_file(&swap).unwrap();
    assert_eq!(found(&checked(&sandbox, 0, &[])), [""; 0]);
}

/// What its wheel never had is not missed where an install was slow, and something else changed the directory since.
#[test]
fn a_slow_install_and_a_purge_of_bytecode_are_no_loss() {
    let scene = || {
        let sandbox = scene();
        lose(&sandbox, "click", "click/utils.py");
        assert_eq!(found(&checked(&sandbox, 1, &[])).len(), 1);
        sandbox
    };
    let list = record("click");
    let slow = scene();
    for seconds in [3, 600] {
        venv::set_mtime(&site(&slow, &list), LONG_AGO + seconds, 0);
        assert_eq!(found(&checked(&slow, 0, &[])), [""; 0], "{seconds}");
    }
    // The directory changed while the install was still under way.
    let under_way = scene();
    venv::set_mtime(&site(&under_way, "click"), LONG_AGO + 1, 0);
    assert_eq!(found(&checked(&under_way, 0, &[])), [""; 0]);
    // What pip compiled is gone, and that changed the directory.
    let purged = scene();
    let rows = ["core", "optional"];
    let rows = rows.map(|name| format!("click/__pycache__/{name}.cpython-311.pyc,,\n"));
    venv::append(site(&purged, &list), &rows.concat());
    assert_eq!(found(&checked(&purged, 0, &[])), [""; 0]);
}

#[test]
fn times_say_that_a_package_lost_its_init() {
    let sandbox = scene();
    lose(&sandbox, "plain", "plain/__init__.py");
    assert_eq!(
        found(&checked(&sandbox, 1, &[])),
        ["import-unresolved plain"]
    );
    hide(&sandbox, "plain");
    assert_eq!(found(&checked(&sandbox, 0, &[])), [""; 0]);
}

#[test]
fn a_snapshot_says_that_a_module_was_there() {
    let sandbox = scene();
    sandbox.ok(&["save", "venv"]);
    lose(&sandbox, "click", "click/utils.py");
    hide(&sandbox, "click");
    lose(&sandbox, "plain", "plain/__init__.py");
    hide(&sandbox, "plain");
    let answer = checked(&sandbox, 1, &[]);
    let both = [
        "import-unresolved click/optional.py",
        "import-unresolved plain",
    ];
    assert_eq!(found(&answer), both);
    let id = sandbox.ids().remove(0);
    assert!(
        text(&answer).contains(&format!("snapshot {}", &id[..8])),
        "{answer}"
    );
    sandbox.code(1, &["save", "venv"]);
    assert_eq!(
        found(&checked(
            &sandbox,
            0,
            &[("VENV_SNAP_STORE", sandbox.path("none"))]
        )),
        [""; 0]
    );
    // Of another version it says nothing.
    let (old, new) = ("click-1.0.dist-info", "click-1.1.dist-info");
    fs::rename(site(&sandbox, old), site(&sandbox, new)).unwrap();
    let list = site(&sandbox, &format!("{new}/RECORD"));
    let rows = fs::read_to_string(&list).unwrap().replace(old, new);
    fs::write(&list, rows).unwrap();
    venv::set_mtime(&list, LONG_AGO, 0);
    assert_eq!(
        found(&checked(&sandbox, 1, &[])),
        ["import-unresolved plain"]
    );
}

#[test]
fn the_cache_of_an_installer_says_that_a_module_was_there() {
    let sandbox = scene();
    lose(&sandbox, "click", "click/utils.py");
    hide(&sandbox, "click");
    let cache = sandbox.path("uv");
    let with = [("UV_CACHE_DIR", cache.clone())];
    let put = |archive: &str, path: &str| {
        let path = cache.join("archive-v0").join(archive).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x = 1\n").unwrap();
    };
    put("older", "click-0.9.dist-info/METADATA");
    put("older", "click/utils.py");
    assert_eq!(found(&checked(&sandbox, 0, &with)), [""; 0]);
    put("same", "click-1.0.dist-info/METADATA");
    put("same", "click/core.py");
    assert_eq!(found(&checked(&sandbox, 0, &with)), [""; 0]);
    put("same", "click/utils.py");
    let answer = checked(&sandbox, 1, &with);
    assert_eq!(found(&answer), ["import-unresolved click/optional.py"]);
    assert!(text(&answer).contains("archive-v0/same has it"), "{answer}");
}

#[test]
fn bytecode_that_came_later_hides_no_module_that_went() {
    let sandbox = scene();
    let cache = site(&sandbox, "click/__pycache__");
    fs::create_dir_all(&cache).unwrap();
    fs::write(cache.join("core.cpython-311.pyc"), "").unwrap();
    tick(&sandbox, "first");
    lose(&sandbox, "click", "click/utils.py");
    tick(&sandbox, "second");
    fs::write(cache.join("optional.cpython-311.pyc"), "").unwrap();
    let answer = checked(&sandbox, 1, &[]);
    assert!(found(&answer).contains(&"import-unresolved click/optional.py".to_owned()));
}

#[test]
fn an_extension_names_a_module_and_a_snapshot_or_times_say_that_it_was_there() {
    const GONE: &str = "click/_gone.abi3.so";
    for (namers, by_times) in [(1, 0), (2, 1)] {
        let sandbox = scene();
        let python = b"#!/bin/sh\necho version=3.11.7\necho 'suffixes=.abi3.so .so'\n";
        fs::write(sandbox.venv().join("bin/python"), python).unwrap();
        for number in 0..namers {
            let name = format!("click/_fast{number}.abi3.so");
            add(&sandbox, "click", &name, "ELF\0click._gone\0");
        }
        assert_eq!(found(&checked(&sandbox, 0, &[])), [""; 0]);
        add(&sandbox, "click", GONE, "ELF");
        venv::age(&sandbox.venv(), LONG_AGO);
        sandbox.ok(&["save", "venv"]);
        tick(&sandbox, "saved");
        lose(&sandbox, "click", GONE);
        let alone = [("VENV_SNAP_STORE", sandbox.path("none"))];
        checked(&sandbox, by_times, &alone);
        hide(&sandbox, "click");
        checked(&sandbox, 0, &alone);
        let answer = checked(&sandbox, 1, &[]);
        assert_eq!(
            found(&answer),
            ["import-unresolved click/_fast0.abi3.so"],
            "{answer}"
        );
        assert!(text(&answer).contains("click._gone"), "{answer}");
    }
}
