//! Packages that lost their `__init__`: Python takes what is left of the directory for a namespace package (PEP 420),
//! so that importing it works and gives nothing. Real namespace packages look alike, and so do packages of which the
//! author forgot the file (`paste`, `tiktoken_ext`), so only what says that this one gave names counts: its stub, a
//! module inside it that takes a name of it, what METADATA says of it.

use std::collections::{BTreeMap, BTreeSet};

use super::doubts::doubt;
use super::index::Place;
use super::resolve::{World, ancestors};
use super::roots::{entries, is_offered};
use super::says::Says;
use super::suspects::Suspect;
use super::tops::Top;
use super::{Found, finding};
use crate::model::{Check, Finding, Node, RelPath};
use crate::python::dist::{Dist, Form, Row, normalized};
use crate::python::text::decoded;

/// Namespaces are followed so deep.
const DEPTH_MAX: usize = 6;

/// What is left of a directory without `__init__`.
#[derive(Default)]
struct Remains<'a> {
    dir: Option<RelPath>,
    /// The distributions that list a file in it; none for a file that none of them lists.
    owners: BTreeMap<Option<&'a str>, &'a RelPath>,
    has_modules: bool,
    has_sources: bool,
    /// Whether `py.typed` says that it is a package with types (PEP 561).
    is_typed: bool,
    /// `__init__.pyi`.
    stub: Option<&'a RelPath>,
    /// `__init__.pxd`, which tells compiled modules what the package gives them.
    header: Option<&'a RelPath>,
}

/// Looks at each directory that passes for a namespace.
pub(super) fn check(world: &World<'_>, suspects: &[Suspect<'_>]) -> Found {
    let mut found = Found::default();
    for (module, remains) in &remains(world) {
        let (Some(dist), Some(dir)) = (owner(world, module, remains), &remains.dir) else {
            continue;
        };
        let shown = module.replace('/', ".");
        let text = format!("{shown} has no __init__, so that importing it gives nothing");
        let lost = Finding {
            package: Some(dist.name.clone()),
            ..finding(world.subject, Check::ImportUnresolved, dir, text)
        };
        if let Some(why) = why(world, suspects, module, remains, dist) {
            let text = format!("{}; {why}", lost.text);
            found.findings.push(Finding { text, ..lost });
        } else if let Some(near) = remains.owners.values().next() {
            let module = format!("{module}/__init__");
            found.doubts.extend(doubt(world, near, &module, lost));
        }
    }
    found
}

