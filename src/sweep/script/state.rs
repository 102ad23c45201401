//! What a shell knows while it runs: its directory, its variables, its arguments.

use std::collections::HashMap;
use std::path::PathBuf;

use super::MEANINGS_MAX;
use crate::sweep::glob::{ANYTHING, Rules, SHELL};

/// A value may have so many bytes.
const LEN_MAX: usize = 64 << 10;

/// What a word may stand for: several values, each of several words. Words are patterns of a shell.
pub(super) type Values = Vec<Vec<String>>;

/// A directory as a state has it, and what that is beside.
pub(super) type Place = (PathBuf, Option<String>);

/// All that a shell knows.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Begins with the sign for anything where nobody knows it.
    pub(super) cwd: PathBuf,
    /// The word of a search in whose results it is, where nobody knows which one that is.
    pub(super) beside: Option<String>,
    variables: HashMap<String, Values>,
    /// What the script is given; none where nobody knows that.
    pub(super) args: Option<Vec<String>>,
    /// What the script is called, where that is not the name of its file.
    pub(super) zero: Option<String>,
    /// How its patterns match.
    pub(super) globs: Rules,
    /// Whether a command that fails ends the script: `set -e`.
    pub(super) is_strict: bool,
    /// Whether the next shell begins like that.
    pub(super) begins_strict: bool,
}

impl State {
    pub(super) fn new(cwd: PathBuf) -> Self {
        Self {
            cwd,
            beside: None,
            variables: HashMap::new(),
            args: None,
            zero: None,
            globs: SHELL,
            is_strict: false,
            begins_strict: false,
        }
    }

    /// Where it is: the directory, and the result of a search in whose directories that is.
    pub(super) fn place(&self) -> Place {
        (self.cwd.clone(), self.beside.clone())
    }

    pub(super) fn go(&mut self, to: Place) {
        (self.cwd, self.beside) = to;
    }

    pub(super) fn lose_cwd(&mut self) {
        self.beside = None;
        self.cwd = PathBuf::from(ANYTHING.to_string());
    }

    pub(super) fn set(&mut self, name: &str, values: Values) {
        self.variables.insert(name.to_owned(), values);
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
        let of_array = format!("{name}[");
        self.variables.retain(|own, _| !own.starts_with(&of_array));
    }

    /// What is known of an array by its keys.
    pub(super) fn keyed<'s>(&'s self, array: &str) -> impl Iterator<Item = (&'s str, &'s Values)> {
        let begin = format!("{array}[");
        self.variables.iter().filter_map(move |(name, values)| {
            let key = name.strip_prefix(&begin)?.strip_suffix(']')?;
            (key != "@").then_some((key, values))
        })
    }

    /// Drops the first arguments; nobody knows the rest where nobody knows how many go.
    pub(super) fn shift(&mut self, count: Option<usize>) {
        self.args = match (self.args.take(), count) {
            (Some(args), Some(count)) => Some(args.into_iter().skip(count).collect()),
            _ => None,
        };
    }

    /// What a variable, or an argument of the script, may stand for; none where nobody knows.
    pub(super) fn get(&self, name: &str) -> Option<Values> {
        if let Ok(number) = name.parse::<usize>() {
            let args = self.args.as_ref()?;
            let arg = args.get(number.checked_sub(1)?).cloned();
            return Some(vec![vec![arg.unwrap_or_default()]]);
        }
        match name {
            "@" | "*" => Some(vec![self.args.clone()?]),
            "#" => None,
            "PWD" => Some(vec![vec![self.cwd.to_string_lossy().into_owned()]]),
            _ => self.variables.get(name).cloned(),
        }
    }

    /// Takes in what is known on another way through the script, of which nobody knows whether it is taken.
    pub(super) fn merge(&mut self, other: Self) {
        if self.cwd != other.cwd || self.beside != other.beside {
            self.lose_cwd();
        }
        if self.args != other.args {
            self.args = None;
        }
        if self.globs != other.globs {
            self.globs = other.globs;
        }
        self.is_strict &= other.is_strict;
        for (name, values) in other.variables {
            let own = self.variables.entry(name).or_default();
            for value in values {
                if !own.contains(&value) && own.len() < MEANINGS_MAX {
                    own.push(value);
                }
            }
        }
    }
}

/// No more values than are followed, and no longer ones.
pub(super) fn limited(mut values: Values) -> Values {
    let len = |fields: &[String]| fields.iter().map(|field| field.len() + 1).sum::<usize>();
    for fields in values.iter_mut().filter(|fields| len(fields) > LEN_MAX) {
        *fields = vec![ANYTHING.to_string()];
    }
    if values.len() > MEANINGS_MAX {
        values.truncate(MEANINGS_MAX);
        // What they have in common is not looked for: any of the rest may be anything.
        values.push(vec![ANYTHING.to_string()]);
    }
    values
}
