//! Crontabs of the system and of all users, the directories of scripts, anacron (crontab(5), cron(8), run-parts(8),
//! anacrontab(5)), and jobs of at.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::family::{is_crontab, is_part};
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
const DIRECTORIES: [(&str, &str); 5] = [
    ("/etc/cron.hourly", "hourly"),
    ("/etc/cron.daily", "daily"),
    ("/etc/cron.weekly", "weekly"),
    ("/etc/cron.monthly", "monthly"),
    ("/etc/cron.yearly", "yearly"),
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
        if is_crontab(machine, &path) {
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
    jobs.extend(anacron(machine));
    let starting = jobs.clone();
    for (dir, often) in DIRECTORIES {
        for path in machine.root.list(Path::new(dir)).unwrap_or_default() {
            if is_part(machine, &path) && machine.root.is_program(&path) {
                jobs.extend(script(
                    machine,
                    &path,
                    often,
                    by_line(machine, &starting, dir),
                ));
            }
        }
    }
    for dir in AT_JOBS {
        match machine.root.list(Path::new(dir)) {
            Ok(paths) => jobs.extend(paths.iter().filter_map(|path| at(machine, path))),
            Err(why) => unread.push(Unread::new(Path::new(dir), &why)),
        }
    }
    jobs
}

/// The line that starts the scripts of a directory. Where there are anacron and one of its lines does, that one does.
fn by_line<'j>(machine: &Machine<'_>, jobs: &'j [Job], dir: &str) -> Option<&'j Job> {
    let names = |job: &&Job| match &job.work {
        Work::Script(text, _) => text
            .split(|c: char| c.is_whitespace() || ";&|()'\"".contains(c))
            .any(|word| word.trim_end_matches('/') == dir),
        Work::Rule(..) => false,
    };
    let has_anacron = ["/usr/sbin/anacron", "/sbin/anacron"]
        .iter()
        .any(|path| machine.root.is_program(Path::new(path)));
    let mut found: Vec<&Job> = jobs.iter().filter(names).collect();
    found.sort_by_key(|job| (job.starter == Starter::Anacron) != has_anacron);
    found.first().copied()
}

/// When a line runs, and why it never does, where that is known.
fn run(machine: &Machine<'_>, fields: &[&str], zone: Option<&TimeZone>) -> (Run, Option<String>) {
    let times = Times::cron(fields);
    let zone = zone.unwrap_or(machine.zone);
    let next = times
        .as_ref()
        .and_then(|times| times.next(machine.now, zone));
    let is_never = match &times {
        Some(_) => next.is_none(),
        None => Times::is_beyond(fields),
    };
    let run = Run {
        schedule: fields.join(" "),
        next,
    };
    (run, is_never.then(|| "there is no such time".to_owned()))
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
        let last = |name: &str| {
            let mut set = variables.iter().rev();
            set.find(|(own, _)| own == name)
                .map(|(_, value)| value.as_str())
        };
        let home = last("HOME").map_or_else(|| machine.home(&who), PathBuf::from);
        let zone = last("CRON_TZ").and_then(|zone| TimeZone::get(zone).ok());
        let mut all = vec![
            ("HOME".to_owned(), home.to_string_lossy().into_owned()),
            ("LOGNAME".to_owned(), who.clone()),
            ("USER".to_owned(), who.clone()),
        ];
        all.extend(variables.iter().cloned());
        let (command, input) = command(rest);
        let start = Start {
            path: path.to_owned(),
            line: number + 1,
            cwd: home,
            variables: all,
            input,
        };
        // A dash before the first field keeps a run out of the log.
        fields[0] = fields[0].strip_prefix('-').unwrap_or(fields[0]);
        let (run, idle) = run(machine, &fields[..count], zone.as_ref());
        jobs.push(Job {
            starter: Starter::Cron,
            path: path.to_owned(),
            line: number + 1,
            user: Some(who),
            run,
            work: Work::Script(command, start),
            idle,
        });
    }
    jobs
}

