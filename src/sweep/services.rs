//! Services of systemd with what they run (systemd.service(5)): of the system, and of users (systemd.unit(5), "User
//! Unit Search Path").

use std::path::{Path, PathBuf};

use super::Machine;
use super::exec_line::command;
use super::units::{Manager, Setting, managers};

/// A service, as far as it tells what it runs.
pub(super) struct Service {
    pub(super) name: String,
    pub(super) of_user: bool,
    pub(super) enabled: bool,
    /// The file and the line of its first command.
    pub(super) path: PathBuf,
    pub(super) line: usize,
    pub(super) user: Option<String>,
    /// The home of the user whose service it is, where it is one of a user.
    pub(super) home: Option<PathBuf>,
    pub(super) cwd: Option<String>,
    /// Its commands and variables.
    pub(super) texts: Vec<String>,
}

/// All services of the system and of users that run something.
pub(super) fn services(machine: &Machine<'_>) -> Vec<Service> {
    let mut all = Vec::new();
    for manager in managers(machine) {
        for name in manager.names(machine, ".service") {
            all.extend(service(machine, &manager, &name));
        }
    }
    all
}

fn service(machine: &Machine<'_>, manager: &Manager, name: &str) -> Option<Service> {
    let unit = manager.unit(machine, name)?;
    let runs = |one: &&Setting| one.section == "Service" && one.key.starts_with("Exec");
    let first = unit.0.iter().find(runs)?;
    let specifiers = manager.specifiers(name);
    let mut texts: Vec<String> = unit
        .0
        .iter()
        .filter(runs)
        .map(|one| command(&specifiers.expand(&one.value)))
        .collect();
    texts.extend(
        unit.all("Service", "Environment")
            .map(|one| specifiers.expand(&one.value)),
    );
    let files = unit.all("Service", "EnvironmentFile");
    let files = files.map(|one| specifiers.expand(one.value.trim_start_matches('-')));
    texts.extend(files.filter_map(|file| machine.root.text(Path::new(&file))));
    let cwd = unit.last("Service", "WorkingDirectory");
    Some(Service {
        name: name.to_owned(),
        of_user: manager.of_user,
        enabled: manager.is_enabled(machine, name),
        path: first.path.clone(),
        line: first.line,
        user: unit.last("Service", "User").map(str::to_owned),
        home: manager.whose.as_ref().map(|(_, home)| home.clone()),
        cwd: cwd.map(|dir| specifiers.expand(dir.trim_start_matches('-'))),
        texts,
    })
}
