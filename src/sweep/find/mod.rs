//! `find` with its expression, evaluated against the entries of a venv (POSIX.1-2024, "find"; GNU findutils,
//! "Finding Files"). What an entry is not known to fulfil counts as fulfilled: a sweeper is told rather than missed.

mod expression;

use std::path::{Component, Path, PathBuf};

use super::glob::{FIND, Rules, matches};
use super::target::{Clock, Kind, Target, Venv};
use expression::Parser;

/// A search that may remove what it finds.
#[derive(Clone, Debug)]
pub(super) struct Find {
    /// Where it begins, absolute; may have patterns of a shell.
    pub(super) starts: Vec<String>,
    expression: Test,
    pub(super) min_depth: usize,
    pub(super) max_depth: usize,
    pub(super) one_device: bool,
    /// Whether it prints what it finds, so that another command may read the list and remove it.
    pub(super) is_piped: bool,
}

/// A test or an action.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Always,
    Never,
    Unknown,
    Name(String, bool),
    Path(String, bool),
    Type(Vec<Kind>),
    Age(Clock, Size, i64),
    Size(Size, u64),
    Empty,
    User(u32),
    Prune,
    Remove {
        with_all: bool,
    },
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    /// Both are done, and the second one counts: `,`.
    Each(Box<Test>, Box<Test>),
}

/// `+n`, `n` or `-n`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size(std::cmp::Ordering, i64);

impl Size {
    pub(super) fn parse(text: &str) -> Option<Self> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let (order, digits) = match text.as_bytes().first()? {
            b'+' => (Greater, &text[1..]),
            b'-' => (Less, &text[1..]),
            _ => (Equal, text),
        };
        Some(Self(order, digits.parse().ok()?))
    }

    fn fits(self, value: i64) -> bool {
        value.cmp(&self.1) == self.0
    }
}

impl Find {
    /// Reads the words after `find`. `cwd` is where it is started.
    pub(super) fn parse(words: &[String], cwd: &Path) -> Self {
        let is_expression =
            |word: &String| word.starts_with('-') || matches!(word.as_str(), "(" | ")" | "!" | ",");
        let mut at = 0;
        while let Some(word) = words.get(at) {
            match word.as_str() {
                "-H" | "-L" | "-P" => at += 1,
                "-D" => at += 2,
                word if word.starts_with("-O") => at += 1,
                _ => break,
            }
        }
        let begin = at;
        while words.get(at).is_some_and(|word| !is_expression(word)) {
            at += 1;
        }
        let mut starts: Vec<String> = words[begin..at]
            .iter()
            .map(|start| absolute(start, cwd))
            .collect();
        if starts.is_empty() {
            starts.push(absolute(".", cwd));
        }
        let find = Self {
            starts,
            expression: Test::Always,
            min_depth: 0,
            max_depth: usize::MAX,
            one_device: false,
            is_piped: false,
        };
        let mut parser = Parser {
            words,
            at,
            find,
            acts: false,
            prints: false,
        };
        let expression = parser.list();
        parser.find.expression = expression;
        parser.find.is_piped = parser.prints || !parser.acts;
        parser.find
    }

    /// Whether it removes anything by itself.
    pub(super) fn removes(&self) -> bool {
        has_removal(&self.expression)
    }

    /// The same search where another command reads what it prints and removes all of that.
    pub(super) fn removing(mut self, with_all: bool) -> Self {
        let remove = Test::Remove { with_all };
        self.expression = Test::And(Box::new(self.expression), Box::new(remove));
        self
    }

    /// What it would remove of a venv at a time, in seconds since 1970.
    pub(super) fn takes<'t>(&self, venv: &'t Venv, now: i64) -> Vec<&'t Target> {
        let mut taken = Vec::new();
        for start in &self.starts {
            let mut pruned: Option<&Path> = None;
            let mut device = None;
            let bytes = start.as_bytes();
            let is_start = |one: &&Target| matches(bytes, one.bytes(), super::glob::SHELL);
            let roots: Vec<&Path> = venv
                .targets
                .iter()
                .filter(is_start)
                .map(|one| one.path.as_path())
                .collect();
            for target in &venv.targets {
                let Some(root) = roots.iter().find(|root| target.path.starts_with(root)) else {
                    continue;
                };
                if pruned.is_some_and(|dir| target.path.starts_with(dir)) {
                    continue;
                }
                let depth = target.path.components().count() - root.components().count();
                let own = *device.get_or_insert(target.device);
                if depth > self.max_depth || self.one_device && target.device != own {
                    continue;
                }
                let mut acts = Acts::default();
                if depth >= self.min_depth {
                    eval(&self.expression, target, now, &mut acts);
                }
                if acts.prunes && target.is_dir() {
                    pruned = Some(&target.path);
                }
                // A directory that is not empty stays, unless it is removed with all that is in it.
                if acts.removes && (!target.is_dir() || acts.with_all) {
                    taken.push(target);
                }
            }
        }
        taken
    }
}

