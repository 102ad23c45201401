//! What a rebuild is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::model::SnapshotRef;
use crate::tree::Site;

/// Who installs packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Installer {
    /// The pip that the interpreter brings (`ensurepip`).
    Pip,
    /// uv.
    Uv,
}

impl Installer {
    /// The name in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pip => "pip",
            Self::Uv => "uv",
        }
    }
}

/// Whether an index is asked for what is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Index {
    /// The one that the settings of the installer name.
    #[default]
    AsSet,
    /// None: what is neither proved nor in a directory is missing.
    Never,
}

/// Who is asked which packages belong into the venv.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Source {
    /// The newest baseline, else what the broken venv still tells.
    #[default]
    Found,
    /// The list of packages of a snapshot.
    Snapshot(SnapshotRef),
    /// A requirements file, or a lock.
    Requirements(PathBuf),
}

/// What a rebuild is told.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct RebuildOptions {
    /// What tells which packages belong there.
    pub source: Source,
    /// Where the person stands, from where what a list installs from a path is seen.
    pub here: PathBuf,
    /// Requirements that the new venv meets beside what the source tells, or in place of it.
    pub with: Vec<String>,
    /// Fetch all packages anew, also those whose every file is proved.
    pub all: bool,
    /// Who installs; by default whoever made the venv.
    pub installer: Option<Installer>,
    /// The interpreter; by default the one by which the venv was made.
    pub python: Option<PathBuf>,
    /// Directories in which an installer finds wheels and source archives as well.
    pub find_links: Vec<PathBuf>,
    /// Whether an index is asked as well.
    pub index: Index,
    /// Where the new venv is built instead; the one that tells what belongs there stays as it is.
    pub to: Option<Site>,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Exchange the trees although the audit of the new one found damage, or it lacks packages of the old one of which
    /// nothing tells what brought them.
    pub force: bool,
    /// Go on where something is lost that no snapshot keeps.
    pub yes: bool,
    /// Interpreters that are to be had on this host, to offer where the one that is needed is gone.
    pub pythons: Vec<PathBuf>,
    /// uv, where there is one.
    pub uv: Option<PathBuf>,
    /// The home directory of the owner of the venv.
    pub home: PathBuf,
    /// The settings of installers and of the network, as variables of the environment.
    pub settings: Vec<(OsString, OsString)>,
}

impl RebuildOptions {
    /// The directory from which relative paths of a requirements file are understood, as an installer does.
    pub(super) fn directory(&self) -> &Path {
        match &self.source {
            Source::Requirements(path) => path.parent().unwrap_or(Path::new("/")),
            Source::Found | Source::Snapshot(_) => Path::new("/"),
        }
    }
}
