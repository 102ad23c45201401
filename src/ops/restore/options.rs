//! What a restore is told.

use std::path::PathBuf;

use crate::model::{SnapshotRef, VenvId};
use crate::ops::chosen::Chosen;
use crate::ops::error::Error;
use crate::tree::{Site, Standing};

/// What a restore is told.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct RestoreOptions {
    /// Which snapshot; the newest baseline of the venv otherwise.
    pub snapshot: Option<SnapshotRef>,
    /// Build the tree there instead, where nothing is yet.
    pub to: Option<Site>,
    /// Put a snapshot of another venv in place of this one.
    pub from_other: bool,
    /// Keep every byte, also where a file names the old place.
    pub exact: bool,
    /// Which part of the snapshot is restored.
    pub part: Part,
    /// Change nothing, tell what would be done.
    pub dry_run: bool,
    /// Share no file with the tree that is replaced.
    pub copy: bool,
    /// Keep the replaced tree beside the venv.
    pub keep_old: bool,
    /// Swap even if nothing differs.
    pub force: bool,
    /// Also restore FIFOs, devices, set-user-id bits and file capabilities.
    pub preserve_special: bool,
    /// Leave out what the store has lost, instead of refusing.
    pub partial: bool,
    /// Go on though something is lost that no snapshot keeps.
    pub yes: bool,
    /// Caches of installers, in which other names of damaged files are looked for.
    pub caches: Vec<PathBuf>,
}

/// Which part of a snapshot is restored. All else stays as it is in the live tree.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// These distributions, and paths that match these patterns.
    Only(Vec<String>),
    /// What is damaged; drift is left alone.
    Heal,
}

impl Part {
    /// Whether all of the snapshot is restored.
    pub(super) fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// The flags that narrow what is restored, as a person writes them; empty where they do not.
    pub(super) fn flags(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Only(names) => {
                let names = names.iter().map(|name| format!("--only {name}"));
                names.collect::<Vec<_>>().join(" ")
            }
            Self::Heal => "--heal".to_owned(),
        }
    }
}

impl RestoreOptions {
    /// Refuses a snapshot of another venv that would replace `venv`, which stands at a place, unless that was said.
    pub(super) fn admits(&self, chosen: &Chosen, venv: VenvId, place: &Site) -> Result<(), Error> {
        let is_said = self.to.is_some() || self.from_other || self.dry_run;
        // Where nothing stands, nothing is replaced by another.
        if is_said || chosen.snapshot.venv == venv || place.standing() == Standing::Nothing {
            return Ok(());
        }
        let (id, of) = (chosen.id, Box::new(chosen.snapshot.venv.clone()));
        let venv = Box::new(venv);
        Err(Error::OtherVenv { id, of, venv })
    }
}