/// What says that a package gave names.
fn why(
    world: &World<'_>,
    suspects: &[Suspect<'_>],
    module: &str,
    remains: &Remains<'_>,
    dist: &Dist,
) -> Option<String> {
    let stub = remains.stub.and_then(|stub| (world.subject.read)(stub));
    // The stub of a namespace is empty (librt).
    let gives = stub.as_deref().map(gives_names);
    let has_empty_stub = gives == Some(false);
    // Where packages alone are left of it (Cryptodome), its stub still speaks for it.
    if gives == Some(true) && (remains.has_modules || has_package(world, module)) {
        return Some("its stub __init__.pyi gives names".to_owned());
    }
    // Directories of such headers alone are no packages (Cython/Includes).
    if remains.has_modules && remains.header.is_some() {
        return Some("__init__.pxd tells what it gives compiled modules".to_owned());
    }
    if remains.has_modules
        && let Some((name, by)) = taken(world, suspects, module)
    {
        return Some(format!("line {} of '{}' takes {name} of it", by.1, by.0));
    }
    let has_packages = || {
        let mut inside = world.index.inside(module).into_iter();
        inside.any(|inside| {
            let place = world.index.place(inside);
            matches!(place, Place::Package(_) | Place::Namespace)
        })
    };
    if module.contains('/') {
        return why_below(world, module, remains, dist);
    }
    // Parts of a namespace are marked one by one, the namespace itself is not; but some of a nested one are.
    let is_named = normalized(module) == dist.name;
    let is_typed = remains.is_typed && !has_empty_stub;
    if is_typed && (remains.has_sources || is_named && !has_packages()) {
        return Some("it is marked as a package by py.typed".to_owned());
    }
    // A part for others that gives nothing is none; themes and the like have no modules.
    if is_named
        && remains.has_modules
        && let Some(line) = offered_whole(world, module, dist)
    {
        return Some(format!(
            "line {line} of entry_points.txt names it as a part for others"
        ));
    }
    if !remains.has_modules && has_packages() {
        return None;
    }
    said(world, module, dist, is_named)
}

/// What a distribution says of a module at the top.
fn said(world: &World<'_>, module: &str, dist: &Dist, is_named: bool) -> Option<String> {
    let says = Says::read(world, dist);
    if says.imports(module) {
        return Some("METADATA names it as an import".to_owned());
    }
    let extension = format!("{module}/{module}");
    let has_extension = || world.index.place(&extension) == Place::Opaque;
    let is_made = |builder: &&str| says.is_of(builder) && (*builder == "flit" || has_extension());
    let builder = ["flit", "maturin"].into_iter().find(is_made);
    if let Some(builder) = builder.filter(|_| is_named) {
        return Some(format!(
            "{builder} made its wheel, which gives a package an __init__"
        ));
    }
    let is_nowhere = |name: &str| world.index.place(&format!("{module}/{name}")) == Place::Nothing;
    let name = says.name_taken_of(module, is_nowhere);
    name.filter(|_| is_named)
        .map(|name| format!("METADATA shows how to take {name} of it"))
}

/// The line of a distribution's own entry points that offers a module itself, and no name of it.
fn offered_whole(world: &World<'_>, module: &str, dist: &Dist) -> Option<usize> {
    let own = entries(world).into_iter();
    let mut own = own.filter(|one| one.list.is_within(&dist.info));
    let offer = own.find(|one| one.module == module && one.attribute.is_empty());
    offer.map(|one| one.line)
}

/// Whether a stub has more than remarks, and than what makes a namespace of several directories.
fn gives_names(stub: &[u8]) -> bool {
    let stub = decoded(stub);
    let mut lines = stub.lines().map(str::trim);
    let is_namespace = |line: &str| line.contains("__path__") || line.contains("extend_path");
    lines.any(|line| !line.is_empty() && !line.starts_with('#') && !is_namespace(line))
}

/// Whether a package lies right in a directory.
fn has_package(world: &World<'_>, module: &str) -> bool {
    let mut inside = world.index.inside(module).into_iter();
    inside.any(|inside| matches!(world.index.place(inside), Place::Package(_)))
}

/// What says the same of a directory below another one.
fn why_below(
    world: &World<'_>,
    module: &str,
    remains: &Remains<'_>,
    dist: &Dist,
) -> Option<String> {
    let says = || Says::read(world, dist);
    let dotted = module.replace('/', ".");
    let is_named = normalized(&dotted) == dist.name;
    // Of a distribution that could be imported by nothing else, its builder or its own text tells what it was.
    if is_named {
        let is_only = || !has_module(world, dist) && is_all(world, dist, module);
        if says().is_of("flit") && is_only() {
            return Some("flit made its wheel, which gives a package an __init__".to_owned());
        }
        let says = says();
        let is_nowhere =
            |name: &str| world.index.place(&format!("{module}/{name}")) == Place::Nothing;
        let name = says.name_taken_of(&dotted, is_nowhere);
        if let Some(name) = name.filter(|_| !has_package(world, module)) {
            return Some(format!("METADATA shows how to take {name} of it"));
        }
    }
    if !remains.has_modules {
        return None;
    }
    // The generator of Google's clients makes both along with `__init__.py`.
    let version = world.index.place(&format!("{module}/gapic_version"));
    if remains.is_typed && matches!(version, Place::Module(_)) {
        return Some("gapic_version.py is made along with one".to_owned());
    }
    let says = says();
    if says.imports(&dotted) {
        return Some("METADATA names it as an import".to_owned());
    }
    let is_flits = says.is_of("flit") && is_all(world, dist, module);
    is_flits.then(|| "flit made its wheel, which gives a package an __init__".to_owned())
}

/// The modules that a distribution lists.
fn modules(dist: &Dist) -> impl Iterator<Item = &Row> {
    let rows = dist.record.iter().flat_map(|(_, record)| &record.rows);
    rows.filter(|row| {
        let name = row.path.name();
        name.ends_with(b".py") || name.ends_with(b".so")
    })
}

/// Whether a distribution lists any module.
fn has_module(world: &World<'_>, dist: &Dist) -> bool {
    modules(dist).any(|row| world.index.below(&row.path).is_some())
}

/// Whether all modules of a distribution lie in one directory.
fn is_all(world: &World<'_>, dist: &Dist, module: &str) -> bool {
    modules(dist).all(|row| {
        // Scripts lie elsewhere.
        let below = world.index.below(&row.path);
        let rest = below.map(|below| below.strip_prefix(module.as_bytes()));
        rest.is_none_or(|rest| rest.is_some_and(|rest| rest.starts_with(b"/")))
    })
}

/// The name that a module inside a package takes of it in vain, and where.
fn taken<'s>(
    world: &World<'_>,
    suspects: &'s [Suspect<'_>],
    module: &str,
) -> Option<(&'s str, (&'s RelPath, usize))> {
    let prefix = format!("{}.", module.replace('/', "."));
    let lacks = suspects.iter().filter_map(|one| one.lacks.as_ref());
    let mut names = lacks.filter_map(|lacks| {
        let name = lacks.module.strip_prefix(&prefix)?;
        let below = world.index.package(&lacks.file)?;
        let is_inside = ancestors(below).chain([below]).any(|above| above == module);
        let is_given = || {
            let taker = (&lacks.file, lacks.line);
            world
                .makers
                .give_before(world, &lacks.module.replace('.', "/"), taker)
        };
        let counts = is_inside && !name.contains('.') && !is_given();
        counts.then_some((name, (&lacks.file, lacks.line)))
    });
    names.next()
}

