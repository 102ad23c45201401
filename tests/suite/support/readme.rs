//! What the README tells people to type, and what it shows of the answers.

use std::fs;

/// Where the venv of the README stands.
pub(crate) const THERE: &str = "/srv/app/venv";

/// The indented lines below a heading, up to the next one.
pub(crate) fn block(heading: &str) -> Vec<String> {
    let page = fs::read_to_string("README.md").unwrap();
    let below = page.lines().skip_while(|line| *line != heading).skip(1);
    let below = below.take_while(|line| !line.starts_with('#'));
    let lines = below.filter_map(|line| line.strip_prefix("    "));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    assert!(!lines.is_empty(), "nothing below '{heading}'");
    lines
}

/// The words of each command of `snap` among them, without the comment behind it.
pub(crate) fn commands(heading: &str) -> Vec<Vec<String>> {
    let words = |line: &String| -> Option<Vec<String>> {
        let command = line.split('#').next()?.trim().strip_prefix("snap ")?;
        Some(command.split_whitespace().map(str::to_owned).collect())
    };
    block(heading).iter().filter_map(words).collect()
}

/// The sessions that it shows: commands, each with the lines that it answers.
pub(crate) fn sessions() -> Vec<(String, Vec<String>)> {
    let page = fs::read_to_string("README.md").unwrap();
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.strip_prefix("    ") {
            Some(text) => match text.strip_prefix("$ ") {
                Some(command) => {
                    found.push((command.to_owned(), Vec::new()));
                    inside = true;
                }
                None if inside => found.last_mut().unwrap().1.push(text.to_owned()),
                None => {}
            },
            None if line.is_empty() => {}
            None => inside = false,
        }
    }
    found
}

/// A line without what differs from run to run.
pub(crate) fn shape(line: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| "(),:;@'".contains(c));
        let is_id = bare.len() == 8 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = bare.starts_with(|c: char| c.is_ascii_digit());
        let is_unit = ["bytes", "B", "kB", "MB", "GB", "ms", "s"].contains(&bare);
        match (is_id || is_number, is_unit) {
            (true, _) => word.replace(bare, "N"),
            (_, true) => word.replace(bare, "UNIT"),
            _ => word.to_owned(),
        }
    };
    let words: Vec<String> = line.split_whitespace().map(word).collect();
    words.join(" ")
}
