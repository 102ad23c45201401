//! Timers of systemd with what their services run (systemd.timer(5), systemd.service(5)).

use std::path::Path;

use super::Machine;
use super::job::{Job, Run, Starter, Work};
use super::orders::{Order, Orders, orders, unmet};
use super::script::Start;
use super::times::Times;
use super::units::{Manager, Setting, Unit, managers};

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
    let started = started(manager, name, timer.last("Timer", "Unit"));
    let run = run(machine, &timer);
    let path = timer.0.first().map(|one| one.path.clone());
    let path = path.unwrap_or_default();
    let own = idle(machine, manager, name, &timer);
    let mut jobs = Vec::new();
    for (started, service) in manager.started_with(machine, vec![started]) {
        let orders = orders(machine, manager, &started, &service);
        let idle = own.clone().or_else(|| orders.idle.clone());
        jobs.extend(ordered(
            Starter::Timer,
            (&path, 1),
            &run,
            orders,
            idle.as_deref(),
        ));
    }
    jobs
}

/// The name of what a timer or a path unit starts, where it says so itself or not.
pub(super) fn started(manager: &Manager, name: &str, said: Option<&str>) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    said.map_or_else(
        || format!("{stem}.service"),
        |unit| manager.specifiers(name).expand(unit),
    )
}

/// The jobs that the orders of a service are. `schedule` is what starts it, and the line there.
pub(super) fn ordered(
    starter: Starter,
    schedule: (&Path, usize),
    run: &Run,
    orders: Orders,
    idle: Option<&str>,
) -> Vec<Job> {
    let commands = orders.commands.into_iter();
    let job = |one: Order| Job {
        starter,
        path: schedule.0.to_owned(),
        line: schedule.1,
        user: orders.owner.clone(),
        run: run.clone(),
        work: Work::Script(
            one.text,
            Start {
                path: one.path,
                line: one.line,
                cwd: orders.cwd.clone(),
                variables: orders.variables.clone(),
                input: None,
            },
        ),
        idle: idle.map(str::to_owned),
    };
    commands.map(job).collect()
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
fn idle(machine: &Machine<'_>, manager: &Manager, name: &str, timer: &Unit) -> Option<String> {
    if is_over(machine, timer) {
        return Some("there is no such time any more".to_owned());
    }
    if !manager.is_enabled(machine, name) {
        return Some(format!("{name} is not enabled"));
    }
    unmet(machine, timer)
}

/// Whether all times are understood that a timer states, and none of them comes.
fn is_over(machine: &Machine<'_>, timer: &Unit) -> bool {
    let mut stated = timer.0.iter().filter(|one| one.section == "Timer");
    let has_others = stated
        .any(|one| one.key.starts_with("On") && one.key != "OnCalendar" && !one.value.is_empty());
    let is_over = |one: &Setting| {
        let times = Times::calendar(&one.value);
        times.is_some_and(|times| times.next(machine.now, machine.zone).is_none())
    };
    let mut all = timer.all("Timer", "OnCalendar").peekable();
    !has_others && all.peek().is_some() && all.all(is_over)
}
