//! Packages inside of others that lost their `__init__`: Python takes what is left for a namespace package, which has
//! no names but those of the modules in it. A module that uses another one (`from . import models as m`, then
//! `m.Name`) fails.

use std::collections::BTreeMap;

use super::finding;
use super::index::Place;
use super::moment::Moment;
use super::resolve::World;
use super::statements::line_at;
use super::suspects::Look;
use crate::model::{Check, Finding, RelPath};
use crate::python::text::decoded;

/// Looks at what modules take of directories without `__init__` that lie in packages. Those at the top are shared by
/// whoever likes.
pub(super) fn check(world: &World<'_>, looks: &[Look<'_>]) -> Vec<Finding> {
    let mut found = BTreeMap::new();
    for (file, imports) in looks {
        for import in imports.iter().filter(|import| !import.names.is_empty()) {
            let package = world.base(file, import.level, &import.module);
            let Place::Package(init) = world.index.place(&package) else {
                continue;
            };
            for name in &import.names {
                let module = format!("{package}/{name}");
                let is_hollow = world.index.place(&module) == Place::Namespace
                    && has_modules(world, &module)
                    && world.gives(&Moment::default(), init, name) == Some(false);
                if is_hollow && !found.contains_key(&module) && !world.index.is_test(file) {
                    let uses = uses(world, file, &module, name);
                    found.extend(uses.map(|finding| (module, finding)));
                }
            }
        }
    }
    found.into_values().collect()
}

/// Whether modules lie right in a directory: one of stubs or data is no package that lost something.
fn has_modules(world: &World<'_>, dir: &str) -> bool {
    let mut inside = world.index.inside(dir).into_iter();
    inside.any(|module| matches!(world.index.place(module), Place::Module(_) | Place::Opaque))
}

/// The first use of a name that nothing in the directory gives.
fn uses(world: &World<'_>, file: &RelPath, module: &str, taken: &str) -> Option<Finding> {
    let (_, record) = world.subject.dists.owner(file)?.record.as_ref()?;
    if record.bad > 0 {
        return None;
    }
    let bytes = (world.subject.read)(file)?;
    let text = decoded(&bytes);
    let is_given = |name: &str| {
        let inside = format!("{module}/{name}");
        name.starts_with("__")
            || world.index.place(&inside) != Place::Nothing
            || world.makers.give(world, &inside)
    };
    let (name, at) = attribute(&text, bound(&text, taken), is_given)?;
    let text = format!(
        "line {} uses {name} of {}, which has no __init__ to give it",
        line_at(&text, at),
        module.replace('/', ".")
    );
    Some(finding(world.subject, Check::ImportUnresolved, file, text))
}

/// The name under which a text has a module that it imports.
fn bound<'t>(text: &'t str, module: &'t str) -> &'t str {
    let renamed = format!(" {module} as ");
    let rest = text.find(&renamed).map(|at| &text[at + renamed.len()..]);
    rest.map_or(module, |rest| &rest[..length_of_name(rest)])
}

/// The first attribute of a name that is not given, and where the text has it. Comments and parts of longer names are
/// passed over.
fn attribute<'t>(
    text: &'t str,
    of: &str,
    is_given: impl Fn(&str) -> bool,
) -> Option<(&'t str, usize)> {
    let begin = format!("{of}.");
    text.match_indices(&begin).find_map(|(at, _)| {
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        let is_part = line.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/'));
        let rest = &text[at + begin.len()..];
        let name = &rest[..length_of_name(rest)];
        let counts = !is_part && !line.contains('#') && !line.trim_start().starts_with("import ");
        (counts && !name.is_empty() && !is_given(name)).then_some((name, at))
    })
}

fn length_of_name(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    end.unwrap_or(text.len())
}
