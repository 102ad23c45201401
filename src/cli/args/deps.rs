//! The flags of `deps`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Deps {
    /// The venv, then files and directories of the application, or a module with which it starts as 'module:attribute'
    /// [default: the active venv, or '.venv' or 'venv' here or above, and the project around it]
    #[arg(value_name = "VENV] [APP", value_hint = ValueHint::AnyPath)]
    pub(crate) named: Vec<PathBuf>,
    /// More rules of what frameworks want at run time, in the form of those that come along
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rules: Vec<PathBuf>,
}
