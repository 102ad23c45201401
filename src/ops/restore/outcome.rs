//! What a restore tells.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::disk::processes::Process;
use crate::model::{
    Change, Class, Deed, Exchange, IncidentReport, LeftOut, PackageChange, RelPath, SnapshotId,
    VenvId,
};
use crate::ops::chosen::Chosen;
use crate::ops::error::Error;
use crate::replace::{self, Way, Wrong};
use crate::store::Hole;

/// What a restore came to.
#[derive(Debug)]
pub enum Mode {
    /// Nothing differed, so nothing was done.
    Identical,
    /// Nothing of the part that was asked for differed, so nothing was done.
    PartIdentical,
    /// Nothing is damaged that the snapshot could mend, so nothing was done.
    NothingToHeal,
    /// Nothing was done, since the snapshot has nothing that would mend what is damaged.
    LeftAlone,
    /// Nothing was done because it was a dry run.
    DryRun,
    /// The trees were exchanged, or one was put where nothing was.
    Done(Box<Replaced>),
}

impl RestoreOutcome {
    /// The same with what was found, and the packages that stay damaged.
    pub(super) fn with_report(self, mut report: IncidentReport, left: Vec<PackageChange>) -> Self {
        // Of a part, only the packages of which it brings something back are told.
        if report.part.is_some() {
            let brought = report.changes.iter().filter(|seen| !seen.left);
            let brought = brought.filter_map(|seen| seen.package.as_deref());
            let brought: HashSet<&str> = brought.collect();
            report.packages.retain(|one| brought.contains(&*one.name));
        }
        Self {
            report,
            left,
            ..self
        }
    }

    /// What that means for the venv: done, or foretold by a dry run.
    pub fn deed(&self) -> Deed {
        let is_noise = |change: &Change| change.class == Class::Noise;
        let nothing = self.adapting == 0 && self.stood && self.changes.iter().all(is_noise);
        match &self.mode {
            Mode::Done(_) => {}
            Mode::DryRun if !nothing => {}
            _ => return Deed::Nothing,
        }
        let venv = VenvId::new(&self.host, &self.place);
        let exchange = Exchange {
            venv: &venv,
            restored: Some(&self.chosen.snapshot),
            stood: self.stood,
            part: self.report.part.is_some(),
            newer: self.newer,
        };
        // What was never written is no change of the tree, and damage all the same.
        let brought = self.report.brought().map(|seen| seen.class);
        let classes = self.changes.iter().map(|change| change.class);
        Deed::of(classes.chain(brought), &exchange)
    }

    /// What was done, where anything was.
    pub fn replaced(&self) -> Option<&Replaced> {
        match &self.mode {
            Mode::Done(replaced) => Some(replaced),
            _ => None,
        }
    }

    /// The venv of the snapshot, where that stands at another path.
    pub fn other_venv(&self) -> Option<PathBuf> {
        let of = self.chosen.snapshot.venv.path();
        (of != self.place).then_some(of)
    }

    /// The host of the snapshot, where that is another one.
    pub fn other_host(&self) -> Option<&str> {
        let of = &self.chosen.snapshot.venv.host;
        (*of != self.host).then_some(of)
    }
}

/// What was to come after the new tree stood at its place, and failed. The next command does it.
#[derive(Debug)]
pub struct Unsettled {
    /// Where the replaced tree is left, if it still stands.
    pub left: Option<PathBuf>,
    /// Why.
    pub why: Error,
}

impl From<replace::Unsettled> for Unsettled {
    fn from(unsettled: replace::Unsettled) -> Self {
        Self {
            left: unsettled.left,
            why: unsettled.why.into(),
        }
    }
}

/// One tree in the place of another.
#[derive(Debug)]
pub struct Replaced {
    /// By which way.
    pub way: Way,
    /// The incident snapshot of what was replaced.
    pub incident: Option<SnapshotId>,
    /// What was changed again by something else while files were replaced one by one.
    pub wrong: Vec<Wrong>,
    /// Where the replaced tree is kept.
    pub kept_old: Option<PathBuf>,
    /// What is left to do for the next command.
    pub unsettled: Option<Unsettled>,
    /// How many files were taken over from the replaced tree.
    pub reused: u64,
    /// How many files were written from the store.
    pub written: u64,
    /// Their bytes.
    pub written_bytes: u64,
    /// Files that were rewritten for their new place, and links.
    pub relocated: u64,
    /// Processes that still use the replaced tree.
    pub processes: Vec<Process>,
}

/// What a restore did.
#[derive(Debug)]
pub struct RestoreOutcome {
    /// What was restored.
    pub chosen: Chosen,
    /// A newer save of the venv that is no baseline, and so was not taken by default.
    pub passed_over: Option<Chosen>,
    /// Where.
    pub place: PathBuf,
    /// On which host.
    pub host: String,
    /// What it came to.
    pub mode: Mode,
    /// Whether anything stood there before.
    pub stood: bool,
    /// Whether the snapshot is newer than what the venv was brought to last.
    pub newer: bool,
    /// What differed before.
    pub changes: Vec<Change>,
    /// How many files and links stood there as they were saved, and named the place where the snapshot was taken.
    pub adapting: u64,
    /// What was found, in packages, with what probably did it.
    pub report: IncidentReport,
    /// Packages that stay damaged: the snapshot has another version of them, or none.
    pub left: Vec<PackageChange>,
    /// What the place does not hold of the snapshot.
    pub left_out: Vec<LeftOut>,
    /// Whether that was tried: a dry run writes nothing, and so knows only what does not depend on the place and what
    /// an earlier restore there found out.
    pub left_out_tried: bool,
    /// The names by which the snapshot calls the place where it was taken, where that is another one: its path, and
    /// those of links by which the venv was made or used.
    pub old_places: Vec<PathBuf>,
    /// What still names the place where the snapshot was taken, where that is another one and the tree was looked at.
    pub old_names: Option<OldNames>,
    /// What the store has lost of the snapshot, and so is not in the new tree.
    pub holes: Vec<Hole>,
    /// How long it took.
    pub took: Duration,
}

/// What names the old place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OldNames {
    /// Files and links in the order of their paths.
    pub found: Vec<OldName>,
    /// How many files of bytecode name it. Python puts their names right when it loads them, so they are only counted.
    pub bytecode: u64,
}

/// A file or a link that names the old place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldName {
    /// Which.
    pub path: RelPath,
    /// What it is.
    pub form: OldForm,
    /// How often it names the place.
    pub count: u64,
}

/// What names the old place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OldForm {
    /// A text.
    Text,
    /// A file that is no text.
    Binary,
    /// A symbolic link.
    Link,
}

impl OldForm {
    /// One word for people and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Link => "link",
        }
    }
}
