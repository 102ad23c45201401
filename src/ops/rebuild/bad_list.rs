//! Why a file does not tell which packages belong into a venv: a list of requirements, or the lock of a project.

use std::path::PathBuf;

use crate::model::Shown;

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum BadList {
    /// It cannot be read.
    #[error("{0}")]
    Unread(std::io::Error),
    /// It is a directory, or something else.
    #[error("it is no file")]
    NotAFile,
    /// Nobody's list is that long.
    #[error("it is too long")]
    TooLong,
    /// It is no text.
    #[error("it is no UTF-8")]
    NotText,
    /// There is nothing in it.
    #[error("it names no package")]
    Empty,
    /// All in it is for others.
    #[error("it names no package that belongs here")]
    NothingHere,
    /// A line of requirements that no installer would understand.
    #[error("line {number}{}: {what}", in_file(file.as_ref()))]
    Line {
        /// The list that it stands in, where that is one that is included.
        file: Option<PathBuf>,
        /// Which line.
        number: usize,
        /// What is wrong with it.
        what: BadLine,
    },
    /// It is called as locks are, and is none that is known.
    #[error("it is no lock of uv, poetry or pdm and no pylock.toml")]
    NoLock,
    /// It is called as locks are, and cannot be read as one: the parser's word.
    #[error("it is no TOML: {0}")]
    NotToml(String),
    /// A lock of a version of which nobody can say what it means.
    #[error("it is a lock of version {0}, which is not known here")]
    Version(String),
    /// A lock without the part that tells what it is.
    #[error("it has no metadata")]
    NoMetadata,
    /// The interpreter calls its version something strange.
    #[error("what the interpreter says of its version is no version")]
    NoPython,
    /// A lock for other versions of Python.
    #[error("it is for Python {wanted}, and this one is {here}")]
    OtherPython {
        /// Which the lock wants.
        wanted: String,
        /// Which the new venv has.
        here: String,
    },
    /// Something in a lock that is not what it stands for.
    #[error(transparent)]
    Entry(#[from] BadEntry),
}

fn in_file(file: Option<&PathBuf>) -> String {
    file.map_or_else(String::new, |path| format!(" of '{}'", Shown::path(path)))
}

/// What is wrong with a line of requirements.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadLine {
    /// It has characters that no line has.
    #[error("it has control characters")]
    Control,
    /// It names another list by a URL.
    #[error("the list '{0}' would have to be fetched; keep it in a file")]
    OtherFile(String),
    /// It includes a list that cannot be used: which, and why not.
    #[error("'{0}', which it includes: {1}")]
    Include(String, String),
    /// Another line asks for the same package in versions that this one does not take: which.
    #[error("it cannot be met together with '{0}'")]
    Against(String),
    /// Another one names the same package.
    #[error("the package is asked for twice")]
    Twice,
    /// It is no requirement: the parser's word.
    #[error("{0}")]
    Requirement(String),
}

/// What is wrong with something in a lock.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadEntry {
    /// A package that is not called anything.
    #[error("a package has no name")]
    Unnamed,
    /// A name.
    #[error("{0:?} is no name of a package")]
    Name(String),
    /// A version, of this package.
    #[error("{0}: {1:?} is no version")]
    Version(String, String),
    /// A package of an index has no version.
    #[error("{0}: it has no version")]
    NoVersion(String),
    /// A marker.
    #[error("'{0}' is no marker")]
    Marker(String),
    /// A URL, a commit or a directory.
    #[error("{0:?} is no source of a package")]
    Source(String),
    /// A repository that is none of git.
    #[error("repositories of {0} are not known here")]
    Repository(String),
    /// An archive that is nowhere.
    #[error("an archive has neither URL nor path")]
    NoArchive,
}
