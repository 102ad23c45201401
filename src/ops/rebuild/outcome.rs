//! What a rebuild tells.

use std::path::PathBuf;
use std::time::Duration;

use super::options::Installer;
use crate::model::{Audit, Finding, LeftOut, RelPath, Remains, SnapshotId};
use crate::ops::RestoreOutcome;

/// What told which packages belong there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToldBy {
    /// The list of a snapshot.
    Snapshot(SnapshotId),
    /// METADATA and RECORD of the broken venv.
    Venv,
    /// A requirements file.
    Requirements(PathBuf),
    /// A lock of a project.
    Lock(PathBuf),
}

/// How a package comes into the new venv.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comes {
    /// Every file is proved by RECORD, and taken over.
    TakenOver,
    /// It is fetched anew.
    Fetched,
    /// The interpreter brings it.
    WithInterpreter,
}

impl Comes {
    /// The name in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TakenOver => "taken-over",
            Self::Fetched => "fetched",
            Self::WithInterpreter => "with-interpreter",
        }
    }
}

/// One package of the plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// The name as it writes itself.
    pub name: String,
    /// The version; empty where it is left to the installer.
    pub version: String,
    /// What the installer is asked for, where that is not the version alone.
    pub asked: Option<String>,
    /// How it comes.
    pub comes: Comes,
    /// Why it is fetched.
    pub why: Option<&'static str>,
    /// What tells the version where that is not METADATA; of a package without a version, what stands of it.
    pub evidence: Option<RelPath>,
}

/// What a rebuild did, or would do.
#[derive(Debug)]
pub struct Rebuilt {
    /// The venv that tells what belongs there.
    pub venv: PathBuf,
    /// Where the new one stands: in its place, or elsewhere.
    pub place: PathBuf,
    /// What told which packages belong there.
    pub told_by: ToldBy,
    /// By which interpreter it is made.
    pub python: PathBuf,
    /// Its version, major and minor.
    pub version: (u32, u32),
    /// Who installs.
    pub installer: Installer,
    /// The packages, sorted by name.
    pub packages: Vec<Planned>,
    /// Packages of the live venv that the list has not, and that so are not in the new one.
    pub dropped: Vec<String>,
    /// Modules and lists of paths that people put among the packages by hand, taken over though nothing proves them.
    pub carried: Vec<RelPath>,
    /// Files among the packages that belong to none, and that the new venv has not; in a dry run all that belong to
    /// none.
    pub left_behind: Vec<RelPath>,
    /// Packages of which nothing tells what brought them, and that the new venv has not; in a dry run those that
    /// nothing of the plan seems to bring.
    pub remains: Vec<Remains>,
    /// Requirements of the new venv that nothing in it meets, and those that were met in the old one; in a dry run
    /// those that nothing meets and nothing of the plan is.
    pub unmet: Vec<Finding>,
    /// What the place does not hold of the new venv, or no snapshot keeps of the one that it replaces; in a dry run the
    /// latter alone.
    pub left_out: Vec<LeftOut>,
    /// What was done; none of a dry run.
    pub done: Option<Done>,
    /// How long it took.
    pub took: Duration,
}

/// What stands there now.
#[derive(Debug)]
pub struct Done {
    /// What the audit of the new venv found.
    pub audit: Audit,
    /// How it was put in place.
    pub placed: RestoreOutcome,
}
