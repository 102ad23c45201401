//! Imports inside installed packages that lead nowhere, judged as the interpreter would judge them, without running
//! anything. RECORD cannot tell these where an installer rewrote it to match what it had (uv drops the rows of
//! members that a wheel lacks).
//!
//! What counts is whether importing what is imported from outside fails (`roots.rs`). `suspects.rs` finds sources in
//! which an import leads nowhere; `reach.rs` tells which modules may lead to them; `evaluate.rs` follows what is
//! executed from the roots on, through guards and handlers (`reduce.rs`, `guard.rs`), with names (`names.rs`) and
//! places (`index.rs`, `tops.rs`, `resolve/`) as Python sees them. Only what fails on every way is damage. Work and
//! depth are bounded (promise 8).

mod aliases;
mod alone;
mod answers;
mod asked;
mod attributes;
mod binds;
mod borne;
mod catches;
mod compiled;
mod cython;
mod declines;
mod dotted;
mod doubts;
mod embedded;
mod evaluate;
mod exits;
mod finders;
mod frames;
mod getters;
mod guard;
mod hollow;
mod importing;
mod index;
mod lazily;
mod meanings;
mod moment;
mod names;
mod objects;
mod offered;
mod openings;
mod outline;
mod outlines;
pub(super) mod outside;
mod own_dir;
mod reach;
mod reading;
mod rebound;
mod reduce;
mod resolve;
mod roots;
mod says;
mod slice;
mod statements;
pub(super) mod steps;
mod surroundings;
mod suspects;
mod texts;
mod tops;
mod uncompiled;
mod unreached;
pub(super) mod wanted;
pub(super) mod wants;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::Subject;
use super::stack::with_stack;
use crate::model::{Check, Doubt, Finding, RelPath};
use evaluate::{Evaluator, Lead};
use exits::Missing;
use index::Place;
use reach::Importers;
use resolve::{World, ancestors};
use roots::{By, roots};
use suspects::{Look, Suspect, finds_nothing, looks, suspects};

/// So often the evaluation is repeated with what was found missing taken for there, to find what else is missing.
const ROUNDS_MAX: usize = 24;
/// The evaluation calls itself; see `evaluate::DEPTH_MAX`.
const STACK: usize = 48 << 20;

/// What is found, and what other evidence may make a finding of.
#[derive(Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) doubts: Vec<Doubt>,
}

/// What is missing, and the first root that it keeps from being imported.
type Convicted = BTreeMap<Missing, String>;

/// Checks the imports of every module that is installed.
pub(super) fn check(subject: &Subject<'_>) -> Found {
    let world = World::new(subject);
    doubts::settle(&world, look(&world))
}

fn look(world: &World<'_>) -> Found {
    let subject = world.subject;
    let looks = looks(world);
    let suspects = suspects(world, &looks);
    let mut findings = offered::check(world);
    let hollow = hollow::check(world, &suspects);
    let mut doubts = hollow.doubts;
    doubts.extend(embedded::check(world));
    findings.extend(hollow.findings);
    findings.extend(attributes::check(world, &looks));
    findings.extend(uncompiled::check(world, &looks));
    if suspects.is_empty() {
        return Found { findings, doubts };
    }
    let convicted = convict(world, &looks, &suspects);
    let gone: BTreeSet<&str> = convicted.keys().map(|one| one.module.as_str()).collect();
    let mut told: BTreeSet<Missing> = convicted.keys().cloned().collect();
    for (missing, root) in &convicted {
        let text = format!(
            "line {} imports {}, which is not there; importing {root} fails",
            missing.line, missing.module
        );
        findings.push(finding(
            subject,
            Check::ImportUnresolved,
            &missing.file,
            text,
        ));
    }
    // Whoever else in the package needs what is gone fails as well, once it is imported.
    for lacks in suspects.iter().filter_map(|suspect| suspect.lacks.as_ref()) {
        let is_gone = is_of_own(world, lacks) && gone.contains(lacks.module.as_str());
        if is_gone && told.insert(Missing::clone(lacks)) {
            let text = line(lacks, "which is not there");
            findings.push(finding(subject, Check::ImportUnresolved, &lacks.file, text));
        }
    }
    let unreached = unreached::check(world, &suspects, &told);
    findings.extend(unreached.findings);
    doubts.extend(unreached.doubts);
    Found { findings, doubts }
}

