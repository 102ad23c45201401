//! The rules of systemd-tmpfiles that remove something (tmpfiles.d(5), systemd-tmpfiles(8)).

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Machine;
use super::glob::SHELL;
use super::job::{Job, Run, Starter, Work};
use super::links::Place;
use super::programs::seconds;
use super::removal::{Aged, Removal};
use super::specifiers::Specifiers;
use super::target::Clock;
use super::times::Times;
use super::units::{Manager, managers};
use crate::model::plain::plain;

/// Where rules for the system stand, the ones that count first.
const SYSTEM: [&str; 5] = [
    "/etc/tmpfiles.d",
    "/run/tmpfiles.d",
    "/usr/local/lib/tmpfiles.d",
    "/usr/lib/tmpfiles.d",
    "/lib/tmpfiles.d",
];
/// Where rules for all users stand, after those of each home.
const USERS: [&str; 2] = ["/etc/user-tmpfiles.d", "/usr/share/user-tmpfiles.d"];

/// A line of a rule.
struct Line {
    path: PathBuf,
    number: usize,
    kind: String,
    place: String,
    age: Option<String>,
    /// Whether it is the same for all users, so that nobody knows whose it is.
    is_of_all: bool,
    shown: String,
}

/// What was told of a line for all users: where it stands, what of it, when, why not, and what is left to others.
type Told = HashSet<(
    PathBuf,
    usize,
    String,
    Option<Timestamp>,
    Option<String>,
    Vec<String>,
)>;

/// All rules that remove something.
pub(super) fn tmpfiles(machine: &Machine<'_>) -> Vec<Job> {
    let system: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    let managers = managers(machine);
    let mut told = Told::new();
    let mut jobs = jobs(machine, &managers, &system, None);
    for (user, home) in machine.people() {
        let mut dirs = vec![home.join(".config/user-tmpfiles.d")];
        dirs.push(home.join(".local/share/user-tmpfiles.d"));
        dirs.extend(USERS.iter().map(PathBuf::from));
        let all = self::jobs(machine, &managers, &dirs, Some((user, home)));
        // What is of all users is the same for most of them, and a machine may have many.
        jobs.extend(
            all.into_iter()
                .filter(|job| job.user.is_some() || is_new(job, &mut told)),
        );
    }
    jobs
}

/// Whether nothing of the kind was told.
fn is_new(job: &Job, told: &mut Told) -> bool {
    let others = match &job.work {
        Work::Rule(_, Removal::Aged(aged)) => aged.excludes.clone(),
        _ => Vec::new(),
    };
    let run = job.run.clone();
    told.insert((
        job.path.clone(),
        job.line,
        run.schedule,
        run.next,
        job.idle.clone(),
        others,
    ))
}

fn jobs(
    machine: &Machine<'_>,
    managers: &[Manager],
    dirs: &[PathBuf],
    whose: Option<(&str, &Path)>,
) -> Vec<Job> {
    let lines = lines(machine, dirs, whose);
    let timer = "systemd-tmpfiles-clean.timer";
    let manager = managers.iter().find(|one| {
        one.whose.as_ref().map(|(user, _)| user.as_str()) == whose.map(|(user, _)| user)
    });
    let is_off = manager.is_some_and(|manager| manager.is_masked(machine, timer));
    let next = manager.and_then(|manager| {
        let timer = manager.unit(machine, timer)?;
        Times::calendar(timer.last("Timer", "OnCalendar")?)?.next(machine.now, machine.zone)
    });
    let mut jobs = Vec::new();
    for line in &lines {
        for (removal, schedule) in removals(line, &lines) {
            let is_aged = matches!(removal, Removal::Aged(_));
            jobs.push(Job {
                starter: Starter::Tmpfiles,
                path: line.path.clone(),
                line: line.number,
                user: (!line.is_of_all).then(|| whose.map_or("root", |(user, _)| user).to_owned()),
                run: Run {
                    schedule: schedule.to_owned(),
                    next: next.filter(|_| is_aged),
                },
                work: Work::Rule(line.shown.clone(), removal),
                idle: (is_aged && is_off).then(|| format!("{timer} is switched off")),
            });
        }
    }
    jobs
}

