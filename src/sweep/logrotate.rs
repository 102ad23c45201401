//! Rules of logrotate: what it renames or empties, and the scripts that it runs (logrotate(8)).

use std::path::{Path, PathBuf};

use super::Machine;
use super::glob::SHELL;
use super::job::{Job, Run, Starter, Work};
use super::quotes::unescaped;
use super::removal::Removal;
use super::script::{Start, braces};
use super::shell::{self, Piece};

/// Endings of names that it passes over in directories.
const TABOO: [&str; 18] = [
    ",v",
    ".bak",
    ".cfsaved",
    ".disabled",
    ".dpkg-bak",
    ".dpkg-del",
    ".dpkg-dist",
    ".dpkg-new",
    ".dpkg-old",
    ".new",
    ".old",
    ".orig",
    ".rpmnew",
    ".rpmorig",
    ".rpmsave",
    ".swp",
    ".ucf-dist",
    "~",
];
/// Words that begin a script, up to `endscript`.
const SCRIPTS: [&str; 5] = [
    "postrotate",
    "prerotate",
    "firstaction",
    "lastaction",
    "preremove",
];
/// Files that include each other are followed so far.
const DEPTH_MAX: usize = 4;

/// All jobs of logrotate.
pub(super) fn jobs(machine: &Machine<'_>) -> Vec<Job> {
    let mut reader = Reader {
        machine,
        often: "daily".to_owned(),
        is_copied: false,
        seen: Vec::new(),
        jobs: Vec::new(),
    };
    reader.file(Path::new("/etc/logrotate.conf"), 0);
    reader.include(Path::new("/etc/logrotate.d"), 0);
    reader.jobs
}

struct Reader<'a> {
    machine: &'a Machine<'a>,
    often: String,
    /// Whether what is rotated is only copied.
    is_copied: bool,
    seen: Vec<PathBuf>,
    jobs: Vec<Job>,
}

/// Rules for some files while they are read.
#[derive(Default)]
struct Section {
    begin: usize,
    patterns: Vec<String>,
    is_open: bool,
}

impl Reader<'_> {
    /// A file, or all of a directory.
    fn include(&mut self, path: &Path, depth: usize) {
        let inner = self.machine.root.list(path).unwrap_or_default();
        if inner.is_empty() {
            self.file(path, depth);
        }
        for path in inner {
            let name = path.to_string_lossy().into_owned();
            if !TABOO.iter().any(|end| name.ends_with(end)) {
                self.file(&path, depth);
            }
        }
    }

    fn file(&mut self, path: &Path, depth: usize) {
        if self.seen.iter().any(|seen| seen == path) || depth > DEPTH_MAX {
            return;
        }
        self.seen.push(path.to_owned());
        let Some(text) = self.machine.root.text(path) else {
            return;
        };
        let outer = (self.often.clone(), self.is_copied);
        let mut section = Section::default();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let bare = line.trim();
            let word = bare.split_whitespace().next().unwrap_or_default();
            if SCRIPTS.contains(&word) {
                let script = lines.by_ref().map(|(_, line)| line);
                let script: Vec<&str> = script
                    .take_while(|line| line.trim() != "endscript")
                    .collect();
                // It begins on the next line, and lines count from 1.
                self.script(path, number + 2, &script.join("\n"));
            } else if !bare.starts_with('#') {
                // What stands on one line may be on several as well.
                for (part, sign) in parts(bare) {
                    self.text(path, number + 1, part, &mut section, depth);
                    self.sign(path, sign, &mut section, &outer);
                }
            }
        }
    }

    fn text(&mut self, path: &Path, line: usize, text: &str, section: &mut Section, depth: usize) {
        if !section.is_open && text.starts_with(['/', '"', '\'']) {
            if section.patterns.is_empty() {
                section.begin = line;
            }
            section.patterns.extend(names(text));
        } else if let Some(to) = text.strip_prefix("include ").filter(|_| !section.is_open) {
            self.include(&path.join(to.trim()), depth + 1);
        } else {
            text.split_whitespace().for_each(|word| self.setting(word));
        }
    }

    fn sign(&mut self, path: &Path, sign: char, section: &mut Section, outer: &(String, bool)) {
        if sign == '{' {
            section.is_open = true;
        }
        if sign == '}' {
            let named = std::mem::take(section);
            if !named.patterns.is_empty() && !self.is_copied {
                let shown: Vec<String> = named.patterns.iter().map(|one| unescaped(one)).collect();
                let removal = Removal::Named {
                    patterns: named.patterns,
                    with_all: false,
                    follows: false,
                    rules: SHELL,
                };
                self.push(path, named.begin, Work::Rule(shown.join(" "), removal));
            }
            (self.often, self.is_copied) = outer.clone();
        }
    }

    fn setting(&mut self, word: &str) {
        match word {
            "hourly" | "daily" | "weekly" | "monthly" | "yearly" => {
                word.clone_into(&mut self.often);
            }
            "copy" => self.is_copied = true,
            "nocopy" => self.is_copied = false,
            _ => {}
        }
    }

    fn script(&mut self, path: &Path, line: usize, text: &str) {
        let start = Start {
            path: path.to_owned(),
            line,
            cwd: PathBuf::from("/"),
            ..Start::default()
        };
        self.push(path, line, Work::Script(text.to_owned(), start));
    }

    fn push(&mut self, path: &Path, line: usize, work: Work) {
        self.jobs.push(Job {
            starter: Starter::Logrotate,
            path: path.to_owned(),
            line,
            user: Some("root".to_owned()),
            run: Run {
                schedule: format!("logrotate, {}", self.often),
                next: None,
            },
            work,
            idle: None,
        });
    }
}

/// A line cut at the braces that open and close a section. Those within a word are alternatives.
fn parts(line: &str) -> Vec<(&str, char)> {
    let mut all = Vec::new();
    let mut begin = 0;
    for (at, c) in line.char_indices() {
        let next = line[at + 1..].chars().next();
        let before = line[..at].chars().last();
        let is_apart = |near: Option<char>| near.is_none_or(char::is_whitespace);
        if c == '{' && is_apart(next) || c == '}' && is_apart(before) {
            all.push((line[begin..at].trim(), c));
            begin = at + 1;
        }
    }
    all.push((line[begin..].trim(), ' '));
    all
}

/// Names of files as it splits them; braces are alternatives.
fn names(text: &str) -> Vec<String> {
    let shown = |word: &shell::Word| {
        let pieces = word.iter().map(|piece| match piece {
            Piece::Text(text, _) => text.as_str(),
            _ => "",
        });
        pieces.collect::<String>()
    };
    let words = shell::words(text);
    let all = words.iter().flat_map(braces);
    all.map(|word| shown(&word)).collect()
}
