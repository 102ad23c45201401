//! Crontabs of the system and of all users, the directories of scripts, anacron (crontab(5), cron(8), run-parts(8),
//! anacrontab(5)), and jobs of at.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::job::{Job, Run, Starter, Work};
use super::script::Start;
use super::times::Times;
use super::{Machine, Unread};

/// Where each user has a crontab, named after the user.
const SPOOLS: [&str; 4] = [
    "/var/spool/cron/crontabs",
    "/var/spool/cron",
    "/var/spool/cron/tabs",
    "/var/cron/tabs",
];
/// Directories of scripts that run regularly, with the word for how often.
const DIRECTORIES: [(&str, &str); 4] = [
    ("/etc/cron.hourly", "@hourly"),
    ("/etc/cron.daily", "@daily"),
    ("/etc/cron.weekly", "@weekly"),
    ("/etc/cron.monthly", "@monthly"),
];
/// Where jobs of at wait.
const AT_JOBS: [&str; 2] = ["/var/spool/cron/atjobs", "/var/spool/at"];

/// All jobs of cron, anacron and at.
pub(super) fn jobs(machine: &Machine<'_>, unread: &mut Vec<Unread>) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut table =
        |path: &Path, user: Option<String>, jobs: &mut Vec<Job>| match machine.root.read(path) {
            Ok(Some(text)) => jobs.extend(lines(machine, path, &text, user.as_deref())),
            Ok(None) => {}
            Err(why) => unread.push(Unread::new(path, &why)),
        };
    table(Path::new("/etc/crontab"), None, &mut jobs);
    for path in machine
        .root
        .list(Path::new("/etc/cron.d"))
        .unwrap_or_default()
    {
        if is_run(&path) {
            table(&path, None, &mut jobs);
        }
    }
    let mut closed = Vec::new();
    for spool in SPOOLS {
        match machine.root.list(Path::new(spool)) {
            Ok(paths) => {
                for path in paths {
                    let user = path
                        .file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into_owned();
                    table(&path, Some(user), &mut jobs);
                }
            }
            Err(why) => closed.push(Unread::new(Path::new(spool), &why)),
        }
    }
    unread.extend(closed);
    for (dir, often) in DIRECTORIES {
        for path in machine.root.list(Path::new(dir)).unwrap_or_default() {
            if is_run(&path) && machine.root.is_program(&path) {
                jobs.extend(script(machine, &path, often));
            }
        }
    }
    jobs.extend(anacron(machine));
    for dir in AT_JOBS {
        match machine.root.list(Path::new(dir)) {
            Ok(paths) => jobs.extend(paths.iter().filter_map(|path| at(machine, path))),
            Err(why) => unread.push(Unread::new(Path::new(dir), &why)),
        }
    }
    jobs
}

/// Whether cron takes a file of this name.
fn is_run(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn run(machine: &Machine<'_>, schedule: &str, fields: &[&str]) -> Run {
    let times = Times::cron(fields);
    Run {
        schedule: schedule.to_owned(),
        next: times.and_then(|times| times.next(machine.now, machine.zone)),
    }
}

/// The lines of a crontab; `user` is whose it is, none where each line says so.
fn lines(machine: &Machine<'_>, path: &Path, text: &str, user: Option<&str>) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut variables: Vec<(String, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = assignment(line) {
            variables.push((name, value));
            continue;
        }
        let count = if line.starts_with('@') { 1 } else { 5 };
        let mut rest = line;
        let mut fields = Vec::new();
        for _ in 0..count + usize::from(user.is_none()) {
            let Some((field, more)) = rest.split_once(|c: char| c.is_whitespace()) else {
                break;
            };
            fields.push(field);
            rest = more.trim_start();
        }
        if fields.len() < count + usize::from(user.is_none()) {
            continue;
        }
        let who = user.map_or_else(|| fields[count].to_owned(), str::to_owned);
        let who = who.split(':').next().unwrap_or_default().to_owned();
        let home = machine.home(&who);
        let mut all = vec![
            ("HOME".to_owned(), home.to_string_lossy().into_owned()),
            ("LOGNAME".to_owned(), who.clone()),
        ];
        all.extend(variables.iter().cloned());
        let start = Start {
            path: path.to_owned(),
            line: number + 1,
            cwd: home,
            variables: all,
        };
        jobs.push(Job {
            starter: Starter::Cron,
            path: path.to_owned(),
            line: number + 1,
            user: Some(who),
            run: run(machine, &fields[..count].join(" "), &fields[..count]),
            work: Work::Script(command(rest), start),
            idle: None,
        });
    }
    jobs
}

/// `NAME = value`, quoted or not.
fn assignment(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = value.trim().trim_matches(['"', '\'']);
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// The command of a line. A `%` without a backslash ends the command, and what follows is its input.
fn command(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match (c, letters.peek()) {
            ('\\', Some('%')) => out.extend(letters.next()),
            ('%', _) => break,
            _ => out.push(c),
        }
    }
    out
}

/// A script in one of the directories.
fn script(machine: &Machine<'_>, path: &Path, often: &str) -> Option<Job> {
    machine.root.text(path)?;
    Some(Job {
        starter: Starter::Cron,
        path: path.to_owned(),
        line: 1,
        user: Some("root".to_owned()),
        run: run(machine, often, &[often]),
        work: Work::Script(
            path.to_string_lossy().into_owned(),
            Start {
                path: path.to_owned(),
                line: 1,
                cwd: PathBuf::from("/"),
                variables: vec![("HOME".to_owned(), "/root".to_owned())],
            },
        ),
        idle: None,
    })
}

fn anacron(machine: &Machine<'_>) -> Vec<Job> {
    let path = Path::new("/etc/anacrontab");
    let text = machine.root.text(path).unwrap_or_default();
    let job = |(number, line): (usize, &str)| {
        let line = line.trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_job = words.len() >= 4 && !line.starts_with('#') && assignment(line).is_none();
        let command = is_job.then(|| words[3..].join(" "))?;
        Some(Job {
            starter: Starter::Anacron,
            path: path.to_owned(),
            line: number + 1,
            user: Some("root".to_owned()),
            run: Run {
                schedule: format!("every {} days", words[0].trim_start_matches('@')),
                next: None,
            },
            work: Work::Script(
                command,
                Start {
                    path: path.to_owned(),
                    line: number + 1,
                    cwd: PathBuf::from("/"),
                    variables: vec![("HOME".to_owned(), "/root".to_owned())],
                },
            ),
            idle: None,
        })
    };
    text.lines().enumerate().filter_map(job).collect()
}

/// A job of at: its name has the queue, the number, and the minute at which it runs, in hex.
fn at(machine: &Machine<'_>, path: &Path) -> Option<Job> {
    let name = path.file_name()?.to_str()?;
    let minutes = i64::from_str_radix(name.get(6..14)?, 16).ok()?;
    let text = machine.root.text(path)?;
    let next = Timestamp::from_second(minutes.checked_mul(60)?).ok();
    Some(Job {
        starter: Starter::At,
        path: path.to_owned(),
        line: 1,
        user: None,
        run: Run {
            schedule: "once".to_owned(),
            next,
        },
        work: Work::Script(
            text,
            Start {
                path: path.to_owned(),
                line: 1,
                cwd: PathBuf::from("/"),
                variables: Vec::new(),
            },
        ),
        idle: None,
    })
}
