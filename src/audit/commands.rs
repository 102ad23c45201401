//! Commands that a distribution names and of which no script is there, where no RECORD misses one either.

use super::Subject;
use crate::model::{Check, Finding, RelPath, Shown};
use crate::python::dist::{Dist, Form, commands};

/// Looks at every distribution that was installed to its end: of others `unfinished.rs` tells.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let dists = subject.dists.all.iter();
    let whole = dists.filter(|dist| dist.form == Form::DistInfo && dist.unfinished.is_none());
    whole.filter_map(|dist| finding(subject, dist)).collect()
}

fn finding(subject: &Subject<'_>, dist: &Dist) -> Option<Finding> {
    // Without its list nobody knows what an installer made.
    let (_, record) = dist.record.as_ref()?;
    let list = dist.info.join(b"entry_points.txt").ok()?;
    subject.manifest.get(&list)?;
    let named = commands(&(subject.read)(&list)?);
    let scripts = named
        .iter()
        .filter_map(|name| subject.dists.layout.script(name));
    let is_listed = |path: &RelPath| record.row(path).is_some_and(|row| !row.movable);
    let is_missed = |path: &RelPath| subject.manifest.get(path).is_none() && !is_listed(path);
    let missed: Vec<RelPath> = scripts.filter(|path| is_missed(path)).collect();
    let first = missed.first()?;
    let names: Vec<String> = missed
        .iter()
        .map(|path| Shown(path.name()).to_string())
        .collect();
    let text = format!(
        "it names commands of which no script is there, and RECORD lists none: {}. Installing it again makes them",
        names.join(", ")
    );
    Some(
        Finding::new(Check::ScriptMissing, text)
            .in_package(&dist.name)
            .at(first),
    )
}
