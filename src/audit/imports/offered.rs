//! What a distribution offers and that is not there at all: programs whose function no module gives, and the only module of a
//! distribution. Nothing has to be followed for these.

use super::finding;
use super::index::Place;
use super::moment::Moment;
use super::resolve::{Found, World};
use super::roots::{Program, programs};
use crate::model::{Check, Finding};
use crate::python::dist::{Dist, Form};

/// Looks at each distribution.
pub(super) fn check(world: &World<'_>) -> Vec<Finding> {
    let programs = programs(world);
    let of_programs = programs
        .iter()
        .filter_map(|program| of_program(world, program));
    let dists = world.subject.dists.all.iter();
    let of_dists = dists.filter_map(|dist| of_dist(world, dist));
    of_programs.chain(of_dists).collect()
}

fn of_program(world: &World<'_>, program: &Program) -> Option<Finding> {
    let inside = format!("{}/{}", program.module, program.attribute);
    let is_there = world.index.place(&inside) != Place::Nothing;
    let gone = match world.index.place(&program.module) {
        Place::Nothing => &program.module,
        // A name that a whole module does not give, its wheel never had.
        Place::Namespace if !is_there => &inside,
        _ => return None,
    };
    // A top-level module that is gone is told of its distribution, or belongs to one that is not installed.
    let is_below = gone.contains('/');
    let is_lost = world.find_for(&Moment::default(), &program.list, gone) == Found::Missing(true);
    if !is_below || !is_lost || world.makers.name(world, gone) {
        return None;
    }
    let text = format!(
        "line {} names {}, which is not there, as a program",
        program.line,
        gone.replace('/', ".")
    );
    let check = Check::ImportUnresolved;
    Some(finding(world.subject, check, &program.list, text))
}

/// A distribution that says which modules it brings, and has none.
fn of_dist(world: &World<'_>, dist: &Dist) -> Option<Finding> {
    let (_, record) = dist.record.as_ref()?;
    if dist.form != Form::DistInfo || dist.editable() || record.bad > 0 {
        return None;
    }
    let is_module = |name: &[u8]| name.ends_with(b".py") || name.ends_with(b".so");
    if record.rows.iter().any(|row| is_module(row.path.name())) {
        return None;
    }
    let list = dist.info.join(b"top_level.txt").ok()?;
    world.subject.manifest.get(&list)?;
    let text = (world.subject.read)(&list)?;
    let text = String::from_utf8_lossy(&text);
    let mut names = text.split_whitespace().peekable();
    let first = *names.peek()?;
    let is_lost = |name: &str| world.find(name) == Found::Missing(true);
    if !names.all(is_lost) {
        return None;
    }
    let text =
        format!("it brings {first}, which is not there, and nothing else that could be imported");
    Some(finding(world.subject, Check::ImportUnresolved, &list, text))
}