/// Whether what is missing would lie in the package that imports it: the one at the top, or below a namespace.
fn is_of_own(world: &World<'_>, missing: &Missing) -> bool {
    let module = missing.module.replace('.', "/");
    let is_shared = |above: &&str| world.index.place(above) == Place::Namespace;
    let package = ancestors(&module).find(|above| !is_shared(above));
    // What would lie right in a namespace is missed only of the one that has modules there: whoever has a package in it
    // may be a part for another one that is not installed (paste.deploy for paste.script).
    let Some(package) = package else {
        let owner = |file: &RelPath| world.subject.dists.owner(file).map(|dist| &dist.name);
        let own = owner(&missing.file);
        let dir = module.rsplit_once('/').map_or("", |(dir, _)| dir);
        let mut beside = world.index.inside(dir).into_iter();
        return beside.any(
            |one| matches!(world.index.place(one), Place::Module(file) if owner(file) == own),
        );
    };
    is_below(world, &missing.file, package)
}

fn is_below(world: &World<'_>, file: &RelPath, package: &str) -> bool {
    let below = world.index.below(file).unwrap_or_default();
    let rest = below.strip_prefix(package.as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"/"))
}

fn line(missing: &Missing, what: &str) -> String {
    format!("line {} imports {}, {what}", missing.line, missing.module)
}

fn finding(subject: &Subject<'_>, check: Check, file: &RelPath, text: String) -> Finding {
    let owner = subject.dists.owner(file).map(|dist| dist.name.clone());
    Finding {
        package: owner,
        ..Finding::new(check, text).at(file)
    }
}

/// Evaluates the roots that may lead to a suspect.
fn convict<'a>(world: &World<'a>, looks: &[Look<'a>], suspects: &[Suspect<'a>]) -> Convicted {
    let importers = Importers::new(world, looks);
    let files = suspects.iter().filter(|one| !one.may_lack.is_empty());
    let files: Vec<&'a RelPath> = files.map(|suspect| suspect.file).collect();
    let fails = looks.par_iter().filter(|(file, imports)| {
        let mut imports = imports.iter();
        imports.any(|import| finds_nothing(world, file, import))
    });
    let fails: Vec<&RelPath> = fails.map(|(file, _)| *file).collect();
    let mut lead = Lead {
        to_suspects: importers.leading(files.iter().copied()),
        to_failures: importers.leading(fails.into_iter()),
    };
    // Most have something else in the place of what they lack, which a look at them alone does not tell.
    let may_fail = |file: &&'a RelPath| {
        let alone = || Evaluator::early(world, file, Some(&lead)).may_fail(file);
        with_stack(STACK, alone).unwrap_or(true)
    };
    let files: Vec<&RelPath> = files.into_par_iter().filter(may_fail).collect();
    lead.to_suspects = importers.leading(files.into_iter());
    let leads = |(root, _): &(String, By)| {
        let mut modules = ancestors(root).chain([root.as_str()]);
        modules.any(|module| {
            let file = world.index.executed(module);
            file.is_some_and(|file| lead.to_suspects.contains(file))
        })
    };
    let roots: Vec<(String, By)> = roots(world).into_iter().filter(leads).collect();
    if roots.is_empty() {
        return Convicted::new();
    }
    with_stack(STACK, || evaluated(world, &lead, &roots)).unwrap_or_default()
}

fn evaluated<'a>(world: &World<'a>, lead: &Lead<'a>, roots: &[(String, By)]) -> Convicted {
    let mut convicted = Convicted::new();
    let mut evaluator = Evaluator::new(world, Some(lead));
    for _ in 0..ROUNDS_MAX {
        let mut found: Vec<Arc<Missing>> = Vec::new();
        for (root, by) in roots {
            let exits = evaluator.root(root);
            let Some(missing) = exits.convicted() else {
                continue;
            };
            // A plugin may have outlived the host that would ask for it; nobody imports it then.
            if *by == By::Some && !is_of_own(world, missing) {
                continue;
            }
            let shown = root.replace('/', ".");
            convicted.entry(Missing::clone(missing)).or_insert(shown);
            found.push(Arc::clone(missing));
        }
        if found.is_empty() {
            break;
        }
        let modules: HashSet<&str> = found.iter().map(|one| one.module.as_str()).collect();
        for module in modules {
            evaluator.tell(&module.replace('.', "/"));
        }
    }
    convicted
}

#[cfg(test)]
mod tests;
