//! The flags of `rebuild`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Rebuild {
    /// The venv; of it may be left as little as pyvenv.cfg
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
    /// What tells which packages belong there: a snapshot, a requirements file, or a lock (pylock.toml, uv.lock,
    /// poetry.lock, pdm.lock) [default: the newest baseline, else what METADATA and RECORD of the broken venv still
    /// tell]
    #[arg(long, value_name = "SNAPSHOT|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) from: Option<PathBuf>,
    /// A requirement, as pip takes one, that the new venv meets beside these, or in place of one of them; may be given
    /// several times
    #[arg(long, value_name = "REQUIREMENT")]
    pub(crate) with: Vec<String>,
    /// Fetch every package anew, also those whose every file RECORD proves
    #[arg(long)]
    pub(crate) all: bool,
    /// A directory of wheels and source archives in which the installer looks as well; may be given several times
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) find_links: Vec<PathBuf>,
    /// Ask no index: only what RECORD proves and what lies in --find-links
    #[arg(long)]
    pub(crate) offline: bool,
    /// Build the new venv there, where nothing is, and leave VENV as it is
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) to: Option<PathBuf>,
    /// Who installs [default: uv if it made the venv and is there, else the pip that the interpreter brings]
    #[arg(long, value_enum)]
    pub(crate) installer: Option<By>,
    /// The interpreter [default: the one that pyvenv.cfg names]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::ExecutablePath)]
    pub(crate) python: Option<PathBuf>,
    /// Change nothing, show the plan
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Put the new venv in place although its audit found damage, or it lacks modules of which nothing tells what
    /// brought them
    #[arg(long)]
    pub(crate) force: bool,
    /// Go on without a question where something is lost that no snapshot keeps
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
}

/// Who installs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum By {
    /// The pip that the interpreter brings
    Pip,
    /// uv
    Uv,
}
