//! Who uses each environment: processes, services, cron jobs, and scripts by their first line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::processes::{How, processes};
use super::{DiscoverOptions, Environment};
use crate::sweep::{Machine, StartedBy, Unread};

/// Who uses an environment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Use {
    /// Something that the machine starts.
    Started {
        /// By what.
        by: StartedBy,
        /// The file that says so.
        path: PathBuf,
        /// The line there, from 1.
        line: usize,
        /// Whose rights it has.
        user: Option<String>,
    },
    /// A running process.
    Process {
        /// Its number.
        pid: u32,
        /// Its name.
        name: String,
        /// How it uses the environment.
        how: How,
    },
    /// A script whose first line, or whose link, leads into it.
    Script(PathBuf),
}

/// Puts to each environment who uses it.
pub(super) fn uses(
    machine: &Machine<'_>,
    options: &DiscoverOptions,
    environments: &mut [Environment],
    unread: &mut Vec<Unread>,
) {
    by_processes(environments, &options.root);
    // Schedules call places by their names below the root that is looked at, and often by a link on the way.
    let root = machine.root;
    let places = Places::new(environments.iter().map(|one| root.called(&one.path)));
    let innermost = |path: &Path| {
        let named = places.innermost(path);
        named.or_else(|| places.innermost(&root.place(path)))
    };
    for one in machine.started(unread) {
        let mut found: Vec<usize> = one
            .names
            .iter()
            .filter_map(|path| innermost(path))
            .collect();
        found.sort_unstable();
        found.dedup();
        for at in found {
            environments[at].uses.push(Use::Started {
                by: one.by.clone(),
                path: one.path.clone(),
                line: one.line,
                user: one.user.clone(),
            });
        }
    }
    for dir in &options.scripts {
        for path in machine.scripts_in(&root.called(dir), unread) {
            let named = machine.named_by_script(&path);
            let found = named.iter().find_map(|path| innermost(path));
            // Those of an environment itself are no news.
            if let Some(at) = found.filter(|_| innermost(&path).is_none()) {
                environments[at].uses.push(Use::Script(path));
            }
        }
    }
    for one in environments {
        one.uses.sort();
        one.uses.dedup();
    }
}

fn by_processes(environments: &mut [Environment], machine: &Path) {
    let places = Places::new(environments.iter().map(|one| one.path.clone()));
    for one in processes(machine) {
        let mut found: HashMap<usize, How> = HashMap::new();
        for (path, how) in &one.paths {
            if let Some(at) = places.innermost(path) {
                let known = found.entry(at).or_insert(*how);
                *known = (*known).min(*how);
            }
        }
        for (at, how) in found {
            let (pid, name) = (one.pid, one.name.clone());
            environments[at].uses.push(Use::Process { pid, name, how });
        }
    }
}

/// The places of environments, each with its number.
struct Places(HashMap<PathBuf, usize>);

impl Places {
    fn new(paths: impl Iterator<Item = PathBuf>) -> Self {
        Self(paths.enumerate().map(|(at, path)| (path, at)).collect())
    }

    /// In which of them a path lies; the innermost counts.
    fn innermost(&self, path: &Path) -> Option<usize> {
        path.ancestors().find_map(|dir| self.0.get(dir).copied())
    }
}
