//! What is imported from outside: the top-level modules of what is installed, and what entry points name.

use std::collections::{BTreeMap, BTreeSet};

use super::index::Place;
use super::resolve::World;
use crate::model::RelPath;
use crate::python::text::decoded;

/// What a distribution offers by an entry point: a program, or a part for others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// The `entry_points.txt` that names it.
    pub(super) list: RelPath,
    /// The line in it, from 1.
    pub(super) line: usize,
    /// The module as a path below the site: `x/y`.
    pub(super) module: String,
    /// What is taken from the module; empty for the module itself.
    pub(super) attribute: String,
    pub(super) is_program: bool,
}

/// Top-level names that packages install by mistake, or for their own use.
const NOT_OFFERED: [&str; 16] = [
    "dist",
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
    "bin",
    "tools",
    "e2e_test",
    "__pycache__",
];
/// Modules of `PyPy` that are distributions elsewhere.
const OF_PYPY: [&str; 4] = ["cffi", "greenlet", "hpy", "_cffi_backend"];
/// Namespaces are followed so deep.
const NAMESPACES_MAX: usize = 6;
/// Groups of entry points for which setuptools and its like ask where a package is built, which happens in another venv
/// (webhelpers names what it never had).
const FOR_BUILDS: [&str; 4] = ["buildutils.", "distutils.", "egg_info.", "setuptools."];
/// Groups of entry points that are programs.
const PROGRAMS: [&str; 2] = ["console_scripts", "gui_scripts"];

/// Who imports a module from outside of its package.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// Whoever likes to, or a program.
    Anybody,
    /// Some: another distribution that asks for plugins, if it is installed and still knows their kind, or one that
    /// shares a private package.
    Some,
}

/// All modules that somebody outside of their package imports, as paths below the site (`x/y`), each once, sorted.
pub(super) fn roots(world: &World<'_>) -> BTreeMap<String, By> {
    let mut offered = BTreeSet::new();
    let mut plugins = BTreeSet::new();
    for point in lists(world).flat_map(|(list, text)| entry_points(&list, &text)) {
        let found = if point.is_program {
            &mut offered
        } else {
            &mut plugins
        };
        found.insert(point.module);
    }
    // What the interpreter has itself is found there, before the sites: PyPy's greenlet.
    let is_brought = |top: &&str| world.python.is_pypy() && OF_PYPY.contains(top);
    for top in world.index.tops().filter(|top| !is_brought(top)) {
        add(world, top, 0, &mut offered);
    }
    // A private package is not offered to all, but nobody installs one that cannot be imported (`_bentoml_sdk`).
    let private = world.index.tops().filter(|top| {
        let name = top.trim_start_matches('_');
        name != *top && is_offered(name) && matches!(world.index.place(top), Place::Package(_))
    });
    plugins.extend(private.map(str::to_owned));
    let plugins = plugins.into_iter().map(|module| (module, By::Some));
    let offered = offered.into_iter().map(|module| (module, By::Anybody));
    plugins.chain(offered).collect()
}

/// All entry points, but for those that want extras.
pub(super) fn entries(world: &World<'_>) -> Vec<Entry> {
    let mut found = Vec::new();
    for (list, text) in lists(world) {
        found.extend(entry_points(&list, &text).into_iter().map(|point| Entry {
            list: list.clone(),
            line: point.line,
            module: point.module,
            attribute: point.attribute,
            is_program: point.is_program,
        }));
    }
    found
}

/// Each `entry_points.txt` with its text.
fn lists<'w>(world: &'w World<'_>) -> impl Iterator<Item = (RelPath, String)> + 'w {
    let dists = world.subject.dists.all.iter();
    let lists = dists.filter_map(|dist| dist.info.join(b"entry_points.txt").ok());
    let lists = lists.filter(|list| world.subject.manifest.get(list).is_some());
    lists.map(|list| {
        let text = (world.subject.read)(&list).unwrap_or_default();
        let text = decoded(&text).into_owned();
        (list, text)
    })
}

/// Whether a module (`x/y`) has a name that others import.
pub(super) fn is_offered(module: &str) -> bool {
    let name = module.rsplit('/').next().unwrap_or(module);
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_plain && !name.starts_with('_') && !NOT_OFFERED.contains(&name)
}

/// Adds a top-level module, or the packages below a namespace.
fn add(world: &World<'_>, module: &str, depth: usize, found: &mut BTreeSet<String>) {
    if !is_offered(module) {
        return;
    }
    match world.index.place(module) {
        Place::Package(_) => drop(found.insert(module.to_owned())),
        // A plain module in a directory that is no package is a script rather.
        Place::Module(_) | Place::Opaque if depth == 0 => drop(found.insert(module.to_owned())),
        Place::Namespace if depth < NAMESPACES_MAX => {
            for inside in world.index.inside(module) {
                add(world, inside, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// One line of an `entry_points.txt`.
struct Point {
    line: usize,
    is_program: bool,
    module: String,
    attribute: String,
}

/// What an `entry_points.txt` names, but for what wants extras: `x = a.b:f`.
fn entry_points(list: &RelPath, text: &str) -> Vec<Point> {
    let mut found = Vec::new();
    let (mut is_program, mut is_for_builds) = (false, false);
    let is_builder = list
        .as_bytes()
        .windows(11)
        .any(|part| part == b"/setuptools");
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if let Some(group) = line.strip_prefix('[') {
            is_program = PROGRAMS.contains(&group.trim_end_matches(']').trim());
            is_for_builds = FOR_BUILDS.iter().any(|prefix| group.starts_with(prefix));
            continue;
        }
        let Some((_, target)) = line.split_once('=') else {
            continue;
        };
        let is_idle = is_for_builds && !is_builder;
        if line.starts_with(['#', ';']) || target.contains('[') || is_idle {
            continue;
        }
        let (module, attribute) = target.split_once(':').unwrap_or((target, ""));
        let (module, attribute) = (module.trim(), attribute.trim());
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        if !module.is_empty() && module.chars().all(is_plain) {
            let first = attribute.split('.').next().unwrap_or_default();
            found.push(Point {
                line: number,
                is_program: is_program && !first.is_empty(),
                module: module.replace('.', "/"),
                attribute: first.to_owned(),
            });
        }
    }
    found
}
