//! Why a restore is refused before it changes anything. What to do about it is the command line's.

use std::path::PathBuf;

use crate::model::Shown;

/// A restore that cannot be carried out as it was asked for. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The other place for the tree lies inside the venv, which would change by it.
    #[error(
        "'{}' lies inside the venv '{}', which a copy of it would change",
        Shown::path(place),
        Shown::path(venv)
    )]
    InsideVenv {
        /// The place.
        place: PathBuf,
        /// The venv.
        venv: PathBuf,
    },
    /// The other place for the tree is a directory that holds something.
    #[error("'{}' is not empty", Shown::path(.0))]
    NotEmpty(PathBuf),
    /// The other place for the tree has been filled since it was looked at.
    #[error("'{}' is not empty any more; nothing was changed", Shown::path(.0))]
    FilledMeanwhile(PathBuf),
    /// The other place for the tree is no directory.
    #[error("'{}' is a file", Shown::path(.0))]
    NotADirectory(PathBuf),
    /// The tree cannot be adapted to its other place, of which the path has a line break.
    #[error("no script can name a path with a line break")]
    LineBreak,
    /// The tree has symbolic links, and the file system of its place knows none.
    #[error(
        "the file system of '{}' knows no symbolic links, and {links} would have to be made; nothing was changed",
        Shown::path(place)
    )]
    NoLinks {
        /// Where the tree should stand.
        place: PathBuf,
        /// How many links.
        links: usize,
    },
    /// The tree has symbolic links with an absolute path, and nobody could read them at its place.
    #[error(
        "the file system of '{}' lets nobody read symbolic links with an absolute path, and no venv works without its \
         own; nothing was changed",
        Shown::path(.0)
    )]
    HiddenLinks(PathBuf),
    /// Only a part is wanted, and the store cannot keep the state that it would replace.
    #[error("a part is restored only where the store can take the replaced state")]
    PartNotKept,
    /// Only a part is wanted, and there is no venv of which it could be one.
    #[error("a part is restored only in a venv that stands there, and nothing does")]
    PartOfNothing,
    /// Files that were to be taken over changed each time after they were checked.
    #[error("files of the venv change faster than they can be taken over; nothing was changed")]
    NeverSteady,
    /// The venv is another directory than the one that was looked at.
    #[error("the venv was replaced by somebody else in the meantime; nothing was changed")]
    ReplacedMeanwhile,
    /// The venv is of another host, and its interpreter is not on this one.
    #[error("its interpreter '{}' is not on this host; nothing was changed", Shown::path(.0))]
    NoInterpreter(PathBuf),
    /// The same, where what stands there is of no use.
    #[error(
        "its interpreter '{}' cannot be used on this host: {}; nothing was changed",
        Shown::path(path),
        Shown(why.as_bytes())
    )]
    BrokenInterpreter {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The same, where another one stands there.
    #[error(
        "its interpreter '{}' is {} on this host, and was {} where it was saved; nothing was changed",
        Shown::path(path),
        Shown(here.as_bytes()),
        Shown(saved.as_bytes())
    )]
    OtherInterpreter {
        /// Where it is.
        path: PathBuf,
        /// What it is here.
        here: String,
        /// What it was there.
        saved: String,
    },
    /// The patterns together are too much.
    #[error("{0}")]
    BadPatterns(globset::Error),
    /// A pattern cannot be read.
    #[error("'{pattern}' is no pattern: {why}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
}
