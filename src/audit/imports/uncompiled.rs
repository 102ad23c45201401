//! Python that only the compiler can read (Cython's pure mode: `from cython.cimports…`) and of which the extension is
//! gone: what is imported in its place fails, since nobody installs the compiler (av).

use std::collections::{BTreeMap, BTreeSet};

use super::finding;
use super::index::Place;
use super::resolve::{Found, World};
use super::steps::Step;
use super::suspects::Look;
use super::wanted::Wanted;
use crate::model::{Check, Finding, RelPath};
use crate::python::imports::Import;

/// The compiler, as its sources import it.
const COMPILER: &str = "cython";
/// What exists only while it compiles.
const ONLY_THERE: &str = "cython.cimports";

/// Looks at sources for the compiler that lack their extension, of distributions that have it of others.
pub(super) fn check(world: &World<'_>, looks: &[Look<'_>]) -> Vec<Finding> {
    let is_for_compiler = |(_, imports): &&Look<'_>| {
        let mut imports = imports.iter();
        imports.any(|one| one.level == 0 && is_below(&one.module, ONLY_THERE))
    };
    let mut compiled = BTreeSet::new();
    let mut bare: BTreeMap<&str, Vec<&RelPath>> = BTreeMap::new();
    for (file, _) in looks.iter().filter(is_for_compiler) {
        let Some(dist) = world.subject.dists.owner(file) else {
            continue;
        };
        match module(world, file) {
            Some(module) if world.index.extension(module).is_some() => {
                compiled.insert(dist.name.as_str());
            }
            Some(_) => bare.entry(&dist.name).or_default().push(file),
            None => {}
        }
    }
    bare.retain(|dist, _| compiled.contains(dist));
    if bare.is_empty() || !matches!(world.find_module(COMPILER), Found::Missing(_)) {
        return Vec::new();
    }
    let bare = bare.into_values().flatten();
    bare.filter_map(|file| uncompiled(world, looks, file))
        .collect()
}

/// A source that fails whenever it is imported, and that another one imports.
fn uncompiled(world: &World<'_>, looks: &[Look<'_>], file: &RelPath) -> Option<Finding> {
    let name = module(world, file)?;
    let is_imported = looks
        .iter()
        .filter(|(by, _)| *by != file && !world.index.is_test(by))
        .any(|(by, imports)| imports.iter().any(|one| leads_to(world, by, one, name)));
    let Place::Module(source) = world.index.place(name) else {
        return None;
    };
    let parsed = world.source(source)?;
    let line = parsed.body.iter().find_map(|step| match step {
        Step::Import(Wanted {
            line,
            level: 0,
            module,
            ..
        }) if is_below(module, COMPILER) => Some(*line),
        _ => None,
    })?;
    let text = format!(
        "line {line} imports cython, which only its compiler has: the extension that was made of it is gone, and \
         others beside it are there"
    );
    is_imported.then(|| finding(world.subject, Check::ImportUnresolved, file, text))
}

/// Whether an import may lead to a module (`x/y`), also one that the compiler makes of `from cython.cimports.x.y`.
fn leads_to(world: &World<'_>, by: &RelPath, import: &Import, module: &str) -> bool {
    let compiled = import.module.strip_prefix(ONLY_THERE);
    let compiled = compiled.and_then(|rest| rest.strip_prefix('.'));
    let base = match compiled {
        Some(rest) => rest.replace('.', "/"),
        None => world.base(by, import.level, &import.module),
    };
    let mut names = import.names.iter();
    base == module || names.any(|name| format!("{base}/{name}") == module)
}

/// The module of a source (`x/y`).
fn module<'p>(world: &World<'_>, file: &'p RelPath) -> Option<&'p str> {
    let below = std::str::from_utf8(world.index.below(file)?).ok()?;
    below.strip_suffix(".py")
}

/// Whether a dotted name is another one, or below it.
fn is_below(name: &str, above: &str) -> bool {
    let rest = name.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
