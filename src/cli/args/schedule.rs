//! The flags of `schedule`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Schedule {
    /// Which jobs [default: all, and watch where its rules are there]
    #[arg(value_enum)]
    pub(crate) jobs: Vec<Job>,
    /// Write the files, and have systemd start the timers; what is there as it shall be stays as it is
    #[arg(long)]
    pub(crate) install: bool,
    /// Stop the timers, and remove every file that an install wrote
    #[arg(long, conflicts_with_all = ["install", "jobs"])]
    pub(crate) remove: bool,
    /// Only show the files, which is what happens where nothing else is asked for
    #[arg(long, conflicts_with_all = ["install", "remove"])]
    pub(crate) print: bool,
    /// Lines for cron instead of units for systemd
    #[arg(long)]
    pub(crate) cron: bool,
    /// The directory of the files; then systemd is told nothing [default: where systemd or cron looks for them]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) into: Option<PathBuf>,
    /// The rules of the guard [default: /etc/venv-snap/watch.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
}

/// What runs by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Job {
    /// Every day: saves all venvs that changed
    Save,
    /// Every day: audits all venvs, as a user who may only read
    Check,
    /// Every day: reads a tenth of the store back
    Verify,
    /// Every week: forgets old snapshots, and frees their space
    Forget,
    /// Every month: proves that baselines can be brought back
    Drill,
    /// Always: the guard
    Watch,
}
