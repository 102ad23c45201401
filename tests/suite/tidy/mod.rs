//! The house rules that a machine can hold us to. Each message names the remedy.

mod circles;
mod imports;
mod kept;

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn files(dir: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut todo = vec![Path::new(ROOT).join(dir)];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push((
                    path.strip_prefix(ROOT).unwrap().to_owned(),
                    fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    found.sort();
    found
}

/// The code of a file without its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

/// The room of a source file.
fn room(path: &Path) -> String {
    let part = path.iter().nth(1).unwrap().to_string_lossy().into_owned();
    part.trim_end_matches(".rs").to_owned()
}

#[test]
fn only_the_command_line_knows_what_the_program_is_called() {
    for (path, text) in files("src", ".rs") {
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code.filter(|_| room(&path) != "cli") {
            assert!(
                !line.contains("`snap ") && !line.contains("'snap "),
                "{}: the program may be called otherwise; only src/cli knows how\n{line}",
                path.display()
            );
        }
    }
}

/// What a line of code says in quotes.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

#[test]
fn only_the_command_line_knows_flags() {
    // Flags of other programs, which people are told to use or which are looked for in what they wrote.
    let of_others = [
        "--cvs-exclude",
        "--cache-dir",
        "--reinstall",
        "--link-mode",
        "--editable",
        "--requirement",
        "--constraint",
        "--index-url",
        "--pypi-url",
        "--extra-index-url",
        "--find-links",
        "--no-index",
    ];
    for (path, text) in files("src", ".rs") {
        // Reports are what people read. A rebuild runs installers, and sweepers are known, by
        // their command lines. The part that a restore was
        // narrowed to is stored in these words.
        let speaks = matches!(room(&path).as_str(), "cli" | "report")
            || path.starts_with("src/ops/rebuild")
            || path.starts_with("src/sweep")
            || path.ends_with("ops/restore/options.rs")
            || path.components().any(|part| part.as_os_str() == "tests");
        let lines = code(&text).lines();
        let lines = lines.filter(|line| !speaks && !line.trim_start().starts_with("//"));
        for said in lines.flat_map(quoted) {
            let mut flags = said.match_indices("--").map(|(at, _)| &said[at..]);
            let ours = flags.find(|rest| {
                rest[2..].starts_with(|c: char| c.is_ascii_lowercase())
                    && !of_others.iter().any(|flag| rest.starts_with(flag))
            });
            assert!(
                ours.is_none(),
                "{}: '{said}' names a flag: tell the fact as a type, and the flag in src/cli",
                path.display()
            );
        }
    }
}

#[test]
fn where_parts_of_an_environment_stand_is_told_by_its_layout_alone() {
    // Texts for people name such places; a path is made of them only in `python::layout`.
    let places = [
        "b\"bin/",
        "b\"bin\"",
        "b\"/bin/\"",
        "(\"bin\")",
        "(\"bin/",
        "/site-packages\"",
        "/dist-packages\"",
        "b\"site-packages",
        "b\"dist-packages",
    ];
    for (path, text) in files("src", ".rs") {
        let is_told = path.ends_with("python/layout.rs")
            || matches!(room(&path).as_str(), "cli" | "replace")
            || path.ends_with("fuzz.rs")
            || path.components().any(|part| part.as_os_str() == "tests");
        for line in code(&text).lines().filter(|_| !is_told) {
            assert!(
                line.trim_start().starts_with("//")
                    || !places.iter().any(|place| line.contains(place)),
                "{}: ask python::layout where that stands\n{line}",
                path.display()
            );
        }
    }
}

#[test]
fn a_storage_is_chosen_in_one_place() {
    for (path, text) in files("src/store", ".rs") {
        let is_there = path.starts_with("src/store/storage");
        assert!(
            is_there || !text.contains("LocalStorage"),
            "{}: ask store::storage::choose",
            path.display()
        );
    }
}

#[test]
fn the_door_for_benchmarks_is_shut_unless_asked_for() {
    for (path, text) in files("src", ".rs") {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let opens = line.ends_with("mod bench;") || line.ends_with("use restore::bench;");
            let mut above = lines[..at].iter().rev();
            let mut attributes = above.by_ref().take_while(|line| line.starts_with("#["));
            assert!(
                !opens || attributes.any(|line| *line == "#[cfg(feature = \"bench\")]"),
                "{}: '{line}' needs #[cfg(feature = \"bench\")], so that users never see it",
                path.display()
            );
        }
    }
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let is_on = |line: &&str| line.starts_with("default =");
    let on: Vec<&str> = manifest.lines().filter(is_on).collect();
    // No other feature is on by itself; least of all 'bench'.
    assert_eq!(on, ["default = [\"remote\"]"]);
}

#[test]
fn only_disk_changes_files() {
    let changing = [
        "fs::write(",
        "fs::remove_",
        "fs::rename(",
        "fs::create_dir",
        "fs::copy(",
        "fs::hard_link(",
        "set_permissions(",
        "OpenOptions",
        "mkdirat(",
        "unlinkat(",
        "renameat",
        "linkat(",
        "symlinkat(",
        "fchmod(",
        "ftruncate(",
    ];
    for (path, text) in files("src", ".rs") {
        // SQLite makes its own files, which are a cache; the demo damages a venv of its own, on purpose.
        // The windows of a crash are tests, each in a directory of its own.
        let exempt = path.ends_with("store/index.rs")
            || path.starts_with("src/cli/demo")
            || path.starts_with("src/replace/windows");
        let hand = room(&path) == "disk" || path.starts_with("src/replace/disk");
        if hand || exempt {
            continue;
        }
        forbid(&path, &text, &changing, "src/disk or src/replace/disk");
    }
}

#[test]
fn the_library_is_silent_and_takes_the_time_as_an_argument() {
    let forbidden = [
        "println!",
        "eprintln!",
        "std::env::",
        "SystemTime::now",
        "Timestamp::now",
        "process::exit",
        "stdout()",
        "stderr()",
    ];
    for (path, text) in files("src", ".rs") {
        if matches!(room(&path).as_str(), "bin" | "cli" | "main") {
            continue;
        }
        forbid(&path, &text, &forbidden, "src/cli");
    }
}

/// That a source has none of the words that belong elsewhere.
fn forbid(path: &Path, text: &str, words: &[&str], place: &str) {
    for word in words {
        assert!(
            !code(text).contains(word),
            "{}: '{word}' belongs in {place}",
            path.display()
        );
    }
}

#[test]
fn every_file_says_what_it_is_and_none_grows_too_long() {
    let all = ["src", "tests", "benches"];
    for (path, text) in all.iter().flat_map(|dir| files(dir, ".rs")) {
        assert!(
            text.starts_with("//! "),
            "{}: open with '//!' and what the file is",
            path.display()
        );
        let lines = code(&text).lines().count();
        assert!(
            lines <= 400,
            "{}: {lines} lines; split it by noun or verb",
            path.display()
        );
        // Put together here, so that this file itself is held to it.
        for word in [
            ["to", "do!"],
            ["unimple", "mented!"],
            ["FIX", "ME"],
            ["XX", "X"],
        ] {
            let word = word.concat();
            assert!(
                !text.contains(&word),
                "{}: '{word}': do it, or say in the docs that it is not done",
                path.display()
            );
        }
    }
}

#[test]
fn functions_fit_a_screen() {
    for (path, text) in files("src", ".rs") {
        let mut open: Option<(usize, usize, String)> = None;
        for (number, line) in code(&text).lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let begins = line.trim_start().starts_with("fn ")
                || line.contains(" fn ") && !line.trim_start().starts_with("//");
            match &open {
                None if begins && !line.trim_end().ends_with(';') => {
                    open = Some((indent, number, line.trim().to_owned()));
                }
                // What a trait asks for has no body.
                Some((at, ..))
                    if indent == *at && line.trim().starts_with(')') && line.ends_with(';') =>
                {
                    open = None;
                }
                Some((at, start, name))
                    if line.starts_with('}') && *at == 0
                        || open
                            .as_ref()
                            .is_some_and(|(at, _, _)| line == format!("{}}}", " ".repeat(*at))) =>
                {
                    let len = number - start;
                    assert!(len <= 70, "{}: {len} lines: {name}", path.display());
                    open = None;
                }
                _ => {}
            }
        }
    }
}