fn lines(machine: &Machine<'_>, dirs: &[PathBuf], whose: Option<(&str, &Path)>) -> Vec<Line> {
    // The first file of a name takes the place of all others.
    let mut files: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for dir in dirs {
        for path in machine.root.list(dir).unwrap_or_default() {
            if path.extension().is_some_and(|end| end == "conf") {
                let name = PathBuf::from(path.file_name().unwrap_or_default());
                files.entry(name).or_insert(path);
            }
        }
    }
    let specifiers = Specifiers {
        name: "",
        user: whose.map(|(user, _)| user),
        home: whose.map_or(Path::new("/root"), |(_, home)| home),
    };
    let mut lines = Vec::new();
    for path in files.values().filter(|path| !machine.root.is_masked(path)) {
        let text = machine.root.text(path).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line
                .split_whitespace()
                .map(|word| word.trim_matches(['"', '\'']))
                .collect();
            let (Some(kind), Some(place)) = (words.first(), words.get(1)) else {
                continue;
            };
            if kind.starts_with('#') {
                continue;
            }
            let age = words.get(5).filter(|age| **age != "-");
            lines.push(Line {
                path: path.clone(),
                number: number + 1,
                kind: (*kind).to_owned(),
                place: plain(Path::new(&specifiers.expand(place)))
                    .to_string_lossy()
                    .into_owned(),
                is_of_all: USERS.iter().any(|dir| path.starts_with(dir)) && !place.contains('%'),
                age: age.map(|age| (*age).to_owned()),
                shown: words.join(" "),
            });
        }
    }
    lines
}

/// What a line removes, and when.
fn removals(line: &Line, all: &[Line]) -> Vec<(Removal, &'static str)> {
    let mut found = Vec::new();
    let place = || vec![line.place.clone()];
    let named = |with_all: bool| Removal::Named {
        patterns: place(),
        with_all,
        follows: false,
        rules: SHELL,
    };
    let is_boot = line.kind.contains('!');
    let removing = if is_boot {
        "systemd-tmpfiles --remove, when the machine starts"
    } else {
        "systemd-tmpfiles --remove"
    };
    let creating = "systemd-tmpfiles --create";
    let kind = line.kind.chars().next().unwrap_or_default();
    let anew = line.kind.contains('+');
    match kind {
        'r' => found.push((named(false), removing)),
        'R' => found.push((named(true), removing)),
        'D' => found.push((Removal::Below(place()), removing)),
        // What stands in the way of a link or a pipe goes, with all that is in it; a file is emptied.
        'L' | 'p' if anew => found.push((named(true), creating)),
        'f' | 'w' if anew && kind == 'f' => found.push((named(false), creating)),
        'F' => found.push((named(false), creating)),
        _ => {}
    }
    if matches!(kind, 'd' | 'D' | 'e' | 'v' | 'q' | 'Q' | 'C')
        && let Some(aged) = line.age.as_ref().and_then(|age| aged(line, age, all))
    {
        found.push((Removal::Aged(aged), "systemd-tmpfiles --clean, once a day"));
    }
    found
}

fn aged(line: &Line, age: &str, all: &[Line]) -> Option<Aged> {
    let (first_stays, age) = match age.strip_prefix('~') {
        Some(age) => (true, age),
        None => (false, age),
    };
    // `aAbBcCmM:` says which times count; without it all of them.
    let (clocks, age) = match age.split_once(':') {
        Some((clocks, age)) => (Some(clocks), age),
        None => (None, age),
    };
    let counts = |sign: char| clocks.is_none_or(|clocks| clocks.contains(sign));
    // What has a line of its own is left to that line (systemd, `dir_cleanup`). `X` leaves alone only the thing itself.
    let others = all.iter().filter(|one| one.place != line.place);
    let others = others.filter(|one| !one.kind.starts_with('X') && meets(&one.place, &line.place));
    Some(Aged {
        dirs: vec![Place::as_named(&line.place)],
        follows: false,
        seconds: seconds(age, 1)?,
        clocks: [
            ('a', Clock::Read),
            ('m', Clock::Changed),
            ('c', Clock::AnyChange),
        ]
        .into_iter()
        .filter_map(|(sign, clock)| counts(sign).then_some(clock))
        .collect(),
        first_stays,
        excludes: others.map(|one| one.place.clone()).collect(),
    })
}

/// Whether something may fit two patterns, or stand below them: what they begin with is the same, as far as both say.
fn meets(one: &str, other: &str) -> bool {
    let end = |text: &str| text.find(['*', '?', '[', '\\']).unwrap_or(text.len());
    let (one, other) = (&one[..end(one)], &other[..end(other)]);
    one.starts_with(other) || other.starts_with(one)
}
