//! Who sweeps on a machine: what runs by itself and would remove files of a venv. Schedules and scripts are read and
//! followed, nothing is run, and nothing is changed.
//!
//! `cron.rs`, `timers.rs` (by `units.rs`), `tmpfiles.rs` and `logrotate.rs` find jobs; `exec_line.rs` writes a command
//! of a unit as one of a shell, `shell.rs` splits their scripts and `script/` follows them;
//! `find/`, `removal.rs` and `programs.rs` know what a command would take of `target.rs`. `started.rs` and
//! `services.rs` tell what a machine starts, for who asks what uses a venv.

mod cron;
mod exec_line;
mod find;
mod glob;
mod job;
mod logrotate;
mod programs;
mod removal;
mod root;
mod script;
mod services;
mod shell;
mod specifiers;
mod started;
mod target;
mod timers;
mod times;
mod tmpfiles;
mod units;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use job::{Run, Starter};
pub(crate) use root::Root;
pub use started::StartedBy;
pub(crate) use target::Venv;

use job::{Job, Work};
use script::Start;

/// So many seconds after now, which are a hundred years, everything is old.
const LATER_SECONDS: i64 = 100 * 365 * 86_400;
/// So many of the files that a sweeper takes are told.
const SAMPLE: usize = 5;

/// A machine at a time.
pub(crate) struct Machine<'a> {
    pub(crate) root: &'a Root,
    pub(crate) now: Timestamp,
    pub(crate) zone: &'a TimeZone,
    users: Vec<(String, PathBuf)>,
}

/// Something that would remove files of a venv.
#[derive(Clone, Debug)]
pub struct Sweeper {
    /// Of which venv.
    pub venv: PathBuf,
    /// By what it is started.
    pub starter: Starter,
    /// The schedule that starts it.
    pub schedule: PathBuf,
    /// The line there, from 1.
    pub schedule_line: usize,
    /// The file in which the command stands.
    pub path: PathBuf,
    /// The line there, from 1.
    pub line: usize,
    /// The command, as it is understood.
    pub command: String,
    /// Whose rights it has; none where that is not said.
    pub user: Option<String>,
    /// When.
    pub run: Run,
    /// How many files it would take when it runs next.
    pub takes: usize,
    /// How many it would take at some time, once they are old enough.
    pub takes_later: usize,
    /// The first of these.
    pub sample: Vec<PathBuf>,
    /// Why it does not run by itself, where it does not.
    pub idle: Option<String>,
}

/// Something that may remove files and cannot be understood.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unread {
    /// The file.
    pub path: PathBuf,
    /// The line there, from 1; 0 where the whole is meant.
    pub line: usize,
    /// Why.
    pub why: String,
}

impl Unread {
    fn new(path: &Path, why: &str) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            why: format!("cannot be read: {why}"),
        }
    }
}

/// All who sweep.
#[derive(Clone, Debug, Default)]
pub struct Sweepers {
    /// Those that would take files of a venv.
    pub found: Vec<Sweeper>,
    /// What cannot be understood.
    pub unread: Vec<Unread>,
    /// How many jobs were looked at.
    pub jobs: usize,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(root: &'a Root, now: Timestamp, zone: &'a TimeZone) -> Self {
        let text = root.text(Path::new("/etc/passwd")).unwrap_or_default();
        let user = |line: &str| {
            let parts: Vec<&str> = line.split(':').collect();
            Some(((*parts.first()?).to_owned(), PathBuf::from(parts.get(5)?)))
        };
        Self {
            root,
            now,
            zone,
            users: text.lines().filter_map(user).collect(),
        }
    }

    /// The home of a user, and the usual place where the machine does not know the user.
    fn home(&self, name: &str) -> PathBuf {
        let known = self.users.iter().find(|(user, _)| user == name);
        known.map_or_else(
            || {
                if name == "root" {
                    PathBuf::from("/root")
                } else {
                    PathBuf::from("/home").join(name)
                }
            },
            |(_, home)| home.clone(),
        )
    }

