//! The flags of `save`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use venv_snap::model::Label;

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Save {
    /// The venv, or several [default: the active one, else the nearest .venv or venv]
    #[arg(value_name = "VENV", value_hint = ValueHint::DirPath)]
    pub(crate) venvs: Vec<PathBuf>,
    /// All venvs of this host that the store knows
    #[arg(long, conflicts_with = "venvs")]
    pub(crate) all: bool,
    /// A name to find it by: @LABEL; many snapshots may carry the same one
    #[arg(short, long)]
    pub(crate) label: Option<Label>,
    /// What several hosts have in common: @ROLE means its newest baseline, whoever saved that
    #[arg(long)]
    pub(crate) role: Option<Label>,
    /// Free text
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// Keep it for ever
    #[arg(long)]
    pub(crate) pin: bool,
    /// Save it even if it is damaged, cannot be read or never holds still; it is no baseline then
    #[arg(long)]
    pub(crate) force: bool,
    /// Save what links into an installer's cache lead to as files, so that a restore stands alone
    #[arg(long)]
    pub(crate) follow: bool,
    /// Make no snapshot where nothing changed since the newest save (bytecode and times do not count)
    #[arg(long)]
    pub(crate) if_changed: bool,
    /// Take a directory that is no venv: an environment of conda, what 'pip install --target' filled, modules of npm,
    /// or any other; later saves of it need no flag
    #[arg(long)]
    pub(crate) any: bool,
    /// Read every file, also those whose times say that they did not change
    #[arg(long)]
    pub(crate) read_all: bool,
}
