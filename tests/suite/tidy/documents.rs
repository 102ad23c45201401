//! Rules about files, names and documents.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::none;
use super::source::{files, function, function_lines, has, relative, root, sources};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// Functions that may be longer, with the reason. This list may only shrink.
const LONG: [(&str, &str, &str); 0] = [];

/// The targets of the links in a page of markdown.
fn links(text: &str) -> Vec<String> {
    let parts = text.split("](").skip(1);
    parts
        .filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|link| !link.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_document_is_linked_and_no_link_is_dead() {
    let mut problems = Vec::new();
    let mut linked = BTreeSet::new();
    let pages = files("docs", &["md"])
        .into_iter()
        .chain(["README.md"].map(|name| root().join(name)));
    let pages: Vec<PathBuf> = pages.filter(|path| path.exists()).collect();
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        for link in links(&text)
            .into_iter()
            .filter(|link| !link.contains("://"))
        {
            match page.parent().unwrap().join(&link).canonicalize() {
                Ok(target)
                    if matches!(
                        relative(page).as_str(),
                        "README.md" | "docs/architecture.md"
                    ) =>
                {
                    linked.insert(target);
                }
                Ok(_) => {}
                Err(_) => problems.push(format!(
                    "{}: the link '{link}' leads nowhere",
                    relative(page)
                )),
            }
        }
    }
    for page in pages
        .iter()
        .filter(|page| page.starts_with(root().join("docs")))
    {
        let entry = page.ends_with("docs/architecture.md") && root().join("README.md").exists()
            || !page.ends_with("docs/architecture.md");
        if entry && !linked.contains(&page.canonicalize().unwrap()) {
            problems.push(format!(
                "{}: neither README.md nor docs/architecture.md links to it",
                relative(page)
            ));
        }
    }
    none(
        &problems,
        "link each document from README.md or docs/architecture.md, and mend or drop dead links",
    );
}

#[test]
fn nothing_is_left_for_later_and_nothing_names_one_machine() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
    ];
    let places_of_one = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/tmp/tar", "get"),
    ];
    let mut problems = Vec::new();
    let mut all: Vec<PathBuf> = ["src", "tests", "docs", "fixtures", ".ci"]
        .iter()
        .flat_map(|dir| files(dir, &["rs", "md", "sh", "toml", "py", ""]))
        .collect();
    all.extend(["README.md", "Cargo.toml"].map(|name| root().join(name)));
    for path in all {
        // A fixture may be bytes of any kind.
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for (number, line) in (1..).zip(text.lines()) {
            let later = words.iter().filter(|word| has(line, word));
            let machine = places_of_one.iter().filter(|place| line.contains(*place));
            problems.extend(
                later
                    .chain(machine)
                    .map(|found| format!("{}:{number}: {found}", relative(&path))),
            );
        }
    }
    none(
        &problems,
        "do it now or open an issue; derive paths from CARGO_MANIFEST_DIR, a temporary directory or the environment",
    );
}

#[test]
fn every_file_is_declared_where_its_folder_is() {
    let mut problems = Vec::new();
    let doors = ["src/lib.rs", "src/main.rs", "tests/suite/main.rs"];
    for source in sources("src").into_iter().chain(sources("tests")) {
        if doors.contains(&source.path.as_str()) {
            continue;
        }
        let path = Path::new(
            source
                .path
                .trim_end_matches("/mod.rs")
                .trim_end_matches(".rs"),
        );
        let name = path.file_name().unwrap().to_str().unwrap();
        let dir = path.parent().unwrap();
        let declared = ["mod.rs", "lib.rs", "main.rs"].iter().any(|door| {
            let text = fs::read_to_string(root().join(dir).join(door)).unwrap_or_default();
            text.lines()
                .any(|line| line.ends_with(&format!("mod {name};")))
        });
        if !declared {
            problems.push(format!(
                "{}: nothing declares `mod {name}`, so it is never compiled",
                source.path
            ));
        }
    }
    none(&problems, "declare it, or remove it");
}

#[test]
fn every_file_opens_with_what_it_is() {
    let mut problems = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let first = source.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.split(' ').count() < 3 {
            problems.push(format!("{}: '{first}'", source.path));
        }
    }
    none(
        &problems,
        "open the file with `//!` and a sentence that says what it is",
    );
}

#[test]
fn files_stay_short() {
    let mut problems = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines = source
            .lines()
            .filter(|(_, code)| !code.trim().is_empty())
            .count();
        if lines > FILE_LINES_MAX {
            problems.push(format!(
                "{}: {lines} lines of code, {FILE_LINES_MAX} are allowed",
                source.path
            ));
        }
    }
    none(
        &problems,
        "find the second noun or verb in it and give it a file of its own",
    );
}

#[test]
fn functions_stay_short() {
    let mut problems = Vec::new();
    let mut long = BTreeSet::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let starts =
            std::iter::once(0).chain(source.code.match_indices('\n').map(|(at, _)| at + 1));
        for (number, start) in (1..).zip(starts) {
            let rest = &source.code[start..];
            let Some(name) = function(rest.lines().next().unwrap_or_default()) else {
                continue;
            };
            let lines = function_lines(rest);
            if lines <= FUNCTION_LINES_MAX {
                continue;
            }
            long.insert((source.path.clone(), name.to_owned()));
            if !LONG
                .iter()
                .any(|(path, known, _)| *path == source.path && *known == name)
            {
                problems.push(format!(
                    "{}:{number}: {name} has {lines} lines",
                    source.path
                ));
            }
        }
    }
    none(
        &problems,
        "move the straight-line part out and keep the branches together",
    );
    for (path, name, reason) in LONG {
        assert!(
            long.contains(&(path.to_owned(), name.to_owned())),
            "{path}: {name} ({reason}) is short now\nremedy: take it off LONG"
        );
    }
}

#[test]
fn the_name_of_a_test_is_a_claim() {
    let mut problems = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines: Vec<&str> = source.code.lines().collect();
        for (number, _) in lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.trim() == "#[test]")
        {
            let name = lines[number..]
                .iter()
                .find_map(|line| function(line))
                .unwrap_or_default();
            if name.starts_with("test") || name.split('_').count() < 3 {
                problems.push(format!("{}:{}: {name}", source.path, number + 1));
            }
        }
    }
    none(
        &problems,
        "name it after what is true when it passes: `an_interrupted_swap_leaves_the_old_venv`",
    );
}
