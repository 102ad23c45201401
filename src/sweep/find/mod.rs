//! `find` with its expression, held against the entries of a venv (POSIX.1-2024, "find"; GNU findutils, "Finding
//! Files"). What an entry is not known to fulfil counts as fulfilled: a sweeper is told rather than missed.

mod expression;
mod moment;
mod others;
mod test;

use std::path::{Path, PathBuf};

use regex::bytes::Regex;

use super::Machine;
use super::glob::{SHELL, matches};
use super::target::{Target, Venv};
use crate::model::plain::plain;
use expression::Parser;
use test::{Acts, Entry, Test};

pub(super) use others::{fd, locate};

/// A search, and which action of it counts.
#[derive(Clone, Debug)]
pub(super) struct Find {
    starts: Vec<Start>,
    cwd: PathBuf,
    expression: Test,
    min_depth: usize,
    max_depth: usize,
    one_device: bool,
    /// Whether a directory comes after what is in it, so that nothing can be pruned.
    is_deep: bool,
    /// What is done with what is found, of which the removal is asked for.
    wanted: Action,
    /// Whether a directory goes with all that is in it.
    with_all: bool,
    /// What of that it prints is passed on.
    filters: Vec<Filter>,
    /// Commands that are run for what is found.
    pub(super) runs: Vec<Vec<String>>,
}

/// Where a search begins.
#[derive(Clone, Debug)]
struct Start {
    /// As it is written; a pattern of a shell.
    written: String,
    /// The same as an absolute path.
    place: String,
}

/// What is done with what is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    Print,
    Delete,
    /// The number of the command.
    Run(usize),
}

/// `grep` between a search and what reads it.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) patterns: Vec<Regex>,
    /// Whether what matches is left out.
    pub(super) inverted: bool,
}

impl Filter {
    pub(super) fn passes(&self, text: &[u8]) -> bool {
        self.patterns.iter().any(|one| one.is_match(text)) != self.inverted
    }
}

impl Find {
    /// Reads the words after `find`, which are patterns of a shell. `cwd` is where it is started.
    pub(super) fn parse(machine: &Machine<'_>, words: &[String], cwd: &Path) -> Self {
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
        let mut starts: Vec<Start> = words[begin..at]
            .iter()
            .map(|one| Start::new(one, cwd))
            .collect();
        if starts.is_empty() {
            starts.push(Start::new(".", cwd));
        }
        let mut parser = Parser::new(machine, &words[at..], Self::all(starts, cwd));
        parser.whole()
    }

    fn all(starts: Vec<Start>, cwd: &Path) -> Self {
        Self {
            starts,
            cwd: cwd.to_owned(),
            expression: Test::Always,
            min_depth: 0,
            max_depth: usize::MAX,
            one_device: false,
            is_deep: false,
            wanted: Action::Print,
            with_all: false,
            filters: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Whether it does so with anything.
    pub(super) fn does(&self, action: Action) -> bool {
        self.expression.has(action)
    }

    /// The same search where what counts is what it does in this way.
    pub(super) fn doing(&self, action: Action) -> Self {
        Self {
            wanted: action,
            ..self.clone()
        }
    }

    /// The same search where what is found is removed.
    pub(super) fn removing(&self, with_all: bool) -> Self {
        Self {
            with_all,
            ..self.clone()
        }
    }

    /// The same search, of which a filter passes on only a part.
    pub(super) fn filtered(&self, filter: Filter) -> Self {
        let mut find = self.clone();
        find.filters.push(filter);
        find
    }

    /// Places at which it begins.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.starts.iter().map(|start| start.place.as_str())
    }

    /// What it would remove of a venv at a time, in seconds since 1970.
    pub(super) fn takes<'t>(&self, venv: &'t Venv, now: i64) -> Vec<&'t Target> {
        let mut taken = Vec::new();
        for start in &self.starts {
            let mut pruned: Option<&Path> = None;
            let mut device = None;
            let is_start = |one: &&Target| matches(start.place.as_bytes(), one.bytes(), SHELL);
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
                let mut acts = Acts::new(self.wanted);
                let printed = || start.printed(root, &target.path, &self.cwd);
                if depth >= self.min_depth {
                    let entry = Entry {
                        target,
                        printed: &printed,
                        now,
                    };
                    self.expression.eval(&entry, &mut acts);
                }
                if acts.prunes && target.is_dir() && !self.is_deep {
                    pruned = Some(&target.path);
                }
                // A directory that is not empty stays, unless it is removed with all that is in it.
                let goes = acts.does && (!target.is_dir() || self.with_all);
                if goes && self.filters.iter().all(|filter| filter.passes(&printed())) {
                    taken.push(target);
                }
            }
        }
        taken
    }
}

impl Start {
    fn new(written: &str, cwd: &Path) -> Self {
        Self {
            written: written.to_owned(),
            place: absolute(written, cwd),
        }
    }

    /// How `find` calls what it found below a start.
    fn printed(&self, root: &Path, path: &Path, cwd: &Path) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt;
        let is_pattern = self.written.contains(['*', '?', '[', '\\']);
        let base = match (is_pattern, self.written.starts_with('/')) {
            (false, _) => Path::new(&self.written),
            (true, true) => root,
            (true, false) => root.strip_prefix(cwd).unwrap_or(root),
        };
        match path.strip_prefix(root) {
            Ok(below) if !below.as_os_str().is_empty() => {
                // Joined by hand: a path would lose `./`.
                let mut text = base.as_os_str().as_bytes().to_vec();
                if !text.ends_with(b"/") {
                    text.push(b'/');
                }
                text.extend(below.as_os_str().as_bytes());
                text
            }
            _ => base.as_os_str().as_bytes().to_vec(),
        }
    }
}

/// A path of a shell as an absolute one, without `.` and `..`.
pub(super) fn absolute(text: &str, cwd: &Path) -> String {
    if text.starts_with(super::glob::ANYTHING) {
        return text.to_owned();
    }
    plain(&cwd.join(text)).to_string_lossy().into_owned()
}
