//! Services of systemd with what they run (systemd.service(5)): of the system, and of users (systemd.unit(5), "User
//! Unit Search Path").

use std::path::{Path, PathBuf};

use super::Machine;
use super::exec_line::command;
use super::systemd::{Setting, UNITS, is_enabled, unit};

/// Where units for all users stand, the ones that count first.
const USER_UNITS: [&str; 4] = [
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
];

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
    let system: Vec<PathBuf> = UNITS.iter().map(PathBuf::from).collect();
    // `None` is the system, `Some(None)` are all users, and `Some(Some(home))` is the user of that home.
    let mut places = vec![(system, None)];
    places.push((USER_UNITS.iter().map(PathBuf::from).collect(), Some(None)));
    for home in machine.homes() {
        let dirs = vec![
            home.join(".config/systemd/user"),
            home.join(".local/share/systemd/user"),
        ];
        places.push((dirs, Some(Some(home.to_owned()))));
    }
    let mut all = Vec::new();
    for (places, whose) in places {
        let paths = places
            .iter()
            .flat_map(|dir| machine.root.list(dir).unwrap_or_default());
        let names = paths.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".service")).collect();
        names.sort();
        names.dedup();
        for name in names {
            all.extend(service(machine, &places, &name, whose.as_ref()));
        }
    }
    all
}

fn service(
    machine: &Machine<'_>,
    places: &[PathBuf],
    name: &str,
    whose: Option<&Option<PathBuf>>,
) -> Option<Service> {
    let unit = unit(machine, places, name)?;
    let runs = |one: &&Setting| one.section == "Service" && one.key.starts_with("Exec");
    let first = unit.0.iter().find(runs)?;
    let stem = name.trim_end_matches(".service");
    let mut texts: Vec<String> = unit
        .0
        .iter()
        .filter(runs)
        .map(|one| command(&one.value, stem))
        .collect();
    texts.extend(
        unit.all("Service", "Environment")
            .map(|one| one.value.clone()),
    );
    let files = unit.all("Service", "EnvironmentFile");
    let files = files.map(|one| one.value.trim_start_matches('-').to_owned());
    texts.extend(files.filter_map(|file| machine.root.text(Path::new(&file))));
    let cwd = unit.last("Service", "WorkingDirectory");
    Some(Service {
        name: name.to_owned(),
        of_user: whose.is_some(),
        enabled: is_enabled(machine, places, name),
        path: first.path.clone(),
        line: first.line,
        user: unit.last("Service", "User").map(str::to_owned),
        home: whose.cloned().flatten(),
        cwd: cwd.map(|dir| dir.trim_start_matches('-').to_owned()),
        texts,
    })
}
