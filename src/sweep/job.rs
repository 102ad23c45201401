//! What runs by itself on a machine, and when: the noun that the readers of schedules make.

use std::path::PathBuf;

use jiff::Timestamp;

use super::removal::Removal;
use super::script::Start;

/// By what a job is started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Starter {
    /// A line of a crontab, or a script in a directory of cron.
    Cron,
    /// A line of anacrontab.
    Anacron,
    /// A timer of systemd.
    Timer,
    /// A change of a file, by a path unit of systemd.
    Path,
    /// The start of the machine, or of what a user has running.
    Boot,
    /// A rule of systemd-tmpfiles.
    Tmpfiles,
    /// A rule of logrotate.
    Logrotate,
    /// A job of at.
    At,
    /// A script that a person named, whoever starts it.
    Named,
}

impl Starter {
    /// The word that JSON has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cron => "cron",
            Self::Anacron => "anacron",
            Self::Timer => "timer",
            Self::Path => "path",
            Self::Boot => "boot",
            Self::Tmpfiles => "tmpfiles",
            Self::Logrotate => "logrotate",
            Self::At => "at",
            Self::Named => "named",
        }
    }
}

/// When a job runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// As the schedule says: `0 3 * * *`, `daily`.
    pub schedule: String,
    /// The next time; none where that cannot be told.
    pub next: Option<Timestamp>,
}

/// One job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) starter: Starter,
    /// The schedule that starts it.
    pub(super) path: PathBuf,
    /// The line there, from 1.
    pub(super) line: usize,
    /// Whose rights it has; none where that is not said.
    pub(super) user: Option<String>,
    pub(super) run: Run,
    pub(super) work: Work,
    /// Why it does not run by itself, where it does not.
    pub(super) idle: Option<String>,
}

/// What a job does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Commands of a shell.
    Script(String, Start),
    /// A removal that a rule states, in the words of the rule.
    Rule(String, Removal),
}