/// The one distribution to which all that is left belongs.
fn owner<'a>(world: &World<'a>, module: &str, remains: &Remains<'a>) -> Option<&'a Dist> {
    let (Some(_), file) = remains
        .owners
        .iter()
        .next()
        .filter(|_| remains.owners.len() == 1)?
    else {
        return None;
    };
    let dist = world.subject.dists.owner(file)?;
    let (_, record) = dist.record.as_ref()?;
    let is_whole = dist.form == Form::DistInfo && !dist.editable() && record.bad == 0;
    let top = module.split('/').next().unwrap_or(module);
    // Another directory of the path may hold the package, and a `.pth` file may make it.
    let is_here_alone = matches!(world.tops.find_top(top), Top::Lost | Top::Absent);
    (is_whole && is_here_alone && !says_namespace(world, module)).then_some(dist)
}

/// Whether a distribution says that a package is a namespace (setuptools).
fn says_namespace(world: &World<'_>, module: &str) -> bool {
    let dotted = module.replace('/', ".");
    world.subject.dists.all.iter().any(|dist| {
        let list = dist.info.join(b"namespace_packages.txt").ok();
        let list = list.filter(|list| world.subject.manifest.get(list).is_some());
        let text = list.and_then(|list| (world.subject.read)(&list));
        text.is_some_and(|text| decoded(&text).lines().any(|line| line.trim() == dotted))
    })
}

/// The directories that pass for namespaces, by their modules.
fn remains<'a>(world: &World<'a>) -> BTreeMap<&'a str, Remains<'a>> {
    let mut found = BTreeMap::new();
    for top in world.index.tops() {
        add(world, top, 0, &mut found);
    }
    if found.is_empty() {
        return found;
    }
    for entry in world.subject.manifest.entries() {
        let Some(below) = world.index.below(&entry.path) else {
            continue;
        };
        let Ok(below) = std::str::from_utf8(below) else {
            continue;
        };
        if matches!(entry.node, Node::Dir) {
            if let Some(remains) = found.get_mut(below) {
                remains.dir.get_or_insert_with(|| entry.path.clone());
            }
            continue;
        }
        let (above, name) = below.rsplit_once('/').unwrap_or(("", below));
        if above.ends_with("__pycache__")
            || !ancestors(above)
                .chain([above])
                .any(|dir| found.contains_key(dir))
        {
            continue;
        }
        let owner = world.subject.dists.owner(&entry.path);
        let owner = owner.map(|dist| dist.name.as_str());
        for dir in ancestors(above).chain([above]) {
            if let Some(remains) = found.get_mut(dir) {
                remains.owners.entry(owner).or_insert(&entry.path);
            }
        }
        if let Some(remains) = found.get_mut(above) {
            remains.see(name, &entry.path);
        }
    }
    found
}

impl<'a> Remains<'a> {
    /// A file right in the directory.
    fn see(&mut self, name: &str, path: &'a RelPath) {
        match name {
            "py.typed" => self.is_typed = true,
            "__init__.pyi" => self.stub = Some(path),
            "__init__.pxd" => self.header = Some(path),
            "__main__.py" => {}
            _ => {
                let suffix = name.rsplit_once('.').map(|(_, suffix)| suffix);
                self.has_sources |= suffix == Some("py");
                self.has_modules |= matches!(suffix, Some("py" | "so"));
            }
        }
    }
}

fn add<'a>(
    world: &World<'a>,
    module: &'a str,
    depth: usize,
    found: &mut BTreeMap<&'a str, Remains<'a>>,
) {
    if depth >= DEPTH_MAX || !is_offered(module) || world.index.place(module) != Place::Namespace {
        return;
    }
    let inside: BTreeSet<&str> = world.index.inside(module).into_iter().collect();
    found.insert(module, Remains::default());
    for inside in inside {
        add(world, inside, depth + 1, found);
    }
}
