//! Rules of logrotate: what it renames or empties, and the scripts that it runs (logrotate(8)).

use std::path::{Path, PathBuf};

use super::Machine;
use super::quotes::unescaped;
use super::removal::Rotated;
use super::shell::{self, braces};

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

/// What a rule of logrotate does.
pub(super) struct Rotation {
    /// Where it is stated.
    pub(super) path: PathBuf,
    pub(super) line: usize,
    /// How often.
    pub(super) often: String,
    /// Whose rights it takes.
    pub(super) user: String,
    pub(super) deed: Deed,
}

/// What is done.
pub(super) enum Deed {
    /// Files are renamed or emptied, of which these are the names as they are written.
    Rotates(String, Rotated),
    /// Commands of a shell are run.
    Runs(String),
}

/// What the rules of a file do, or those of a directory, with all that they include.
pub(super) fn rotations(machine: &Machine<'_>, paths: &[&Path]) -> Vec<Rotation> {
    let mut reader = Reader {
        machine,
        terms: Terms::default(),
        seen: Vec::new(),
        found: Vec::new(),
    };
    for path in paths {
        reader.include(path, 0);
    }
    reader.found
}

struct Reader<'a> {
    machine: &'a Machine<'a>,
    terms: Terms,
    seen: Vec<PathBuf>,
    found: Vec<Rotation>,
}

/// What is stated for files.
#[derive(Clone)]
struct Terms {
    often: String,
    /// Whether what is rotated is only copied.
    is_copied: bool,
    /// Whose rights it takes.
    user: String,
    /// Smaller files stay.
    min_size: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            often: "daily".to_owned(),
            is_copied: false,
            user: "root".to_owned(),
            min_size: 0,
        }
    }
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
        let outer = self.terms.clone();
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
                self.push(path, number + 2, Deed::Runs(script.join("\n")));
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
            self.setting(text);
        }
    }

    fn sign(&mut self, path: &Path, sign: char, section: &mut Section, outer: &Terms) {
        if sign == '{' {
            section.is_open = true;
        }
        if sign == '}' {
            let named = std::mem::take(section);
            if !named.patterns.is_empty() && !self.terms.is_copied {
                let shown: Vec<String> = named.patterns.iter().map(|one| unescaped(one)).collect();
                let rotated = Rotated {
                    patterns: named.patterns,
                    min_size: self.terms.min_size,
                };
                self.push(path, named.begin, Deed::Rotates(shown.join(" "), rotated));
            }
            self.terms = outer.clone();
        }
    }

    /// A line of settings, of which several may stand on one.
    fn setting(&mut self, text: &str) {
        let mut words = text.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            match word {
                "hourly" | "daily" | "weekly" | "monthly" | "yearly" => {
                    word.clone_into(&mut self.terms.often);
                }
                "copy" => self.terms.is_copied = true,
                "nocopy" => self.terms.is_copied = false,
                "notifempty" => self.terms.min_size = self.terms.min_size.max(1),
                "su" => {
                    if let Some(user) = words.next() {
                        user.clone_into(&mut self.terms.user);
                        words.next();
                    }
                }
                "size" | "minsize" => {
                    if let Some(size) = words.next().and_then(size) {
                        self.terms.min_size = self.terms.min_size.max(size);
                    }
                }
                "create" => {
                    // A mode, an owner and a group.
                    words.by_ref().take(3).for_each(drop);
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, path: &Path, line: usize, deed: Deed) {
        self.found.push(Rotation {
            path: path.to_owned(),
            line,
            often: self.terms.often.clone(),
            user: self.terms.user.clone(),
            deed,
        });
    }
}

/// `100`, `100k`, `10M`, `1G`
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 1,
        "k" | "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
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
    let words = shell::words(text);
    let all = words.iter().flat_map(braces);
    all.map(|word| shell::text(&word)).collect()
}
