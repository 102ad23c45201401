//! Rust as text: comments and literals blanked, so that words can be looked for. rustfmt makes that enough.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of Rust.
pub(super) struct Source {
    /// From the package's root.
    pub(super) path: String,
    pub(super) text: String,
    /// The text with comments and the inside of literals blanked; lines stay where they are.
    pub(super) code: String,
    /// How many lines of it come before its own tests.
    pub(super) lines_before_tests: usize,
}

impl Source {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let code = blank(&text);
        let lines: Vec<&str> = code.lines().collect();
        let tests = lines
            .windows(2)
            .position(|two| two[0] == "#[cfg(test)]" && two[1].starts_with("mod "));
        Self {
            path: relative(path),
            text,
            lines_before_tests: tests.unwrap_or(lines.len()),
            code,
        }
    }

    /// The lines of code outside of its own tests, numbered as editors do.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines().take(self.lines_before_tests))
    }

    /// The room that it stands in; none for `lib.rs` and `main.rs`, which are doors.
    pub(super) fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split('/').next()?.trim_end_matches(".rs");
        super::LADDER
            .iter()
            .any(|floor| floor.contains(&room))
            .then_some(room)
    }

    /// How many `super` lead from it to the crate.
    pub(super) fn depth(&self) -> usize {
        let inside = self
            .path
            .trim_start_matches("src/")
            .trim_end_matches(".rs")
            .trim_end_matches("/mod");
        inside.split('/').count()
    }
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a directory with one of the extensions, sorted.
pub(super) fn files(dir: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let mut todo = vec![root().join(dir)];
    let mut found = Vec::new();
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let extension = path.extension().unwrap_or_default().to_str().unwrap();
            if path.is_dir() {
                todo.push(path);
            } else if extensions.contains(&extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(super) fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

pub(super) fn sources(dir: &str) -> Vec<Source> {
    files(dir, &["rs"])
        .iter()
        .map(|path| Source::read(path))
        .collect()
}

/// Blanks comments and the inside of literals.
pub(super) fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let end = match at(i) {
            '/' if at(i + 1) == '/' => (i..chars.len())
                .find(|&j| at(j) == '\n')
                .unwrap_or(chars.len()),
            'r' if (at(i + 1) == '"' || at(i + 1) == '#' && matches!(at(i + 2), '#' | '"'))
                && !is_word(at(i.wrapping_sub(1))) =>
            {
                let hashes = (i + 1..).take_while(|&j| at(j) == '#').count();
                let closed = |j: &usize| at(*j) == '"' && (1..=hashes).all(|k| at(j + k) == '#');
                (i + hashes + 2..chars.len())
                    .find(closed)
                    .map_or(chars.len(), |j| j + hashes + 1)
            }
            '"' => literal_end(&chars, i, '"'),
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => literal_end(&chars, i, '\''),
            _ => i,
        };
        if end == i {
            out.push(at(i));
            i += 1;
        } else {
            out.extend(
                chars[i..end]
                    .iter()
                    .map(|&c| if c == '\n' { c } else { ' ' }),
            );
            i = end;
        }
    }
    out
}

fn literal_end(chars: &[char], start: usize, quote: char) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where a phrase stands as whole words.
pub(super) fn places<'a>(line: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    line.match_indices(phrase)
        .map(|(at, _)| at)
        .filter(move |&at| {
            let before = line[..at].chars().next_back().is_some_and(is_word);
            let after = line[at + phrase.len()..]
                .chars()
                .next()
                .is_some_and(is_word);
            !before && !after
        })
}

pub(super) fn has(line: &str, phrase: &str) -> bool {
    places(line, phrase).next().is_some()
}

/// The rooms that follow `crate::`, also in a group over several lines.
pub(super) fn rooms_named(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in places(code, "crate") {
        let Some(rest) = code[at..].strip_prefix("crate::") else {
            continue;
        };
        let line = code[..at].lines().count();
        let word = |text: &str| {
            text.trim_start()
                .chars()
                .take_while(|&c| is_word(c))
                .collect::<String>()
        };
        let Some(group) = rest.strip_prefix('{') else {
            found.push((line, word(rest)));
            continue;
        };
        let mut depth = 0_i32;
        let mut start = 0;
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    found.push((line, word(&group[start..i])));
                    break;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.push((line, word(&group[start..i])));
                    start = i + 1;
                }
                _ => {}
            }
        }
    }
    found.retain(|(_, room)| !room.is_empty());
    found
}

/// The name of the function that a line begins, if it does.
pub(super) fn function(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| {
        word.starts_with("pub")
            || matches!(*word, "const" | "async" | "unsafe" | "in")
            || word.ends_with(')') && !word.contains("fn")
    });
    (words.next() == Some("fn")).then(|| {
        words
            .next()
            .unwrap_or_default()
            .split(['(', '<'])
            .next()
            .unwrap_or_default()
    })
}

/// How many lines a function takes that begins where `code` begins; none if it is only declared.
pub(super) fn function_lines(code: &str) -> usize {
    let mut depth = 0_i32;
    let mut braces = 0_i32;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ';' if depth == 0 && braces == 0 => return 0,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => continue,
        }
        if c == '}' && braces == 0 {
            return code[..=at].lines().count();
        }
    }
    0
}

#[test]
fn the_lexer_blanks_comments_and_literals_alone() {
    let text = "let a = \"std::env\"; // println!\nlet b = r#\"fs::write\"#; let c = '\"'; fn f<'a>() { real() }\nlet d = '\\''; more()";
    let code = blank(text);
    assert_eq!(code.lines().count(), 3);
    for gone in ["std::env", "println!", "fs::write"] {
        assert!(!code.contains(gone), "{code}");
    }
    for kept in ["fn f<'a>() { real() }", "more()"] {
        assert!(code.contains(kept), "{code}");
    }
    assert_eq!(
        rooms_named("use crate::{disk::{a, b}, venv};\ncrate::ops::x").len(),
        3
    );
    assert_eq!(
        function("    pub(in crate::ops) fn recover_beside(a: u8) {"),
        Some("recover_beside")
    );
    assert_eq!(
        function("pub(crate) const fn code(self) -> u8 {"),
        Some("code")
    );
}
