//! Every command line that the pages tell people to type is one that the program takes.

use std::collections::BTreeSet;
use std::fs;

use crate::support::Sandbox;

/// The command lines of `snap` in the indented blocks of a page, each as its words.
fn command_lines(page: &str) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("    ")) {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        // What follows is a comment, or another program.
        let end = line.find(['#', '|', ';', '>', ')']);
        let words: Vec<&str> = line[..end.unwrap_or(line.len())]
            .split_whitespace()
            .collect();
        if words.first() == Some(&"snap") {
            found.insert(words[1..].iter().map(|word| (*word).to_owned()).collect());
        }
    }
    found
}

#[test]
fn every_command_line_in_the_pages_is_one_that_the_program_takes() {
    let sandbox = Sandbox::new();
    let mut pages: Vec<_> = fs::read_dir("docs")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.push("README.md".into());
    let mut lines = BTreeSet::new();
    for page in pages
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
    {
        lines.extend(command_lines(&fs::read_to_string(page).unwrap()));
    }
    assert!(lines.len() > 10, "{lines:?}");
    for line in &lines {
        // The parser reads all words up to this one, and refuses what it does not know; nothing is run.
        let words: Vec<&str> = line.iter().map(String::as_str).chain(["--help"]).collect();
        let run = sandbox.code(0, &words);
        assert!(run.stdout.contains("Usage:"), "{words:?}: {run}");
    }
    // A word that there is not is red.
    sandbox.code(2, &["restore", ".venv", "--from-others", "--help"]);
}
