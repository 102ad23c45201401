//! Who sweeps on a machine: what runs by itself and would remove files of a venv. Schedules and scripts are read and
//! followed, nothing is run, and nothing is changed.
//!
//! `cron.rs` (by the names that `family.rs` knows), `timers.rs` and `boot.rs` (by `units.rs`), `tmpfiles.rs` and
//! `logrotate.rs` find jobs; `orders.rs` tells what a service does, `rotations.rs` what rules of logrotate do, and
//! `makefile.rs` those of make; `exec_line.rs` writes a command of a unit as one of a shell, `shell/` reads scripts and
//! `script/` follows them; `programs/`, `find/`, `work_tree.rs` (git) and `removal.rs` know what a command would take
//! of `target.rs`, and `judge.rs` asks that for each job.
//! `started.rs` and `services.rs` tell what a machine starts, for who asks what uses a venv.

mod boot;
mod cron;
mod exec_line;
mod family;
mod find;
mod glob;
mod job;
mod judge;
mod links;
mod logrotate;
mod makefile;
mod options;
mod orders;
mod programs;
mod quotes;
mod regexes;
mod removal;
mod root;
mod rotations;
mod script;
mod services;
mod shell;
mod specifiers;
mod started;
mod target;
mod time_field;
mod timers;
mod times;
mod tmpfiles;
mod units;
mod work_tree;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use job::{Run, Starter};
pub(crate) use root::Root;
pub use started::StartedBy;
pub(crate) use target::Venv;

use job::{Job, Work};
use judge::judge;
use script::Start;

/// A machine at a time.
pub(crate) struct Machine<'a> {
    pub(crate) root: &'a Root,
    pub(crate) now: Timestamp,
    pub(crate) zone: &'a TimeZone,
    users: Vec<User>,
    /// Whether its cron is cronie.
    has_cronie: bool,
}

/// Somebody who has an account.
struct User {
    name: String,
    uid: Option<u32>,
    home: PathBuf,
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
    /// Why nothing starts it, where nothing does.
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
    /// Those that would as well, and that nothing starts.
    pub idle: Vec<Sweeper>,
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
            Some(User {
                name: (*parts.first()?).to_owned(),
                uid: parts.get(2).and_then(|uid| uid.parse().ok()),
                home: PathBuf::from(parts.get(5)?),
            })
        };
        Self {
            root,
            now,
            zone,
            users: text.lines().filter_map(user).collect(),
            has_cronie: family::has_cronie(root),
        }
    }

    /// The home of a user, and the usual place where the machine does not know the user.
    fn home(&self, name: &str) -> PathBuf {
        let known = self.users.iter().find(|user| user.name == name);
        known.map_or_else(
            || {
                if name == "root" {
                    PathBuf::from("/root")
                } else {
                    PathBuf::from("/home").join(name)
                }
            },
            |user| user.home.clone(),
        )
    }

    /// Users with a home of their own.
    fn people(&self) -> impl Iterator<Item = (&str, &Path)> {
        let all = self.users.iter();
        all.map(|user| (user.name.as_str(), user.home.as_path()))
            .filter(|(_, home)| *home != Path::new("/"))
    }

    fn uid(&self, name: &str) -> Option<u32> {
        self.users.iter().find(|user| user.name == name)?.uid
    }

    /// The user of a number.
    fn user(&self, uid: u32) -> Option<String> {
        let user = self.users.iter().find(|user| user.uid == Some(uid))?;
        Some(user.name.clone())
    }

    fn uids(&self) -> impl Iterator<Item = u32> {
        self.users.iter().filter_map(|user| user.uid)
    }

    /// All groups with their numbers.
    fn groups(&self) -> Vec<(String, u32)> {
        let text = self.root.text(Path::new("/etc/group")).unwrap_or_default();
        let group = |line: &str| {
            let mut parts = line.split(':');
            let name = parts.next()?.to_owned();
            Some((name, parts.nth(1)?.parse().ok()?))
        };
        text.lines().filter_map(group).collect()
    }

    /// Who sweeps in these venvs. `scripts` are scripts, and directories of them, that somebody starts.
    pub(crate) fn sweepers(&self, venvs: &[Venv], scripts: &[PathBuf]) -> Sweepers {
        let mut all = Sweepers::default();
        let mut jobs = cron::jobs(self, &mut all.unread);
        jobs.extend(timers::timers(self));
        jobs.extend(boot::jobs(self));
        jobs.extend(tmpfiles::tmpfiles(self));
        jobs.extend(logrotate::jobs(self, &jobs));
        jobs.extend(scripts.iter().flat_map(|path| self.named(path)));
        all.jobs = jobs.len();
        for job in &jobs {
            judge(self, job, venvs, &mut all);
        }
        all.only_once();
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
                    input: None,
                },
            ),
            idle: None,
        };
        is_text.then_some(job).into_iter().collect()
    }
}
