//! Timers of systemd with what their services run (systemd.timer(5), systemd.service(5)).

use std::path::{Path, PathBuf};

use super::Machine;
use super::exec_line::command;
use super::job::{Job, Run, Starter, Work};
use super::script::Start;
use super::shell;
use super::specifiers::Specifiers;
use super::times::Times;
use super::units::{Manager, Setting, Unit, managers};

/// What a service runs, in its order.
const COMMANDS: [&str; 6] = [
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStartPost",
    "ExecStop",
    "ExecStopPost",
];

/// All jobs that timers start.
pub(super) fn timers(machine: &Machine<'_>) -> Vec<Job> {
    let mut jobs = Vec::new();
    for manager in managers(machine) {
        for name in manager.names(machine, ".timer") {
            // A template runs only by the names of its instances.
            if !name.ends_with("@.timer") {
                jobs.extend(timer(machine, &manager, &name));
            }
        }
    }
    jobs
}

fn timer(machine: &Machine<'_>, manager: &Manager, name: &str) -> Vec<Job> {
    let Some(timer) = manager.unit(machine, name) else {
        return Vec::new();
    };
    let user = manager.whose.as_ref().map(|(user, _)| user.as_str());
    let specifiers = |name: &str, text: &str| {
        let home = manager.home();
        Specifiers { name, user, home }.expand(text)
    };
    let stem = name.trim_end_matches(".timer");
    let started = timer
        .last("Timer", "Unit")
        .map_or_else(|| format!("{stem}.service"), |unit| specifiers(name, unit));
    let run = run(machine, &timer);
    let path = timer.0.first().map(|one| one.path.clone());
    let path = path.unwrap_or_default();
    let mut jobs = Vec::new();
    for (name_started, service) in manager.started_with(machine, &started) {
        let idle = idle(machine, manager, name, &service);
        let owner = service
            .last("Service", "User")
            .map(|user| specifiers(&name_started, user));
        let owner = owner.or_else(|| user.map(str::to_owned));
        let home = match &owner {
            Some(owner) => machine.home(owner),
            None => manager.home().to_owned(),
        };
        let cwd = match service.last("Service", "WorkingDirectory") {
            Some(dir) if dir.trim_start_matches('-') == "~" => home.clone(),
            Some(dir) => PathBuf::from(specifiers(&name_started, dir.trim_start_matches('-'))),
            None if manager.of_user => home.clone(),
            None => PathBuf::from("/"),
        };
        let mut variables = vec![("HOME".to_owned(), home.to_string_lossy().into_owned())];
        variables.extend(
            service
                .all("Service", "Environment")
                .flat_map(|one| environment(&specifiers(&name_started, &one.value))),
        );
        for file in service.all("Service", "EnvironmentFile") {
            let file = specifiers(&name_started, file.value.trim_start_matches('-'));
            let text = machine.root.text(Path::new(&file)).unwrap_or_default();
            let lines = text.lines().filter(|line| !line.starts_with(['#', ';']));
            variables.extend(lines.flat_map(environment));
        }
        let job = |one: &Setting| Job {
            starter: Starter::Timer,
            path: path.clone(),
            line: 1,
            user: owner.clone(),
            run: run.clone(),
            work: Work::Script(
                command(&specifiers(&name_started, &one.value)),
                Start {
                    path: one.path.clone(),
                    line: one.line,
                    cwd: cwd.clone(),
                    variables: variables.clone(),
                    input: None,
                },
            ),
            idle: idle.clone(),
        };
        let commands = COMMANDS.iter().flat_map(|key| service.all("Service", key));
        jobs.extend(commands.map(job));
    }
    jobs
}

/// When a timer runs.
fn run(machine: &Machine<'_>, timer: &Unit) -> Run {
    let next = timer
        .all("Timer", "OnCalendar")
        .filter_map(|one| Times::calendar(&one.value)?.next(machine.now, machine.zone))
        .min();
    // A delay by chance makes it later than the time that is told.
    let is_when = |key: &str| key.starts_with("On") || key == "RandomizedDelaySec";
    let stated = timer
        .0
        .iter()
        .filter(|one| one.section == "Timer" && is_when(&one.key) && !one.value.is_empty());
    // What an empty value took back does not count.
    let stated = stated.filter(|one| {
        timer
            .all("Timer", &one.key)
            .any(|all| std::ptr::eq(all, *one))
    });
    let stated: Vec<String> = stated
        .map(|one| format!("{}={}", one.key, one.value))
        .collect();
    Run {
        schedule: stated.join(" "),
        next,
    }
}

/// Why a timer does not start its service, where it does not.
fn idle(machine: &Machine<'_>, manager: &Manager, name: &str, service: &Unit) -> Option<String> {
    if !manager.is_enabled(machine, name) {
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

/// `NAME=VALUE …`, quoted or not.
fn environment(value: &str) -> Vec<(String, String)> {
    let text = |word: &shell::Word| {
        let pieces = word.iter().map(|piece| match piece {
            shell::Piece::Text(text, _) => text.as_str(),
            _ => "",
        });
        pieces.collect::<String>()
    };
    let words = shell::words(value);
    let pairs = words.iter().filter_map(|word| {
        let text = text(word);
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}
