//! The interpreter that a venv will have on this host, before the venv stands there.

use std::path::{Path, PathBuf};

use super::{Facts, ask};
use crate::disk::rooted::Rooted;
use crate::model::Interpreter;
use crate::python::pyvenv::Config;
use crate::python::withheld::is_withheld;

/// What stands at the path of an interpreter.
#[derive(Debug)]
pub(crate) enum Here {
    /// Nothing.
    Nothing,
    /// Something that does not run or is no interpreter, with the reason.
    Broken(String),
    /// It may not be looked at or run by who asks, so that nobody knows.
    Unknown,
    /// One that says this of itself.
    Answered(Interpreter),
}

/// Looks at a path outside of any venv, and asks what stands there as the owner of the directory `asked_by` would.
pub(crate) fn look_here(asked_by: &Rooted, path: &Path) -> Here {
    let real = match std::fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if is_withheld(&error) => return Here::Unknown,
        Err(_) => return Here::Nothing,
    };
    let mut facts = Facts::default();
    ask(&mut facts, asked_by, path, &real);
    match facts.problems.pop() {
        Some(why) => Here::Broken(why),
        None if facts.known.alive => Here::Answered(facts.known),
        None => Here::Unknown,
    }
}

/// Where a `pyvenv.cfg` says that the interpreter is.
pub(crate) fn home(config: &[u8]) -> Option<PathBuf> {
    Config::parse(config).stated(&["home"]).map(PathBuf::from)
}
