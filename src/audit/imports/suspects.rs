//! Sources that may fail for want of a module that belongs to what is installed. A cheap look at their imports
//! comes first; only where one of them leads nowhere is a source parsed, and looked at alone.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::evaluate::Evaluator;
use super::exits::{Exits, Missing};
use super::index::Place;
use super::moment::Moment;
use super::outlines::Outlines;
use super::resolve::{Found, World};
use super::wanted::Wanted;
use crate::model::RelPath;
use crate::python::imports::{Import, textual};

/// What imports a source shows at a look.
pub(super) type Look<'a> = (&'a RelPath, Arc<[Import]>);

/// A source of which an import leads nowhere.
pub(super) struct Suspect<'a> {
    pub(super) file: &'a RelPath,
    /// What it lacks when it is imported, on some way.
    pub(super) may_lack: Vec<Arc<Missing>>,
    /// What it lacks whenever it is imported, if all else that it imports is there.
    pub(super) lacks: Option<Arc<Missing>>,
    /// What functions that begin with an import lack.
    pub(super) heads: Vec<Arc<Missing>>,
    /// What imports lack that fail at their first use.
    pub(super) lazy: Vec<Arc<Missing>>,
}

/// A look at each source.
pub(super) fn looks<'a>(world: &World<'a>) -> Vec<Look<'a>> {
    let look = |path: &&'a RelPath| {
        // What the scan had in hand is not read a second time.
        let imports = (world.subject.imports)(path).or_else(|| {
            let source = (world.subject.read)(path)?;
            Some(textual(&source).collect())
        });
        Some((*path, imports?))
    };
    world.index.sources.par_iter().filter_map(look).collect()
}

/// All suspects.
pub(super) fn suspects<'a>(world: &World<'a>, looks: &[Look<'a>]) -> Vec<Suspect<'a>> {
    let absent = |name: &&str| world.index.place(name) == Place::Nothing;
    let lost: HashSet<&str> = world
        .tops
        .promised()
        .filter(absent)
        .filter(|name| world.find_module(name) == Found::Missing(true))
        .collect();
    let outlines = Outlines::default();
    looks
        .par_iter()
        .filter(|(file, _)| !world.index.is_test(file))
        .filter(|(file, imports)| {
            imports
                .iter()
                .any(|one| leads_nowhere(world, &outlines, &lost, file, one))
        })
        .filter_map(|(file, _)| {
            suspect(world, file, &|one| {
                leads_nowhere(world, &outlines, &lost, file, one)
            })
        })
        .collect()
}

/// Whether an import finds nothing, whatever the reason.
pub(super) fn finds_nothing(world: &World<'_>, file: &RelPath, import: &Import) -> bool {
    let base = world.base(file, import.level, &import.module);
    match world.index.place(&base) {
        Place::Nothing => !base.is_empty() && matches!(world.find_module(&base), Found::Missing(_)),
        Place::Package(_) | Place::Namespace => {
            let is_lost =
                |name: &String| world.index.place(&format!("{base}/{name}")) == Place::Nothing;
            import.names.iter().any(is_lost)
        }
        _ => false,
    }
}

/// Whether an import finds nothing that belongs to what is installed.
fn leads_nowhere<'a>(
    world: &World<'a>,
    outlines: &Outlines<'a>,
    lost: &HashSet<&str>,
    file: &'a RelPath,
    import: &Import,
) -> bool {
    // Most imports lead elsewhere, and an absolute one shows it before anything is put together.
    if import.level == 0 {
        let top = import.module.split('.').next().unwrap_or_default();
        if world.index.place(top) == Place::Nothing {
            return lost.contains(top);
        }
    }
    let base = world.base(file, import.level, &import.module);
    if base.is_empty() {
        return false;
    }
    let moment = Moment::early(file);
    let is_lost = |module: &str| world.find_for(&moment, file, module) == Found::Missing(true);
    match world.index.place(&base) {
        Place::Nothing => is_lost(&base),
        Place::Package(init) => import.names.iter().any(|name| {
            let module = format!("{base}/{name}");
            let late = || {
                let inner = world.late(init, name);
                inner.is_some_and(|inner| is_lost(&inner))
            };
            let is_gone =
                || world.gives(&moment, init, name) == Some(false) && is_lost(&module) || late();
            world.index.place(&module) == Place::Nothing
                && !outlines.give(world, file, init, name)
                && is_gone()
        }),
        Place::Namespace => {
            let modules = import.names.iter().map(|name| format!("{base}/{name}"));
            modules
                .filter(|module| world.index.place(module) == Place::Nothing)
                .any(|module| is_lost(&module))
        }
        _ => false,
    }
}

/// A source that shows an import of which `leads_nowhere` says that it does.
fn suspect<'a>(
    world: &World<'a>,
    file: &'a RelPath,
    leads_nowhere: &dyn Fn(&Import) -> bool,
) -> Option<Suspect<'a>> {
    let source = world.source(file)?;
    // A text may show one that is no statement, such as an example.
    let is_one = |wanted: &Wanted| wanted.star || leads_nowhere(&wanted.as_import());
    if !source.imports().any(is_one) {
        return None;
    }
    let early = Evaluator::early(world, file, None).alone(file, &source);
    let exits = Evaluator::new(world, None).alone(file, &source);
    let single = |wanted: &[Wanted]| -> Vec<Arc<Missing>> {
        let body = |wanted: &Wanted| {
            let exits = Evaluator::new(world, None).late(file, wanted);
            exits.convicted().cloned()
        };
        wanted.iter().filter_map(body).collect()
    };
    let found = Suspect {
        file,
        may_lack: early.suspected().cloned().collect(),
        lacks: Exits::convicted(&exits).cloned(),
        heads: single(&source.heads),
        lazy: single(&source.lazy),
    };
    let lists = [&found.may_lack, &found.heads, &found.lazy];
    lists.iter().any(|list| !list.is_empty()).then_some(found)
}
