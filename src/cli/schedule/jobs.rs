//! What each job runs: the words of its commands, all paths absolute.

use std::path::PathBuf;

use crate::cli::args::Job;

/// What the jobs of a host are made of.
pub(super) struct Plan {
    /// This program.
    pub(super) program: PathBuf,
    /// The store, by its path or URL.
    pub(super) store: PathBuf,
    pub(super) is_bucket: bool,
    /// The rules of the guard.
    pub(super) config: PathBuf,
    /// The venvs that the store knows and an audit can look at: a checker that may only read cannot ask it.
    pub(super) venvs: Vec<PathBuf>,
    pub(super) is_root: bool,
}

impl Job {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Save => "save",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::Forget => "forget",
            Self::Drill => "drill",
            Self::Watch => "watch",
        }
    }

    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Save => "Save the Python venvs that changed",
            Self::Check => "Audit the Python venvs",
            Self::Verify => "Read back a tenth of the store of Python venvs",
            Self::Forget => "Forget old snapshots of Python venvs",
            Self::Drill => "Prove that saved Python venvs can be brought back",
            Self::Watch => "Guard the Python venvs",
        }
    }

    /// When, as systemd says it (systemd.time(7)) and as cron does (crontab(5)); none for what always runs. Where
    /// summer begins, the clock jumps over an hour before four, and a timer of systemd leaves out that day. They are
    /// further apart than a timer may be late (`RandomizedDelaySec`).
    pub(super) fn when(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Save => Some(("*-*-* 04:10:00", "10 4 * * *")),
            Self::Check => Some(("*-*-* 05:20:00", "20 5 * * *")),
            Self::Verify => Some(("*-*-* 06:30:00", "30 6 * * *")),
            Self::Forget => Some(("Sun *-*-* 07:40:00", "40 7 * * 0")),
            Self::Drill => Some(("*-*-01 08:50:00", "50 8 1 * *")),
            Self::Watch => None,
        }
    }
}

impl Plan {
    /// The file of variables for a store in a bucket, which people write: a line `NAME=value` for each.
    pub(super) fn variables(&self, config_home: &str) -> String {
        let dir = if self.is_root { "/etc" } else { config_home };
        format!("{dir}/venv-snap/environment")
    }

    /// The commands of a job, one after the other, each as its words.
    pub(super) fn commands(&self, job: Job) -> Vec<Vec<String>> {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let own = |words: &[&str]| {
            let all = [text(&self.program), "--store".to_owned(), text(&self.store)];
            let words = words.iter().map(|word| (*word).to_owned());
            all.into_iter().chain(words).collect::<Vec<String>>()
        };
        match job {
            Job::Save => vec![own(&["save", "--all", "--if-changed"])],
            Job::Check if self.is_root && !self.is_bucket && !self.venvs.is_empty() => {
                let mut words = own(&["check", "--"]);
                words.extend(self.venvs.iter().map(text));
                vec![words]
            }
            Job::Check => vec![own(&["check", "--all"])],
            Job::Verify => vec![own(&["verify", "--sample", "10%"])],
            Job::Forget => {
                let policy = [
                    "forget",
                    "--keep-daily",
                    "7",
                    "--keep-weekly",
                    "5",
                    "--keep-monthly",
                    "12",
                ];
                let forget = own(&policy);
                // In a bucket only the host that owns its space may prune.
                if self.is_bucket {
                    vec![forget]
                } else {
                    vec![forget, own(&["prune"])]
                }
            }
            Job::Drill => vec![own(&["drill", "--all"])],
            Job::Watch => vec![own(&["watch", "--config", &text(&self.config)])],
        }
    }

    /// Whether a job of root may run without root: its command names the venvs, so it need not read the store.
    pub(super) fn only_reads(&self, job: Job) -> bool {
        job == Job::Check && self.is_root && !self.is_bucket && !self.venvs.is_empty()
    }
}
