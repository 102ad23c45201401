//! The flags of `drill`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// Venvs; may be gone [default: all of this host that the store knows]
    #[arg(value_name = "VENV", value_hint = ValueHint::DirPath)]
    pub(crate) venvs: Vec<PathBuf>,
    /// All venvs of this host that the store knows, as where none is named
    #[arg(long, conflicts_with = "venvs")]
    pub(crate) all: bool,
    /// The directory in which they are restored, one after the other [default: $TMPDIR, else /var/tmp]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) into: Option<PathBuf>,
    /// Import nothing, and so run no code of the venv
    #[arg(long)]
    pub(crate) no_import: bool,
}