/// What was done with an entry.
#[derive(Default)]
struct Acts {
    removes: bool,
    with_all: bool,
    prunes: bool,
}

/// Whether a command removes, empties or moves away what it is given, and that with all that is in it; none where not.
pub(super) fn removal(words: &[String]) -> Option<bool> {
    let mut rest = words
        .iter()
        .map(String::as_str)
        .skip_while(|word| matches!(*word, "sudo" | "nice" | "ionice" | "env" | "command"));
    let name = rest
        .next()?
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    let rest: Vec<&str> = rest.collect();
    match name.as_str() {
        "rm" => {
            let is_flag = |word: &&&str| word.starts_with('-');
            let all = rest.iter().filter(is_flag).any(|word| {
                *word == "--recursive" || !word.starts_with("--") && word.contains(['r', 'R'])
            });
            Some(all)
        }
        "mv" => Some(true),
        "unlink" | "shred" | "truncate" | "gzip" | "bzip2" | "xz" | "zstd" => Some(false),
        "sh" | "bash" | "dash" => {
            let at = rest
                .iter()
                .position(|word| word.starts_with('-') && word.ends_with('c'))?;
            let script = rest.get(at + 1)?;
            let words: Vec<String> = script.split([' ', ';', '\n']).map(str::to_owned).collect();
            let at = words.iter().position(|word| {
                matches!(word.as_str(), "rm" | "unlink" | "shred" | "truncate" | "mv")
            })?;
            removal(&words[at..])
        }
        _ => None,
    }
}

/// Whether an entry fulfils a test; none where nobody knows. What is done with it is noted.
fn eval(test: &Test, target: &Target, now: i64, acts: &mut Acts) -> Option<bool> {
    let rules = |any_case: bool| Rules { any_case, ..FIND };
    match test {
        Test::Always => Some(true),
        Test::Never => Some(false),
        Test::Unknown => None,
        Test::Name(pattern, any) => Some(matches(pattern.as_bytes(), target.name(), rules(*any))),
        Test::Path(pattern, any) => Some(matches(pattern.as_bytes(), target.bytes(), rules(*any))),
        Test::Type(kinds) => Some(kinds.contains(&target.kind)),
        Test::Age(clock, size, unit) => {
            Some(size.fits((now - target.time(*clock)).div_euclid(*unit)))
        }
        Test::Size(size, unit) => {
            Some(target.kind == Kind::File && size.fits(target.size.div_ceil(*unit) as i64))
        }
        // With an empty directory nothing of a venv is lost.
        Test::Empty => Some(target.kind == Kind::File && target.size == 0),
        Test::User(uid) => Some(target.uid == *uid),
        Test::Prune => {
            acts.prunes = true;
            Some(true)
        }
        Test::Remove { with_all } => {
            acts.removes = true;
            acts.with_all |= with_all;
            Some(true)
        }
        Test::Not(inner) => eval(inner, target, now, acts).map(|truth| !truth),
        Test::And(left, right) => match eval(left, target, now, acts) {
            Some(false) => Some(false),
            Some(true) => eval(right, target, now, acts),
            None => match eval(right, target, now, acts) {
                Some(false) => Some(false),
                _ => None,
            },
        },
        Test::Each(left, right) => {
            eval(left, target, now, acts);
            eval(right, target, now, acts)
        }
        Test::Or(left, right) => match eval(left, target, now, acts) {
            Some(true) => Some(true),
            Some(false) => eval(right, target, now, acts),
            None => match eval(right, target, now, acts) {
                Some(true) => Some(true),
                _ => None,
            },
        },
    }
}

fn has_removal(test: &Test) -> bool {
    match test {
        Test::Remove { .. } => true,
        Test::Not(inner) => has_removal(inner),
        Test::And(left, right) | Test::Or(left, right) | Test::Each(left, right) => {
            has_removal(left) || has_removal(right)
        }
        _ => false,
    }
}

/// A path of a shell as an absolute one, without `.` and `..`.
pub(super) fn absolute(text: &str, cwd: &Path) -> String {
    let mut whole = PathBuf::new();
    for part in cwd.join(text).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            other => whole.push(other),
        }
    }
    whole.to_string_lossy().into_owned()
}
