//! `find` with its expression, held against the entries of a venv (POSIX.1-2024, "find"; GNU findutils, "Finding
//! Files"). What an entry is not known to fulfil counts as fulfilled: a sweeper is told rather than missed.

mod expression;
mod moment;
mod others;
mod relation;
mod start;
mod test;

use std::path::{Path, PathBuf};

use regex::bytes::Regex;

use super::Machine;
use super::root::Root;
use super::target::{Target, Venv};
use expression::Parser;
use relation::related;
use start::{Links, Seen, Start};
use test::{Acts, Entry, Test};

pub(super) use others::{fd, locate};
pub(super) use relation::Relation;

/// No path is longer (`path_resolution(7)`).
const PATH_MAX: usize = 4096;

/// A search, and which action of it counts.
#[derive(Clone, Debug)]
pub(super) struct Find {
    starts: Vec<Start>,
    links: Links,
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
    /// What counts in place of what is found.
    relations: Vec<Relation>,
    /// What it prints of what it finds.
    pub(super) prints: Prints,
    /// Commands that are run for what is found.
    pub(super) runs: Vec<Run>,
}

/// A command that a search runs.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) words: Vec<String>,
    /// Whether it runs in the directory of what is found.
    pub(super) beside: bool,
}

/// What is done with what is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    Print,
    Delete,
    /// The number of the command.
    Run(usize),
}

/// What a search prints of what it finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prints {
    Path,
    /// The directory that holds it.
    Dir,
    /// Its path beside something else.
    Columns,
    /// Something else alone.
    Other,
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
        let mut links = Links::Never;
        while let Some(word) = words.get(at) {
            match word.as_str() {
                "-H" | "-L" | "-P" => {
                    links = Links::named(word);
                    at += 1;
                }
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
            .map(|one| Start::new(machine.root, one, cwd))
            .collect();
        if starts.is_empty() {
            starts.push(Start::new(machine.root, ".", cwd));
        }
        let all = Self {
            links,
            ..Self::all(starts, cwd)
        };
        let mut parser = Parser::new(machine, &words[at..], all);
        parser.whole()
    }

    fn all(starts: Vec<Start>, cwd: &Path) -> Self {
        Self {
            starts,
            links: Links::Never,
            cwd: cwd.to_owned(),
            expression: Test::Always,
            min_depth: 0,
            max_depth: usize::MAX,
            one_device: false,
            is_deep: false,
            wanted: Action::Print,
            with_all: false,
            filters: Vec::new(),
            relations: Vec::new(),
            prints: Prints::Path,
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

    /// The same search where something counts that stands so to what is found; none where that may be the directory of
    /// a directory: what would be found outside of a venv is not known so far.
    pub(super) fn related(&self, relation: Relation) -> Option<Self> {
        let mut find = self.clone();
        let joined = match (find.relations.pop(), relation) {
            (None, relation) => Some(relation),
            (Some(Relation::Above), Relation::Above) => return None,
            (Some(Relation::Above), below) => {
                find.relations.push(Relation::Above);
                Some(below)
            }
            // Whoever goes down and up again is where they were.
            (Some(Relation::Below(path)), Relation::Above) => {
                let above = path.rsplit_once('/');
                above.map(|(above, _)| Relation::Below(above.to_owned()))
            }
            (Some(Relation::Below(path)), Relation::Below(more)) => {
                let is_path = path.len() + more.len() < PATH_MAX;
                Some(is_path.then(|| Relation::Below(format!("{path}/{more}")))?)
            }
        };
        find.relations.extend(joined);
        Some(find)
    }

    /// Places at which it begins.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.starts.iter().map(Start::named)
    }

    /// Whether it may come to a venv, or above it, or into it.
    pub(super) fn comes_to(&self, venv: &Path) -> bool {
        self.starts.iter().any(|start| start.comes_to(venv))
    }

    /// The same search with where the links of a machine lead it to these venvs.
    pub(super) fn resolved(&self, root: &Root, venvs: &[Venv]) -> Self {
        let starts = self.starts.iter();
        let starts = starts.flat_map(|start| start.resolved(root, self.links, venvs));
        Self {
            starts: starts.collect(),
            ..self.clone()
        }
    }

    /// Whether it has more entries than were looked at for links that it follows.
    pub(super) fn is_cut(&self) -> bool {
        self.starts.iter().any(Start::is_cut)
    }

    /// What it would remove of a venv at a time, in seconds since 1970.
    pub(super) fn takes<'t>(&self, venv: &'t Venv, now: i64) -> Vec<&'t Target> {
        let mut taken = Vec::new();
        let is_related = !self.relations.is_empty();
        let ways = self.starts.iter();
        for way in ways.flat_map(|start| start.ways(venv, &self.cwd, is_related)) {
            let mut pruned: Option<&Path> = None;
            let mut device = None;
            for Seen {
                entry,
                takes,
                depth,
            } in &way
            {
                if pruned.is_some_and(|dir| entry.path.starts_with(dir)) {
                    continue;
                }
                let own = *device.get_or_insert(entry.device);
                if *depth > self.max_depth || self.one_device && entry.device != own {
                    continue;
                }
                let mut acts = Acts::new(self.wanted);
                let printed = || way.printed(&entry.path);
                if *depth >= self.min_depth {
                    let entry = Entry {
                        target: entry,
                        printed: &printed,
                        now,
                        follows: self.links == Links::Always,
                    };
                    self.expression.eval(&entry, &mut acts);
                }
                if acts.prunes && entry.is_dir() && !self.is_deep {
                    pruned = Some(&entry.path);
                }
                // A directory that is not empty stays, unless it is removed with all that is in it.
                let goes = acts.does && (is_related || !entry.is_dir() || self.with_all);
                let goes = goes.then_some(*takes).flatten();
                let passes = |filter: &Filter| filter.passes(&printed());
                taken.extend(goes.filter(|_| self.filters.iter().all(passes)));
            }
        }
        if is_related {
            taken = related(venv, taken, &self.relations);
            taken.retain(|one| self.with_all || !one.is_dir());
        }
        taken
    }
}
