//! The flags of `watch`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The rules [default: /etc/venv-snap/watch.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Only tell whether the rules can be understood, and what they say
    #[arg(long)]
    pub(crate) check_config: bool,
    /// One round: look, ask, heal what may be healed, tell how everything stands
    #[arg(long, conflicts_with = "check_config")]
    pub(crate) once: bool,
    /// Change nothing, tell nobody, remember nothing; show what would be done
    #[arg(short = 'n', long, conflicts_with = "check_config")]
    pub(crate) dry_run: bool,
}
