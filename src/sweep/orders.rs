//! What a service of systemd runs, where, as whom, and with which variables (systemd.service(5), systemd.exec(5)).

use std::path::{Path, PathBuf};

use super::Machine;
use super::exec_line::command;
use super::shell;
use super::units::{Manager, Unit};

/// What a service runs, in its order.
const COMMANDS: [&str; 6] = [
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStartPost",
    "ExecStop",
    "ExecStopPost",
];

/// What a service is told to do.
pub(super) struct Orders {
    pub(super) owner: Option<String>,
    pub(super) cwd: PathBuf,
    pub(super) variables: Vec<(String, String)>,
    pub(super) commands: Vec<Order>,
    /// Why it does nothing, where it does not.
    pub(super) idle: Option<String>,
}

/// One command, as a line of a shell.
pub(super) struct Order {
    /// The setting that has it, such as `ExecStart`.
    pub(super) key: &'static str,
    pub(super) text: String,
    pub(super) path: PathBuf,
    pub(super) line: usize,
}

/// The orders of a service by its name.
pub(super) fn orders(
    machine: &Machine<'_>,
    manager: &Manager,
    name: &str,
    service: &Unit,
) -> Orders {
    let user = manager.whose.as_ref().map(|(user, _)| user.as_str());
    let specifiers = manager.specifiers(name);
    let expand = |text: &str| specifiers.expand(text);
    let owner = service.last("Service", "User").map(expand);
    let owner = owner.or_else(|| user.map(str::to_owned));
    let home = match &owner {
        Some(owner) => machine.home(owner),
        None => manager.home().to_owned(),
    };
    let cwd = match service.last("Service", "WorkingDirectory") {
        Some(dir) if dir.trim_start_matches('-') == "~" => home.clone(),
        Some(dir) => PathBuf::from(expand(dir.trim_start_matches('-'))),
        None if manager.of_user => home.clone(),
        None => PathBuf::from("/"),
    };
    let mut variables = vec![("HOME".to_owned(), home.to_string_lossy().into_owned())];
    let own = service.all("Service", "Environment");
    variables.extend(own.flat_map(|one| environment(&expand(&one.value))));
    for file in service.all("Service", "EnvironmentFile") {
        let file = expand(file.value.trim_start_matches('-'));
        let text = machine.root.text(Path::new(&file)).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with(['#', ';']));
        variables.extend(lines.flat_map(environment));
    }
    let of = |key: &'static str| service.all("Service", key).map(move |one| (key, one));
    let commands = COMMANDS.into_iter().flat_map(of);
    let commands = commands.map(|(key, one)| Order {
        key,
        text: command(&expand(&one.value)),
        path: one.path.clone(),
        line: one.line,
    });
    Orders {
        owner,
        cwd,
        variables,
        commands: commands.collect(),
        idle: unmet(machine, service),
    }
}

/// The condition of a unit that does not hold.
pub(super) fn unmet(machine: &Machine<'_>, unit: &Unit) -> Option<String> {
    let mut conditions = unit.all("Unit", "ConditionPathExists");
    let open = conditions.find(|one| {
        let path = one.value.strip_prefix('!');
        let there = machine.root.exists(Path::new(path.unwrap_or(&one.value)));
        there == path.is_some()
    });
    open.map(|one| format!("ConditionPathExists={} does not hold", one.value))
}

/// `NAME=VALUE …`, quoted or not.
fn environment(value: &str) -> Vec<(String, String)> {
    let words = shell::words(value);
    let pairs = words.iter().filter_map(|word| {
        let text = shell::text(word);
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}
