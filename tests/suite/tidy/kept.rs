//! What stands beside the code: pages, lists of tests, outputs that are kept; and how wide text is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{ROOT, files};

#[test]
fn every_document_is_linked_and_every_test_file_is_declared() {
    let read = |path: &str| fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    let linked = read("README.md") + &read("docs/architecture.md");
    let site = read("packaging/book/SUMMARY.md");
    for (path, _) in files("docs", ".md") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            linked.contains(&name),
            "link docs/{name} from README.md or docs/architecture.md"
        );
        assert!(
            site.contains(&format!("(docs/{name})")),
            "list docs/{name} in packaging/book/SUMMARY.md"
        );
    }
    // A folder has its own list.
    let mut todo = vec![(PathBuf::from("tests/suite"), "main.rs")];
    while let Some((folder, list)) = todo.pop() {
        let declared = read(&folder.join(list).to_string_lossy());
        for entry in fs::read_dir(Path::new(ROOT).join(&folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.join("mod.rs").exists() {
                todo.push((folder.join(&name), "mod.rs"));
            }
            let is_code = path.is_dir() || path.extension().is_some_and(|ending| ending == "rs");
            // What `insta` holds outputs against.
            assert!(
                name == "snapshots"
                    || !is_code
                    || path.ends_with(list)
                    || declared.contains(&format!("mod {name};")),
                "declare 'mod {name};' in {}/{list}",
                folder.display()
            );
        }
    }
}

#[test]
fn the_map_names_what_is_there() {
    let map = fs::read_to_string(Path::new(ROOT).join("docs/architecture.md")).unwrap();
    let mut all = Vec::new();
    let mut todo = vec![PathBuf::new()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(Path::new(ROOT).join(&dir)).unwrap().flatten() {
            let path = dir.join(entry.file_name());
            let is_ours = !matches!(entry.file_name().to_str(), Some("target" | ".git"));
            if entry.path().is_dir() && is_ours {
                todo.push(path.clone());
            }
            all.push(format!("/{}", path.display()));
        }
    }
    let is_there = |name: &str| match name.strip_suffix('/') {
        Some(dir) => all.iter().any(|path| path.ends_with(&format!("/{dir}"))),
        None => all.iter().any(|path| path.ends_with(&format!("/{name}"))),
    };
    let named = map.split('`').skip(1).step_by(2);
    let is_path = |name: &&str| name.rsplit('.').next() == Some("rs") || name.ends_with('/');
    // What stands in a store or in a venv is named there as well.
    let of_others = |name: &&str| *name == "tmp/" || name.contains('<');
    for name in named.filter(is_path).filter(|name| !of_others(name)) {
        assert!(
            is_there(name),
            "docs/architecture.md names '{name}', which is not there"
        );
    }
}

#[test]
fn every_output_that_is_kept_belongs_to_a_test() {
    for (path, text) in files("tests", ".snap") {
        let source = text.lines().find_map(|line| line.strip_prefix("source: "));
        let source = fs::read_to_string(Path::new(ROOT).join(source.unwrap())).unwrap_or_default();
        let name = path.file_stem().unwrap().to_string_lossy();
        let name = name.rsplit("__").next().unwrap();
        assert!(
            source.contains(&format!("fn {name}()")),
            "{}: its test is gone or has another name; remove it",
            path.display()
        );
    }
}

#[test]
fn code_and_pages_are_no_wider_than_a_window() {
    type Counts = fn(&str) -> bool;
    let every: Counts = |_| true;
    // A row of a table is one line.
    let prose: Counts = |line| !line.trim_start().starts_with('|');
    let all: [(&str, &str, Counts); 4] = [
        ("src", ".rs", every),
        ("tests", ".rs", every),
        ("benches", ".rs", every),
        ("docs", ".md", prose),
    ];
    for (dir, ending, counts) in all {
        for (path, text) in files(dir, ending) {
            for line in text.lines().filter(|line| counts(line)) {
                let (width, place) = (line.chars().count(), path.display());
                assert!(width <= 120, "{place}: {width} columns, not 120\n{line}");
            }
        }
    }
}

/// Names and versions of a lock, and what the package `venv-snap` asks for by it.
fn locked(path: &str) -> (BTreeSet<(String, String)>, BTreeSet<String>) {
    let text = fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    let lock: toml::Table = toml::from_str(&text).unwrap();
    let word = |one: &toml::Value| one.as_str().unwrap().to_owned();
    let (mut all, mut own) = (BTreeSet::new(), BTreeSet::new());
    for package in lock["package"].as_array().unwrap() {
        all.insert((word(&package["name"]), word(&package["version"])));
        if package["name"].as_str() == Some("venv-snap") {
            own.extend(package["dependencies"].as_array().unwrap().iter().map(word));
        }
    }
    (all, own)
}

#[test]
fn what_is_fuzzed_is_locked_as_what_is_shipped() {
    let (shipped, asked) = locked("Cargo.lock");
    let (fuzzed, asked_there) = locked("tests/fuzz/Cargo.lock");
    let remedy =
        "cp Cargo.lock tests/fuzz/ && cargo metadata --manifest-path tests/fuzz/Cargo.toml";
    // The package itself, its driver and what that needs.
    let of_its_own = ["venv-snap-fuzz", "libfuzzer-sys", "arbitrary"];
    for one in fuzzed.difference(&shipped) {
        assert!(of_its_own.contains(&one.0.as_str()), "{one:?}: {remedy}");
    }
    // What only tests and benches want is of no use there.
    let only_tests = ["criterion", "fuser", "insta", "proptest"].map(str::to_owned);
    let wanted = &asked - &BTreeSet::from(only_tests);
    assert_eq!(wanted, asked_there, "{remedy}");
}
