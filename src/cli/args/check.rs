//! The flags of `check`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The venv [default: the active one, else the nearest .venv or venv]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
    /// Also import every top-level module with the venv's own interpreter; this runs code of the venv
    #[arg(long)]
    pub(crate) import: bool,
    /// Compare all bytecode with what its source compiles to, not only what is suspect; this runs no code of the venv
    #[arg(long)]
    pub(crate) compile: bool,
    /// End with 1 for any notice as well, unless it is accepted
    #[arg(long)]
    pub(crate) strict: bool,
}
