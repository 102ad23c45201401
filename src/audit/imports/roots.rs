//! What is imported from outside: the top-level modules of what is installed, and what entry points name.

use std::collections::BTreeMap;

use super::index::Place;
use super::resolve::World;
use crate::model::RelPath;

/// A module that somebody outside of its package imports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Root {
    /// As a path below the site: `x/y`.
    pub(super) module: String,
    /// The `entry_points.txt` that names it as a program.
    pub(super) named_by: Option<RelPath>,
}

/// Top-level names that packages install by mistake, or for their own use.
const NOT_OFFERED: [&str; 14] = [
    "tests",
    "test",
    "testing",
    "_tests",
    "docs",
    "doc",
    "examples",
    "example",
    "benchmarks",
    "benchmark",
    "scripts",
    "tools",
    "e2e_test",
    "__pycache__",
];
/// Namespaces are followed so deep.
const NAMESPACES_MAX: usize = 6;
/// Groups of entry points that are programs.
const PROGRAMS: [&str; 2] = ["console_scripts", "gui_scripts"];

/// All roots, each once, sorted.
pub(super) fn roots(world: &World<'_>) -> Vec<Root> {
    let mut found: BTreeMap<String, Option<RelPath>> = BTreeMap::new();
    for dist in &world.subject.dists.all {
        let list = dist.info.join(b"entry_points.txt").ok();
        let list = list.filter(|list| world.subject.manifest.get(list).is_some());
        let Some(list) = list else { continue };
        let text = (world.subject.read)(&list).unwrap_or_default();
        for (module, is_program) in entry_points(&String::from_utf8_lossy(&text)) {
            let known = found.entry(module).or_default();
            if is_program {
                *known = Some(list.clone());
            }
        }
    }
    let mut tops: Vec<&str> = world.index.tops().collect();
    tops.sort_unstable();
    for top in tops {
        add(world, top, 0, &mut found);
    }
    let root = |(module, named_by)| Root { module, named_by };
    found.into_iter().map(root).collect()
}

/// Adds a top-level module, or the packages below a namespace.
fn add(
    world: &World<'_>,
    module: &str,
    depth: usize,
    found: &mut BTreeMap<String, Option<RelPath>>,
) {
    let name = module.rsplit('/').next().unwrap_or(module);
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_plain || name.starts_with('_') || NOT_OFFERED.contains(&name) {
        return;
    }
    match world.index.place(module) {
        Place::Package(_) => drop(found.entry(module.to_owned()).or_default()),
        // A plain module in a directory that is no package is a script rather.
        Place::Module(_) if depth == 0 => drop(found.entry(module.to_owned()).or_default()),
        Place::Namespace if depth < NAMESPACES_MAX => {
            for inside in world.index.inside(module) {
                add(world, inside, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// The modules that an `entry_points.txt` names, but for those of extras, each with whether it is a program: `a/b` of
/// `x = a.b:f`.
fn entry_points(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut is_program = false;
    for line in text.lines().map(str::trim) {
        if let Some(group) = line.strip_prefix('[') {
            is_program = PROGRAMS.contains(&group.trim_end_matches(']').trim());
            continue;
        }
        let Some((_, target)) = line.split_once('=') else {
            continue;
        };
        if line.starts_with(['#', ';']) || target.contains('[') {
            continue;
        }
        let module = target.split(':').next().unwrap_or_default().trim();
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        if !module.is_empty() && module.chars().all(is_plain) {
            found.push((module.replace('.', "/"), is_program));
        }
    }
    found
}
