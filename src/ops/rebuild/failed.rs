//! Why there is no new venv. Nothing was changed in any of these cases.

use std::path::PathBuf;

use super::bad_list::{BadLine, BadList};
use super::options::Installer;
use crate::model::{Audit, RelPath, Remains, Shown, TreeKind};

/// Why a venv was not rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum Unbuilt {
    /// The interpreter that made the venv is gone.
    #[error("there is no interpreter to make the venv with{}; nothing was changed", that_is_gone(wanted.as_ref()))]
    NoInterpreter {
        /// Where it should be, if anything tells.
        wanted: Option<PathBuf>,
        /// Those of the same minor version that there are.
        others: Vec<PathBuf>,
    },
    /// An interpreter that somebody named is none.
    #[error("'{}' does not run as a Python; nothing was changed", Shown::path(.0))]
    BadInterpreter(PathBuf),
    /// Nothing tells which packages belong there.
    #[error("nothing tells which packages belong into '{}'; nothing was changed", Shown::path(.0))]
    NothingTold(PathBuf),
    /// An environment that neither pip nor uv made.
    #[error(
        "'{}' is {}, which is not made anew here; nothing was changed",
        Shown::path(path),
        match kind {
            TreeKind::Conda => "an environment of conda",
            TreeKind::Target => "a directory that pip filled",
            TreeKind::Any | TreeKind::Venv => "a directory with nothing of a venv in it",
        }
    )]
    NotAVenv {
        /// Which.
        path: PathBuf,
        /// What it is.
        kind: TreeKind,
    },
    /// A package of which nothing tells the version.
    #[error("nothing tells the version of {}; nothing was changed", .0.join(", "))]
    NoVersion(Vec<String>),
    /// A requirement that was asked for is none.
    #[error("'{}' is no requirement: {what}; nothing was changed", Shown(text.as_bytes()))]
    With {
        /// The text.
        text: String,
        /// What is wrong with it.
        what: BadLine,
    },
    /// Packages of which nothing tells what brought them, and that the new venv has not.
    #[error(
        "nothing tells what brought {}: the modules stand there without an info directory, and what was built has \
         them not; nothing was changed",
        modules(.0)
    )]
    Remains(Vec<Remains>),
    /// The requirements file cannot be used.
    #[error(
        "the requirements '{}' cannot be used: {what}; nothing was changed",
        Shown::path(path)
    )]
    Requirements {
        /// Which.
        path: PathBuf,
        /// Why not.
        what: BadList,
    },
    /// No index may be asked, and these would have to be fetched from a URL.
    #[error("without the network nothing brings {}: it comes from a URL; nothing was changed", .0.join(", "))]
    Far(Vec<String>),
    /// There is no installer.
    #[error("{0}; nothing was changed")]
    NoInstaller(NoInstaller),
    /// A step of the build failed.
    #[error("{step} failed; nothing was changed")]
    Step {
        /// Which.
        step: &'static str,
        /// What the program said, without secrets.
        said: Vec<String>,
    },
    /// The installer did not install what was asked for.
    #[error("{} could not install {}; nothing was changed", installer.as_str(), packages.join(", "))]
    Install {
        /// Who.
        installer: Installer,
        /// What: those that it complains of, or all that it was asked for.
        packages: Vec<String>,
        /// What it said, without secrets.
        said: Vec<String>,
        /// Which of these RECORD proves in the live venv, so that they need not be fetched.
        provable: Vec<String>,
    },
    /// What was built is damaged, or does not import.
    #[error("what was built is not sound: {}; nothing was changed", first(.0))]
    Unsound(Box<Audit>),
    /// A file of the new tree names the place where it was built.
    #[error("'{0}' would name the directory in which it was built; nothing was changed")]
    NamesPlace(String),
    /// A file that is taken over was written meanwhile.
    #[error("'{0}' changed while it was read; nothing was changed")]
    ChangedMeanwhile(RelPath),
    /// The path of the venv has a line break.
    #[error("no script can name a path with a line break")]
    LineBreak,
    /// Another process rebuilds this venv.
    #[error("another process is rebuilding '{}'", Shown::path(.0))]
    Busy(PathBuf),
}

/// Who could install, and is not there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoInstaller {
    /// uv, which was asked for.
    #[error("uv is not to be found")]
    Uv,
    /// The pip that an interpreter brings.
    #[error("'{}' brings no pip: {said}", .python.display())]
    Pip {
        /// The interpreter.
        python: PathBuf,
        /// What it says.
        said: String,
    },
}

fn that_is_gone(wanted: Option<&PathBuf>) -> String {
    wanted.map_or_else(String::new, |path| {
        format!(": '{}' is gone", Shown::path(path))
    })
}

/// So many modules are named.
const NAMED_MAX: usize = 10;

fn modules(remains: &[Remains]) -> String {
    let named = remains.iter().take(NAMED_MAX);
    let named: Vec<String> = named.map(|one| format!("'{}'", one.module)).collect();
    let more = match remains.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    named.join(", ") + &more
}

fn first(audit: &Audit) -> String {
    let mut damage = audit.damage();
    let Some(first) = damage.next() else {
        return "it could not be read".to_owned();
    };
    let package = first
        .package
        .as_ref()
        .map_or_else(String::new, |name| format!("{name}: "));
    let path = first
        .path
        .as_ref()
        .map_or_else(String::new, |path| format!("'{path}': "));
    let more = match damage.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{package}{path}{}{more}", first.text)
}
