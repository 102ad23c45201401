//! The flags of `status`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Venvs [default: all of this host that the store knows]
    #[arg(value_name = "VENV", value_hint = ValueHint::DirPath)]
    pub(crate) venvs: Vec<PathBuf>,
    /// Look anew for venvs where people keep them, also for those that were never saved
    #[arg(long, conflicts_with = "venvs")]
    pub(crate) discover: bool,
    /// Read every byte, also of files whose times say that they did not change
    #[arg(long)]
    pub(crate) full: bool,
    /// Answer with one line as Nagios reads it, and end with its codes: 0 ok, 1 warning, 2 critical, 3 unknown
    #[arg(long, conflicts_with = "json")]
    pub(crate) nagios: bool,
    /// Also write metrics into this file, in one step, for the textfile collector of Prometheus
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) prometheus: Option<PathBuf>,
    /// Also write a page to look at into this file, in one step; '-' writes it in place of the answer
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) html: Option<PathBuf>,
}
