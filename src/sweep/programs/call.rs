//! A command as it is started, and what it does to files.

use std::path::Path;

use crate::sweep::Machine;
use crate::sweep::glob::ANYTHING;
use crate::sweep::links::absolute;
use crate::sweep::removal::Removal;

/// A command as it is started.
pub(in crate::sweep) struct Call<'c> {
    pub(in crate::sweep) machine: &'c Machine<'c>,
    /// What follows its name; patterns of a shell.
    pub(in crate::sweep) words: &'c [String],
    pub(in crate::sweep) name: &'c str,
    pub(in crate::sweep) cwd: &'c Path,
}

/// What a command does to files.
pub(in crate::sweep) enum Effect {
    /// It takes what it is given, and of directories all that is in them where the flag is set.
    Takes(Vec<String>, bool),
    /// The same of what links lead to that it is given.
    TakesThrough(Vec<String>, bool),
    /// It may take what it is given, and why that is not known.
    MayTake(Vec<String>, String),
    Removes(Removal),
    /// What is not understood.
    Odd(String),
    /// Nothing that matters here.
    Nothing,
}

/// A path of a command as an absolute one.
pub(super) fn place(call: &Call<'_>, word: &str) -> String {
    absolute(call.machine.root, word.trim_end_matches('/'), call.cwd)
}

/// Whether a word is known only when the script runs.
pub(in crate::sweep) fn is_open(word: &str) -> bool {
    word.contains(ANYTHING)
}
