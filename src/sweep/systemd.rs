//! Timers of systemd with what their services run (systemd.timer(5), systemd.service(5), systemd.unit(5)), and the
//! rules of systemd-tmpfiles (tmpfiles.d(5)).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Machine;
use super::exec_line::command;
use super::job::{Job, Run, Starter, Work};
use super::programs::seconds;
use super::removal::{Aged, Removal};
use super::script::Start;
use super::times::Times;

/// Where units stand, the ones that count first.
pub(super) const UNITS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Where rules of systemd-tmpfiles stand, the ones that count first.
const TMPFILES: [&str; 4] = [
    "/etc/tmpfiles.d",
    "/run/tmpfiles.d",
    "/usr/local/lib/tmpfiles.d",
    "/usr/lib/tmpfiles.d",
];

/// A unit: its settings in their order, each with its file and line.
#[derive(Default)]
pub(super) struct Unit(pub(super) Vec<Setting>);

pub(super) struct Setting {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) path: PathBuf,
    pub(super) line: usize,
}

impl Unit {
    pub(super) fn all<'u>(
        &'u self,
        section: &'u str,
        key: &'u str,
    ) -> impl Iterator<Item = &'u Setting> {
        let fits = move |one: &&Setting| one.section == section && one.key == key;
        // An empty value takes back what was stated before.
        let from = self
            .0
            .iter()
            .rposition(|one| fits(&one) && one.value.is_empty());
        self.0.iter().skip(from.map_or(0, |at| at + 1)).filter(fits)
    }

    pub(super) fn last(&self, section: &str, key: &str) -> Option<&str> {
        let fits = |one: &&Setting| one.section == section && one.key == key;
        let last = self.0.iter().rev().find(fits);
        last.map(|one| one.value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn add(&mut self, path: &Path, text: &str) {
        let mut section = String::new();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let line = line.trim();
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                name.clone_into(&mut section);
            }
            let Some((key, value)) = line
                .split_once('=')
                .filter(|_| !line.starts_with(['#', ';', '[']))
            else {
                continue;
            };
            let mut value = value.trim().to_owned();
            // A comment within what goes on is passed over (systemd.syntax).
            let mut more = lines
                .by_ref()
                .map(|(_, more)| more.trim())
                .filter(|more| !more.starts_with(['#', ';']));
            while value.ends_with('\\') {
                value.pop();
                value.push(' ');
                value.push_str(more.next().unwrap_or_default());
            }
            self.0.push(Setting {
                section: section.clone(),
                key: key.trim().to_owned(),
                value,
                path: path.to_owned(),
                line: number + 1,
            });
        }
    }
}

/// All jobs that timers start.
pub(super) fn timers(machine: &Machine<'_>) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut homes: Vec<PathBuf> = machine
        .homes()
        .map(|home| home.join(".config/systemd/user"))
        .collect();
    homes.push(PathBuf::from("/etc/systemd/user"));
    let system: Vec<PathBuf> = UNITS.iter().map(PathBuf::from).collect();
    for places in std::iter::once(system).chain(homes.into_iter().map(|dir| vec![dir])) {
        let mut names: Vec<PathBuf> = places
            .iter()
            .flat_map(|dir| machine.root.list(dir).unwrap_or_default())
            .collect();
        names.retain(|path| path.extension().is_some_and(|end| end == "timer"));
        let mut names: Vec<String> = names
            .iter()
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect();
        names.sort();
        names.dedup();
        for name in names {
            jobs.extend(timer(machine, &places, &name));
        }
    }
    jobs
}

