//! Units of systemd: where each manager has them, and the settings of one with all that is added to it
//! (systemd.unit(5), "Unit File Load Path").

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::Machine;
use super::specifiers::Specifiers;

/// Where units of the system stand, the ones that count first.
const SYSTEM: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Where units for all users stand, the ones that count first.
const USERS: [&str; 4] = [
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
];

/// A manager of units: that of the system, or one of users.
pub(super) struct Manager {
    /// Whether it is one of a user, and not of the system.
    pub(super) of_user: bool,
    /// The user and that user's home; none for the system, and where all users are meant.
    pub(super) whose: Option<(String, PathBuf)>,
    /// Where it finds units, the places that count first.
    pub(super) dirs: Vec<PathBuf>,
    /// Those of them of which the units are its own.
    own: Vec<PathBuf>,
}

/// All managers of a machine.
pub(super) fn managers(machine: &Machine<'_>) -> Vec<Manager> {
    let system: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    let users: Vec<PathBuf> = USERS.iter().map(PathBuf::from).collect();
    let manager = |of_user: bool, dirs: &Vec<PathBuf>| Manager {
        of_user,
        whose: None,
        dirs: dirs.clone(),
        own: dirs.clone(),
    };
    let mut all = vec![manager(false, &system), manager(true, &users)];
    for (name, home) in machine.people() {
        let own = vec![
            home.join(".config/systemd/user"),
            home.join(".local/share/systemd/user"),
        ];
        all.push(Manager {
            of_user: true,
            whose: Some((name.to_owned(), home.to_owned())),
            dirs: own.iter().chain(&users).cloned().collect(),
            own,
        });
    }
    all
}

impl Manager {
    /// The home of who runs it.
    pub(super) fn home(&self) -> &Path {
        let own = self.whose.as_ref().map(|(_, home)| home.as_path());
        own.unwrap_or(Path::new("/root"))
    }

    /// What specifiers stand for in a unit of a name.
    pub(super) fn specifiers<'m>(&'m self, name: &'m str) -> Specifiers<'m> {
        Specifiers {
            name,
            user: self.whose.as_ref().map(|(user, _)| user.as_str()),
            home: self.home(),
        }
    }

    /// The names of its own units of a kind, and of those that it is told to start.
    pub(super) fn names(&self, machine: &Machine<'_>, ending: &str) -> Vec<String> {
        let mut paths = self.paths(machine);
        paths.extend(wanted_by(machine, &paths));
        names(&paths, ending)
    }

    /// All that its own directories have.
    fn paths(&self, machine: &Machine<'_>) -> Vec<PathBuf> {
        let list = |dir: &PathBuf| machine.root.list(dir).unwrap_or_default();
        self.own.iter().flat_map(list).collect()
    }

    /// The unit of a name with all that is added to it; none where there is none, or it is switched off.
    pub(super) fn unit(&self, machine: &Machine<'_>, name: &str) -> Option<Unit> {
        let own = self.place(machine, name);
        let path = own.or_else(|| self.place(machine, &template(name)?))?;
        if machine.root.is_masked(&path) {
            return None;
        }
        let mut unit = Unit::default();
        unit.add(&path, &machine.root.text(&path)?);
        // Of those that share a name only the one in the place that counts first is read.
        let mut added: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        for kind in added_to(name) {
            for dir in &self.dirs {
                for more in machine.root.list(&dir.join(&kind)).unwrap_or_default() {
                    if more.extension().is_some_and(|end| end == "conf") {
                        let own = PathBuf::from(more.file_name().unwrap_or_default());
                        added.entry(own).or_insert(more);
                    }
                }
            }
        }
        for more in added.values() {
            unit.add(more, &machine.root.text(more).unwrap_or_default());
        }
        Some(unit)
    }

    /// Whether a unit is switched off.
    pub(super) fn is_masked(&self, machine: &Machine<'_>, name: &str) -> bool {
        let path = self.place(machine, name);
        path.is_some_and(|path| machine.root.is_masked(&path))
    }

    /// The file of a name that counts.
    fn place(&self, machine: &Machine<'_>, name: &str) -> Option<PathBuf> {
        let mut paths = self.dirs.iter().map(|dir| dir.join(name));
        paths.find(|path| machine.root.exists(path))
    }

    /// The names of all units of a kind that its own directories want to be started.
    pub(super) fn wanted(&self, machine: &Machine<'_>, ending: &str) -> Vec<String> {
        names(&wanted_by(machine, &self.paths(machine)), ending)
    }

    /// Whether anything wants a unit to be started.
    pub(super) fn is_enabled(&self, machine: &Machine<'_>, name: &str) -> bool {
        self.dirs
            .iter()
            .flat_map(|dir| machine.root.list(dir).unwrap_or_default())
            .any(|dir| is_wanting(&dir) && machine.root.exists(&dir.join(name)))
    }

    /// The units that units start, those of these names first, and each once.
    pub(super) fn started_with(
        &self,
        machine: &Machine<'_>,
        mut names: Vec<String>,
    ) -> Vec<(String, Unit)> {
        let mut seen: HashSet<String> = names.iter().cloned().collect();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            at += 1;
            let Some(unit) = self.unit(machine, &name) else {
                continue;
            };
            let mut more: Vec<String> = STARTING
                .iter()
                .flat_map(|key| unit.all("Unit", key))
                .flat_map(|one| one.value.split_whitespace().map(str::to_owned))
                .collect();
            for dir in &self.dirs {
                for ending in ["wants", "requires"] {
                    let links = machine.root.list(&dir.join(format!("{name}.{ending}")));
                    let links = links.unwrap_or_default().into_iter();
                    more.extend(
                        links.filter_map(|link| Some(link.file_name()?.to_str()?.to_owned())),
                    );
                }
            }
            more.retain(|one| seen.insert(one.clone()));
            names.extend(more);
            found.push((name, unit));
        }
        found
    }
}

/// Settings of a unit that start other units with it or after it.
const STARTING: [&str; 6] = [
    "Wants",
    "Requires",
    "BindsTo",
    "Upholds",
    "OnSuccess",
    "OnFailure",
];

/// What the directories among these name for their units.
fn wanted_by(machine: &Machine<'_>, paths: &[PathBuf]) -> Vec<PathBuf> {
    let list = |dir: &PathBuf| machine.root.list(dir).unwrap_or_default();
    let dirs = paths.iter().filter(|path| is_wanting(path));
    dirs.flat_map(list).collect()
}

/// The names of files of a kind, sorted.
fn names(paths: &[PathBuf], ending: &str) -> Vec<String> {
    let names = paths
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(ending)).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a directory names the units that another unit wants.
fn is_wanting(dir: &Path) -> bool {
    let end = dir.extension().unwrap_or_default();
    end == "wants" || end == "requires" || end == "upholds"
}

/// `clean@.service` for `clean@daily.service`.
fn template(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    let (begin, _) = stem.split_once('@')?;
    Some(format!("{begin}@.{ending}"))
}

/// The directories of what is added to a unit, the ones that count first.
fn added_to(name: &str) -> Vec<String> {
    let mut all = vec![format!("{name}.d")];
    all.extend(template(name).map(|name| format!("{name}.d")));
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return all;
    };
    let dashes = stem.match_indices('-').rev();
    all.extend(dashes.map(|(at, _)| format!("{}-.{ending}.d", &stem[..at])));
    all.push(format!("{ending}.d"));
    all
}

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