/// `NAME = value`, quoted or not.
fn assignment(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim().trim_matches(['"', '\'']);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = value.trim().trim_matches(['"', '\'']);
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// The command of a line, and its input. A `%` without a backslash ends the command; in the input, each is a new line.
fn command(text: &str) -> (String, Option<String>) {
    let mut parts = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match (c, letters.peek()) {
            ('\\', Some('%')) => parts.last_mut().into_iter().for_each(|part| part.push('%')),
            ('%', _) => {
                parts.push(String::new());
                continue;
            }
            _ => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
        if c == '\\' && letters.peek() == Some(&'%') {
            letters.next();
        }
    }
    let input = (parts.len() > 1).then(|| parts[1..].join("\n"));
    (parts.swap_remove(0), input)
}

/// A script in one of the directories, which a line starts where one is known.
fn script(machine: &Machine<'_>, path: &Path, often: &str, line: Option<&Job>) -> Option<Job> {
    machine.root.text(path)?;
    let own = Job {
        starter: Starter::Cron,
        path: path.to_owned(),
        line: 1,
        user: Some("root".to_owned()),
        run: Run {
            schedule: format!("{often}, time unknown"),
            next: None,
        },
        work: Work::Script(
            path.to_string_lossy().into_owned(),
            Start {
                path: path.to_owned(),
                line: 1,
                cwd: PathBuf::from("/"),
                variables: vec![("HOME".to_owned(), "/root".to_owned())],
                input: None,
            },
        ),
        idle: None,
    };
    Some(match line {
        Some(line) => Job {
            starter: line.starter,
            path: line.path.clone(),
            line: line.line,
            run: line.run.clone(),
            idle: line.idle.clone(),
            ..own
        },
        None => own,
    })
}

fn anacron(machine: &Machine<'_>) -> Vec<Job> {
    let path = Path::new("/etc/anacrontab");
    let text = machine.root.text(path).unwrap_or_default();
    let mut variables = vec![("HOME".to_owned(), "/root".to_owned())];
    let mut jobs = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(variable) = assignment(line) {
            variables.push(variable);
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.len() < 4 || line.starts_with('#') {
            continue;
        }
        let schedule = match words[0].strip_prefix('@') {
            Some(named) => format!("{named}, time unknown"),
            None => format!("every {} days, time unknown", words[0]),
        };
        // The command begins behind the third word, with all of its blanks.
        let mut rest = line;
        for _ in 0..3 {
            rest = rest
                .split_once(|c: char| c.is_whitespace())
                .map_or("", |(_, rest)| rest.trim_start());
        }
        jobs.push(Job {
            starter: Starter::Anacron,
            path: path.to_owned(),
            line: number + 1,
            user: Some("root".to_owned()),
            run: Run {
                schedule,
                next: None,
            },
            work: Work::Script(
                rest.to_owned(),
                Start {
                    path: path.to_owned(),
                    line: number + 1,
                    cwd: PathBuf::from("/"),
                    variables: variables.clone(),
                    input: None,
                },
            ),
            idle: None,
        });
    }
    jobs
}

/// A job of at: its name has the queue, the number, and the minute at which it runs, in hex. One that runs has a `=` in
/// place of the queue.
fn at(machine: &Machine<'_>, path: &Path) -> Option<Job> {
    let name = path.file_name()?.to_str()?;
    let is_waiting = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let minutes = i64::from_str_radix(name.get(6..14).filter(|_| is_waiting)?, 16).ok()?;
    let text = machine.root.text(path)?;
    let next = Timestamp::from_second(minutes.checked_mul(60)?).ok();
    let uid = text.split_once("uid=").and_then(|(_, rest)| {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse::<u32>().ok()
    });
    Some(Job {
        starter: Starter::At,
        path: path.to_owned(),
        line: 1,
        user: uid.and_then(|uid| machine.user(uid)),
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
                input: None,
            },
        ),
        idle: None,
    })
}