/// The unit of a name with all that is added to it; none where there is none, or it is switched off.
pub(super) fn unit(machine: &Machine<'_>, places: &[PathBuf], name: &str) -> Option<Unit> {
    let mut unit = Unit::default();
    let path = places
        .iter()
        .map(|dir| dir.join(name))
        .find(|path| machine.root.exists(path))?;
    if machine.root.is_masked(&path) {
        return None;
    }
    unit.add(&path, &machine.root.text(&path)?);
    for dir in places.iter().rev() {
        for more in machine
            .root
            .list(&dir.join(format!("{name}.d")))
            .unwrap_or_default()
        {
            if more.extension().is_some_and(|end| end == "conf") {
                unit.add(&more, &machine.root.text(&more).unwrap_or_default());
            }
        }
    }
    Some(unit)
}

fn timer(machine: &Machine<'_>, places: &[PathBuf], name: &str) -> Vec<Job> {
    let Some(timer) = unit(machine, places, name) else {
        return Vec::new();
    };
    let stem = name.trim_end_matches(".timer");
    let service = timer
        .last("Timer", "Unit")
        .map_or_else(|| format!("{stem}.service"), str::to_owned);
    let Some(service) = unit(machine, places, &service) else {
        return Vec::new();
    };
    let idle = idle(machine, places, name, &service);
    let events: Vec<&Setting> = timer.all("Timer", "OnCalendar").collect();
    let next = events
        .iter()
        .filter_map(|one| Times::calendar(&one.value)?.next(machine.now, machine.zone))
        .min();
    let shown = timer
        .0
        .iter()
        .filter(|one| one.section == "Timer" && one.key.starts_with("On"));
    let shown: Vec<String> = shown
        .map(|one| format!("{}={}", one.key, one.value))
        .collect();
    let run = Run {
        schedule: shown.join(" "),
        next,
    };
    let user = service.last("Service", "User").map(str::to_owned);
    let cwd = service
        .last("Service", "WorkingDirectory")
        .map_or("/", |dir| dir.trim_start_matches('-'))
        .to_owned();
    let variables: Vec<(String, String)> = service
        .all("Service", "Environment")
        .flat_map(|one| environment(&one.value))
        .collect();
    let keys = [
        "ExecCondition",
        "ExecStartPre",
        "ExecStart",
        "ExecStartPost",
        "ExecStop",
        "ExecStopPost",
    ];
    let commands = keys.iter().flat_map(|key| service.all("Service", key));
    let first = timer.0.first().map(|one| one.path.clone());
    let path = first.unwrap_or_default();
    let job = |one: &Setting| Job {
        starter: Starter::Timer,
        path: path.clone(),
        line: 1,
        user: user.clone(),
        run: run.clone(),
        work: Work::Script(
            command(&one.value, stem),
            Start {
                path: one.path.clone(),
                line: one.line,
                cwd: PathBuf::from(&cwd),
                variables: variables.clone(),
            },
        ),
        idle: idle.clone(),
    };
    commands.map(job).collect()
}

/// Why a timer does not start its service, where it does not.
fn idle(machine: &Machine<'_>, places: &[PathBuf], name: &str, service: &Unit) -> Option<String> {
    if !is_enabled(machine, places, name) {
        return Some(format!("{name} is not enabled"));
    }
    let mut conditions = service.all("Unit", "ConditionPathExists");
    let open = conditions.find(|one| {
        let path = one.value.strip_prefix('!');
        let there = machine.root.exists(Path::new(path.unwrap_or(&one.value)));
        there == path.is_some()
    });
    open.map(|one| format!("ConditionPathExists={} does not hold", one.value))
}

/// Whether anything wants a unit to be started.
pub(super) fn is_enabled(machine: &Machine<'_>, places: &[PathBuf], name: &str) -> bool {
    places
        .iter()
        .flat_map(|dir| machine.root.list(dir).unwrap_or_default())
        .any(|dir| {
            let end = dir.extension().unwrap_or_default();
            (end == "wants" || end == "requires" || end == "upholds")
                && machine.root.exists(&dir.join(name))
        })
}

