//! Locks of projects as lists of what belongs into a venv: `pylock.toml` (PEP 751), `poetry.lock`, `pdm.lock`,
//! `uv.lock`. They are told apart by what is in them, whatever the file is called. Nothing of the project is run.

mod entry;
mod host;
mod origin;
mod pdm;
mod poetry;
mod pylock;
mod uv;

use std::path::Path;

use toml::Table;

pub(super) use entry::Locked;
pub(super) use origin::Origin;

use super::bad_list::BadList;
use super::live::Live;
use super::maker::Base;
use crate::python::dist::normalized;
use entry::Part;
use host::Host;

/// Whose lock it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lock {
    /// The common form (packaging.python.org, "pylock.toml Specification").
    Pylock,
    Poetry,
    Pdm,
    Uv,
}

impl Lock {
    /// Whose a text is; none where it is no lock.
    pub(super) fn recognize(table: &Table) -> Option<Self> {
        let metadata = table.get("metadata").and_then(toml::Value::as_table);
        let has = |name: &str| metadata.is_some_and(|metadata| metadata.contains_key(name));
        if table.contains_key("lock-version") {
            Some(Self::Pylock)
        } else if has("lock_version") {
            Some(Self::Pdm)
        } else if has("lock-version") || (has("content-hash") && has("files")) {
            Some(Self::Poetry)
        } else if table.contains_key("version") && table.contains_key("package") {
            Some(Self::Uv)
        } else {
            None
        }
    }

    /// The packages of a lock that belong into a venv of an interpreter: those that a plain install takes, and of the
    /// groups and extras those that the live venv has. An error says what of it is wrong.
    pub(super) fn packages(
        self,
        table: &Table,
        path: &Path,
        base: &Base,
        live: Option<&Live>,
    ) -> Result<Vec<Locked>, BadList> {
        let host = Host::new(base).ok_or(BadList::NoPython)?;
        let dir = path.parent().unwrap_or(Path::new("/"));
        let found = match self {
            Self::Pylock => pylock::packages(table, dir, &host)?,
            Self::Poetry => poetry::packages(table, dir, &host)?,
            Self::Pdm => pdm::packages(table, dir, &host)?,
            Self::Uv => uv::packages(table, dir, &host)?,
        };
        let is_there = |one: &Locked| {
            live.is_some_and(|live| !live.dists.all_named(&normalized(&one.name)).is_empty())
        };
        let belongs = found
            .into_iter()
            .filter(|(one, part)| *part == Part::Main || is_there(one));
        Ok(belongs.map(|(one, _)| one).collect())
    }
}

/// The tables of an array of tables.
fn tables<'a>(table: &'a Table, name: &str) -> impl Iterator<Item = &'a Table> {
    let array = table.get(name).and_then(toml::Value::as_array);
    array
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_table)
}

/// A text of a table.
fn text<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    table.get(name).and_then(toml::Value::as_str)
}

/// The texts of an array.
fn texts<'a>(table: &'a Table, name: &str) -> impl Iterator<Item = &'a str> {
    let array = table.get(name).and_then(toml::Value::as_array);
    array.into_iter().flatten().filter_map(toml::Value::as_str)
}

/// Refuses a version of the format that is not known: nobody can say what such a lock means.
fn known_version(said: Option<&str>, known: &[&str]) -> Result<(), BadList> {
    let said = said.unwrap_or("none");
    let major = said.split('.').next().unwrap_or_default();
    if known.contains(&major) {
        Ok(())
    } else {
        Err(BadList::Version(said.to_owned()))
    }
}
