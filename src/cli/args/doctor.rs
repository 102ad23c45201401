//! The flags of `doctor`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Venvs, or other directories that must stay whole [default: the active venv, or '.venv' or 'venv' here or above]
    #[arg(value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// A script, or a directory of them, that somebody starts, such as a deploy; may be given more than once
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) look_in: Vec<PathBuf>,
    /// Look at the schedules and the state of the machine below this directory, such as a container's
    #[arg(long, value_name = "DIR", default_value = "/", value_hint = ValueHint::DirPath)]
    pub(crate) root: PathBuf,
}
