//! What an application lacks in a venv, in one pass, each with the line that wants it. Nothing is executed.
//!
//! `modules.rs` knows which files of the application lead to which, `declared.rs` what its project says that it
//! needs (`lists.rs` in the lists of installers, `setup.rs` by code, `origin.rs` and `indexes.rs` from where),
//! `rules.rs` what a framework wants at run time, `names.rs` which distribution brings a module, `systems.rs` which
//! modules none brings here; `gather.rs` puts it together.

mod declared;
mod gather;
mod indexes;
mod lists;
mod modules;
mod names;
mod origin;
mod rules;
mod setup;
mod systems;

use std::path::PathBuf;

pub(crate) use declared::{Project, read as read_project};
pub(crate) use gather::needs;
pub(crate) use names::resembles;
pub use origin::{IndexKind, ProjectIndex};
pub use rules::Rules;

/// The application.
#[derive(Debug, Default)]
pub(crate) struct App {
    /// Its sources, by where they stand, each with its content.
    pub(crate) sources: Vec<(PathBuf, Vec<u8>)>,
    /// Directories from which it imports its own modules.
    pub(crate) roots: Vec<PathBuf>,
    /// Modules with which it starts; where there are none, every file counts.
    pub(crate) starts: Vec<String>,
    /// Files that were named: with these it starts too.
    pub(crate) named: Vec<PathBuf>,
    /// What its project declares.
    pub(crate) project: Project,
}

/// How it is known which distribution is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// An installed distribution says that it requires it, by name.
    Required,
    /// The project declares it.
    Declared,
    /// A rule names it for something that is used.
    Rule,
    /// A table of import names names it.
    Table,
    /// The source names the distribution itself.
    Named,
    /// It has the name of the module; nobody says that it is the one. No [`Need`] that is handed out is one of these.
    Guess,
}

impl Known {
    /// The word that JSON has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Declared => "declared",
            Self::Rule => "rule",
            Self::Table => "table",
            Self::Named => "named",
            Self::Guess => "guess",
        }
    }
}

/// When it is wanted, the least sure first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum When {
    /// The application may do without it.
    Optional,
    /// When something is called.
    Call,
    /// When the application is imported, or at all.
    Import,
}

impl When {
    /// The word that JSON has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Call => "call",
            Self::Import => "import",
        }
    }
}

/// A line that wants something.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Evidence {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What stands there: `import bs4`, `fastapi.Form`, a requirement.
    pub what: String,
}

/// A distribution that is missing, or of the wrong version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// Its name as indexes compare it.
    pub distribution: String,
    /// What to ask an installer for.
    pub requirement: String,
    /// From where it comes, in words, where that is no index that everybody asks and no requirement can say it: whoever
    /// asks an index for its name may get what somebody else put there.
    pub elsewhere: Option<String>,
    /// How it is known that it is this one.
    pub known: Known,
    /// When it is wanted.
    pub when: When,
    /// What else would do in its place.
    pub instead: Vec<String>,
    /// Who wants it; never empty.
    pub evidence: Vec<Evidence>,
}

/// A module that is missing of which nobody knows who brings it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nameless {
    /// The module.
    pub module: String,
    /// Distributions of which one may bring it.
    pub perhaps: Vec<String>,
    /// Where alone it is to be had, if not here: `Windows`, `macOS`.
    pub only_on: Option<&'static str>,
    /// When it is wanted.
    pub when: When,
    /// Who wants it; never empty.
    pub evidence: Vec<Evidence>,
}

/// All that an application lacks.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Distributions that it needs, by name.
    pub needed: Vec<Need>,
    /// Distributions without which it may do, by name.
    pub optional: Vec<Need>,
    /// Modules that are missing of which nobody knows who brings them.
    pub nameless: Vec<Nameless>,
    /// Modules that an installed distribution should have and that are gone, which is damage.
    pub lost: Vec<(String, Evidence)>,
    /// From where the project takes all that it takes from no place of its own, as far as it says so.
    pub indexes: Vec<ProjectIndex>,
    /// Files of the project that declare what cannot be read, and why not.
    pub undeclared: Vec<(PathBuf, &'static str)>,
    /// Sources that are no Python that can be read.
    pub unread: Vec<PathBuf>,
}