    /// Users with a home of their own.
    fn people(&self) -> impl Iterator<Item = (&str, &Path)> {
        let all = self.users.iter();
        all.map(|(name, home)| (name.as_str(), home.as_path()))
            .filter(|(_, home)| *home != Path::new("/"))
    }

    /// Who sweeps in these venvs. `scripts` are scripts, and directories of them, that somebody starts.
    pub(crate) fn sweepers(&self, venvs: &[Venv], scripts: &[PathBuf]) -> Sweepers {
        let mut all = Sweepers::default();
        let mut jobs = cron::jobs(self, &mut all.unread);
        jobs.extend(timers::timers(self));
        jobs.extend(tmpfiles::tmpfiles(self));
        jobs.extend(logrotate::jobs(self));
        jobs.extend(scripts.iter().flat_map(|path| self.named(path)));
        all.jobs = jobs.len();
        for job in &jobs {
            self.judge(job, venvs, &mut all);
        }
        all.unread.sort();
        all.unread.dedup();
        all
    }

    /// A script that was named, or those in a directory.
    fn named(&self, path: &Path) -> Vec<Job> {
        let inner = self.root.list(path).unwrap_or_default();
        if !inner.is_empty() {
            return inner.iter().flat_map(|path| self.named(path)).collect();
        }
        let is_text = self
            .root
            .text(path)
            .is_some_and(|text| !text.contains('\0'));
        let job = Job {
            starter: Starter::Named,
            path: path.to_owned(),
            line: 1,
            user: None,
            run: Run {
                schedule: "whenever somebody starts it".to_owned(),
                next: None,
            },
            work: Work::Script(
                format!("'{}'", path.display()),
                Start {
                    path: path.to_owned(),
                    line: 1,
                    cwd: path.parent().unwrap_or(Path::new("/")).to_owned(),
                    variables: Vec::new(),
                },
            ),
            idle: None,
        };
        is_text.then_some(job).into_iter().collect()
    }

    fn judge(&self, job: &Job, venvs: &[Venv], all: &mut Sweepers) {
        let rule;
        let read = match &job.work {
            Work::Script(text, start) => {
                let read = script::read(self.root, text, start);
                if job.idle.is_none() {
                    let riddles = read.riddles.into_iter();
                    all.unread.extend(riddles.map(|riddle| Unread {
                        path: riddle.path,
                        line: riddle.line,
                        why: riddle.why,
                    }));
                }
                read.steps
            }
            Work::Rule(text, removal) => {
                rule = script::Step {
                    path: job.path.clone(),
                    line: job.line,
                    command: text.clone(),
                    removal: removal.clone(),
                };
                vec![rule]
            }
        };
        let now = self.now.as_second();
        let next = job.run.next.map_or(now, |next| next.as_second().max(now));
        for step in &read {
            for venv in venvs {
                let later = step.removal.takes(venv, next + LATER_SECONDS);
                let then = step.removal.takes(venv, next);
                let (later, then) = (venv.lost(&later), venv.lost(&then));
                if later.is_empty() && then.is_empty() {
                    continue;
                }
                let some = if then.is_empty() { &later } else { &then };
                all.found.push(Sweeper {
                    venv: venv.path.clone(),
                    starter: job.starter,
                    schedule: job.path.clone(),
                    schedule_line: job.line,
                    path: step.path.clone(),
                    line: step.line,
                    command: step.command.clone(),
                    user: job.user.clone(),
                    run: job.run.clone(),
                    takes: then.len(),
                    takes_later: later.len().max(then.len()),
                    sample: some
                        .iter()
                        .take(SAMPLE)
                        .map(|path| (*path).to_owned())
                        .collect(),
                    idle: job.idle.clone(),
                });
            }
        }
    }
}
