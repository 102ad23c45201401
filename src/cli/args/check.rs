//! The flags of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use venv_snap::model::Severity;

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Check {
    /// The venv, or several [default: the active one, else the nearest .venv or venv]
    #[arg(value_name = "VENV", value_hint = ValueHint::DirPath)]
    pub(crate) venvs: Vec<PathBuf>,
    /// All venvs of this host that the store knows
    #[arg(long, conflicts_with = "venvs")]
    pub(crate) all: bool,
    /// Also import every top-level module with the venv's own interpreter; this runs code of the venv
    #[arg(long)]
    pub(crate) import: bool,
    /// Compare all bytecode with what its source compiles to, not only what is suspect; this runs no code of the venv
    #[arg(long)]
    pub(crate) compile: bool,
    /// End with 1 from which findings on, unless they are accepted: only damage, also what was changed since it was
    /// installed (drift), or any notice
    #[arg(long, value_name = "LEAST", value_enum, default_value = "damage")]
    pub(crate) fail_on: FailOn,
    /// The same as --fail-on notice
    #[arg(long, conflicts_with = "fail_on")]
    pub(crate) strict: bool,
}

impl Check {
    /// The least that counts.
    pub(crate) fn least(&self) -> Severity {
        match self.fail_on {
            _ if self.strict => Severity::Notice,
            FailOn::Damage => Severity::Damage,
            FailOn::Drift => Severity::Drift,
            FailOn::Notice => Severity::Notice,
        }
    }
}

/// From which findings on a check ends with 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum FailOn {
    /// What is broken, or gone that the venv uses
    Damage,
    /// Also what somebody changed since it was installed
    Drift,
    /// Also what is worth to be known and breaks nothing, such as a requirement that is not met
    Notice,
}