fn environment(value: &str) -> Vec<(String, String)> {
    let words = super::shell::split(value);
    let words = words.iter().flat_map(|one| &one.words);
    let text = |word: &super::shell::Word| {
        let pieces = word.iter().map(|piece| match piece {
            super::shell::Piece::Text(text, _) => text.as_str(),
            _ => "",
        });
        pieces.collect::<String>()
    };
    words
        .filter_map(|word| {
            text(word)
                .split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// All rules of systemd-tmpfiles that remove something.
pub(super) fn tmpfiles(machine: &Machine<'_>) -> Vec<Job> {
    // The first file of a name takes the place of all others.
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for dir in TMPFILES {
        for path in machine.root.list(Path::new(dir)).unwrap_or_default() {
            if let Some(name) = path
                .file_name()
                .and_then(|name| name.to_str())
                .filter(|_| path.extension().is_some_and(|end| end == "conf"))
            {
                files.entry(name.to_owned()).or_insert_with(|| path.clone());
            }
        }
    }
    let mut rules = Vec::new();
    let mut excludes = Vec::new();
    for path in files.values().filter(|path| !machine.root.is_masked(path)) {
        let text = machine.root.text(path).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<String> = line
                .split_whitespace()
                .map(|word| word.trim_matches('"').replace("%%", "%"))
                .collect();
            let (Some(kind), Some(place)) = (words.first(), words.get(1)) else {
                continue;
            };
            match kind.chars().next() {
                Some('x' | 'X') => excludes.push(place.clone()),
                Some(_) if !kind.starts_with('#') => {
                    rules.push((path.clone(), number + 1, kind.clone(), words.clone()));
                }
                _ => {}
            }
        }
    }
    let next = ["systemd-tmpfiles-clean.timer"].iter().filter_map(|name| {
        let places: Vec<PathBuf> = UNITS.iter().map(PathBuf::from).collect();
        Times::calendar(unit(machine, &places, name)?.last("Timer", "OnCalendar")?)?
            .next(machine.now, machine.zone)
    });
    let next = next.min();
    rules
        .into_iter()
        .filter_map(|(path, line, kind, words)| {
            let removal = rule(&kind, &words, &excludes)?;
            let schedule = match (&removal, kind.contains('!')) {
                (Removal::Aged(_), _) => "systemd-tmpfiles --clean, once a day",
                (_, true) => "systemd-tmpfiles --remove, when the machine starts",
                (_, false) => "systemd-tmpfiles --remove",
            };
            Some(Job {
                starter: Starter::Tmpfiles,
                path,
                line,
                user: Some("root".to_owned()),
                run: Run {
                    schedule: schedule.to_owned(),
                    next: next.filter(|_| matches!(removal, Removal::Aged(_))),
                },
                work: Work::Rule(words.join(" "), removal),
                idle: None,
            })
        })
        .collect()
}

fn rule(kind: &str, words: &[String], excludes: &[String]) -> Option<Removal> {
    let place = words.get(1)?.trim_end_matches('/').to_owned();
    let age = words
        .get(5)
        .filter(|age| *age != "-")
        .map(|age| age.trim_start_matches('~'));
    match kind.chars().next()? {
        'r' => Some(Removal::Named {
            patterns: vec![place],
            with_all: false,
        }),
        'R' => Some(Removal::Named {
            patterns: vec![place],
            with_all: true,
        }),
        'd' | 'D' | 'e' | 'q' | 'Q' | 'v' | 'C' => {
            let age = age?;
            // `aAbBcCmM:` says which times count; without it all of them.
            let (clocks, age) = match age.split_once(':') {
                Some((clocks, age)) => (Some(clocks), age),
                None => (None, age),
            };
            let counts = |sign: char| clocks.is_none_or(|clocks| clocks.contains(sign));
            Some(Removal::Aged(Aged {
                dirs: vec![place],
                seconds: seconds(age, 1)?,
                read: counts('a'),
                changed: counts('m'),
                any_change: counts('c'),
                excludes: excludes.to_vec(),
            }))
        }
        _ => None,
    }
}
