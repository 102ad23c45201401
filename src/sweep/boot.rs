//! What starts with a machine: enabled services, and `rc.local`; and what path units start, whenever a file changes
//! (systemd.path(5)).

use std::path::{Path, PathBuf};

use super::Machine;
use super::job::{Job, Run, Starter, Work};
use super::orders::{orders, unmet};
use super::script::Start;
use super::timers::{ordered, started};
use super::units::{Manager, Unit, managers};

/// Scripts that a machine runs when it has started (systemd-rc-local-generator(8)).
const RC_LOCAL: [&str; 2] = ["/etc/rc.local", "/etc/rc.d/rc.local"];
/// Settings that say for which change a path unit waits.
const CHANGES: [&str; 5] = [
    "PathExists",
    "PathExistsGlob",
    "PathChanged",
    "PathModified",
    "DirectoryNotEmpty",
];

/// All jobs that start so.
pub(super) fn jobs(machine: &Machine<'_>) -> Vec<Job> {
    let mut jobs = Vec::new();
    for manager in managers(machine) {
        let services = manager.wanted(machine, ".service");
        let paths = manager.wanted(machine, ".path");
        // What several of them start is read once.
        jobs.extend(self::services(machine, &manager, services));
        jobs.extend(paths.iter().flat_map(|name| path(machine, &manager, name)));
    }
    let real = |path: &&&str| machine.root.is_program(Path::new(path));
    jobs.extend(
        RC_LOCAL
            .iter()
            .find(real)
            .map(|path| script(Path::new(path))),
    );
    jobs
}

fn services(machine: &Machine<'_>, manager: &Manager, names: Vec<String>) -> Vec<Job> {
    let when = if manager.of_user {
        "when its user logs in"
    } else {
        "when the machine starts"
    };
    let run = Run {
        schedule: when.to_owned(),
        next: None,
    };
    let mut jobs = Vec::new();
    for (name, unit) in manager.started_with(machine, names) {
        let schedule = place(&unit);
        let orders = orders(machine, manager, &name, &unit);
        let idle = orders.idle.clone();
        jobs.extend(ordered(
            Starter::Boot,
            (&schedule, 1),
            &run,
            orders,
            idle.as_deref(),
        ));
    }
    jobs
}

fn path(machine: &Machine<'_>, manager: &Manager, name: &str) -> Vec<Job> {
    let Some(waiting) = manager.unit(machine, name) else {
        return Vec::new();
    };
    let started = started(manager, name, waiting.last("Path", "Unit"));
    let changes = CHANGES.iter().flat_map(|key| waiting.all("Path", key));
    let changes: Vec<String> = changes
        .map(|one| format!("{}={}", one.key, one.value))
        .collect();
    let run = Run {
        schedule: changes.join(" "),
        next: None,
    };
    let schedule = place(&waiting);
    let own = unmet(machine, &waiting);
    let mut jobs = Vec::new();
    for (name, unit) in manager.started_with(machine, vec![started]) {
        let orders = orders(machine, manager, &name, &unit);
        let idle = own.clone().or_else(|| orders.idle.clone());
        jobs.extend(ordered(
            Starter::Path,
            (&schedule, 1),
            &run,
            orders,
            idle.as_deref(),
        ));
    }
    jobs
}

/// The file of a unit.
fn place(unit: &Unit) -> PathBuf {
    unit.0
        .first()
        .map(|one| one.path.clone())
        .unwrap_or_default()
}

fn script(path: &Path) -> Job {
    Job {
        starter: Starter::Boot,
        path: path.to_owned(),
        line: 1,
        user: Some("root".to_owned()),
        run: Run {
            schedule: "when the machine starts".to_owned(),
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
    }
}
