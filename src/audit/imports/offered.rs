//! What a distribution offers and that is not there at all: entry points whose module is gone or gives nothing, and the
//! only module of a distribution. Nothing has to be followed for these.

use super::finding;
use super::index::Place;
use super::index::TESTS;
use super::moment::Moment;
use super::resolve::{Found, World, ancestors};
use super::roots::{Entry, entries, is_offered};
use super::says::Says;
use crate::model::{Check, Finding, RelPath};
use crate::python::dist::{Dist, Form};

/// Looks at each distribution.
pub(super) fn check(world: &World<'_>) -> Vec<Finding> {
    let entries = entries(world);
    let of_entries = entries.iter().filter_map(|entry| of_entry(world, entry));
    let dists = world.subject.dists.all.iter();
    let of_dists = dists.filter_map(|dist| of_dist(world, dist));
    of_entries.chain(of_dists).collect()
}

fn of_entry(world: &World<'_>, entry: &Entry) -> Option<Finding> {
    let inside = format!("{}/{}", entry.module, entry.attribute);
    let is_there = world.index.place(&inside) != Place::Nothing;
    let gone = match world.index.place(&entry.module) {
        Place::Nothing => &entry.module,
        // A name that a whole module does not give, its wheel never had.
        Place::Namespace if !is_there && !entry.attribute.is_empty() => &inside,
        _ => return None,
    };
    // A top-level module that is gone is told of its distribution, or belongs to one that is not installed.
    let is_below = gone.contains('/');
    // A test may name what is not there on purpose (stevedore).
    let is_test = entry.module.split('/').any(|part| TESTS.contains(&part));
    let is_lost = match world.find_for(&Moment::default(), &entry.list, gone) {
        Found::Missing(own) => own || was_brought(world, &entry.list, gone),
        _ => false,
    };
    if !is_below || is_test || !is_lost || world.makers.name(world, &Moment::default(), gone) {
        return None;
    }
    let what = if entry.is_program {
        "a program"
    } else {
        "a part for others"
    };
    let text = format!(
        "line {} names {}, which is not there, as {what}",
        entry.line,
        gone.replace('/', ".")
    );
    let check = Check::ImportUnresolved;
    Some(finding(world.subject, check, &entry.list, text))
}

/// Whether the distribution of a list must have brought a module (`ns/x`) into a namespace that others share: it has
/// others in the same directory, or none at all.
fn was_brought(world: &World<'_>, list: &RelPath, module: &str) -> bool {
    let dist = world.subject.dists.owner(list);
    let dist = dist.filter(|dist| !dist.editable());
    let Some((dist, (_, record))) = dist.and_then(|dist| Some((dist, dist.record.as_ref()?)))
    else {
        return false;
    };
    let mut above = ancestors(module).map(|above| world.index.place(above));
    let is_shared = above.next() == Some(Place::Namespace)
        && above.all(|place| matches!(place, Place::Namespace | Place::Nothing));
    if !is_shared || dist.form != Form::DistInfo || record.bad > 0 {
        return false;
    }
    let rows = record.rows.iter().filter(|row| is_module(world, &row.path));
    let mut parents = rows.map(|row| world.index.package(&row.path).unwrap_or_default());
    let dir = module.rsplit_once('/').map_or("", |(dir, _)| dir);
    let first = parents.next();
    first.is_none() || first.into_iter().chain(parents).any(|parent| parent == dir)
}

/// Whether a file is a module. A script in `bin` that ends in `.py` is none (bottle).
fn is_module(world: &World<'_>, path: &RelPath) -> bool {
    let name = path.name();
    let ends = name.ends_with(b".py") || name.ends_with(b".so");
    ends && world.index.below(path).is_some()
}

/// A distribution that brought modules, and has none.
fn of_dist(world: &World<'_>, dist: &Dist) -> Option<Finding> {
    let (_, record) = dist.record.as_ref()?;
    if dist.form != Form::DistInfo || dist.editable() || record.bad > 0 {
        return None;
    }
    if record.rows.iter().any(|row| is_module(world, &row.path)) {
        return None;
    }
    let is_bare = record.rows.iter().all(|row| row.path.is_within(&dist.info));
    let (list, name) =
        of_list(world, dist).or_else(|| is_bare.then(|| of_metadata(world, dist)).flatten())?;
    let text =
        format!("it brings {name}, which is not there, and nothing else that could be imported");
    Some(finding(world.subject, Check::ImportUnresolved, &list, text))
}

/// The first module of `top_level.txt`, where none of them is there.
fn of_list(world: &World<'_>, dist: &Dist) -> Option<(RelPath, String)> {
    let list = dist.info.join(b"top_level.txt").ok()?;
    world.subject.manifest.get(&list)?;
    let text = (world.subject.read)(&list)?;
    let text = String::from_utf8_lossy(&text);
    // Stubs are no modules, and what a builder left lying about was never brought (boto3-stubs: `dist`).
    let is_plain = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let is_meant = |name: &&str| is_plain(name) && (name.starts_with('_') || is_offered(name));
    let names: Vec<&str> = text.split_whitespace().filter(is_meant).collect();
    let first = names.first()?;
    names
        .iter()
        .all(|name| is_lost(world, name))
        .then(|| (list, (*first).to_owned()))
}

/// The module that a distribution must have brought though it lists nothing but its own metadata.
fn of_metadata(world: &World<'_>, dist: &Dist) -> Option<(RelPath, String)> {
    let metadata = dist.metadata.as_ref()?;
    let says = Says::read(world, dist);
    let own = dist.name.replace('-', "_");
    let list = dist.info.join(b"METADATA").ok()?;
    let is_gone = |name: &&str| {
        matches!(
            world.find_module(&name.replace('.', "/")),
            Found::Missing(_)
        ) || is_lost(world, name)
    };
    let named = says.import_names().find(is_gone);
    if let Some(name) = named {
        return Some((list, name.to_owned()));
    }
    // Flit takes a module always. A wheel for one platform alone has something that was built for it.
    let is_built = dist.tags.iter().any(|tag| !tag.ends_with("-any"));
    let is_shown = metadata.requires.is_empty() && says.shows(&own);
    let is_lost = is_lost(world, &own);
    (is_lost && (says.is_of("flit") || is_built || is_shown)).then_some((list, own))
}

/// Whether nothing is left of a top-level module.
fn is_lost(world: &World<'_>, name: &str) -> bool {
    let is_empty =
        || world.index.place(name) == Place::Namespace && world.index.inside(name).is_empty();
    world.find_module(name) == Found::Missing(true) || is_empty()
}
