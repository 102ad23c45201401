//! The flags of `diff`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::Of;

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Diff {
    /// A venv and a snapshot, or two snapshots. An id of 4 or more hex digits, 'latest', 'latest~N' and '@label' are
    /// snapshots, all else is a path; write ./NAME for a path of such a form [default: the venv around against its
    /// newest baseline]
    #[arg(value_name = "VENV|SNAPSHOT", value_hint = ValueHint::DirPath)]
    pub(crate) sides: Vec<PathBuf>,
    /// Several venvs, each against its own newest baseline
    #[arg(long, conflicts_with_all = ["all", "venv"])]
    pub(crate) each: bool,
    /// All venvs of this host that the store knows, each against its own newest baseline
    #[arg(long, conflicts_with_all = ["sides", "venv"])]
    pub(crate) all: bool,
    /// Trust size and times of files that the last save saw, instead of reading every byte
    #[arg(long)]
    pub(crate) quick: bool,
    /// Count what differs for each package, instead of naming every file
    #[arg(long)]
    pub(crate) stat: bool,
    #[command(flatten)]
    pub(crate) of: Of,
}
