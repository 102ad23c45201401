//! Sources that were removed on purpose, with bytecode in their places that Python imports all the same (`python -m
//! compileall -b`).

use std::collections::BTreeSet;

use super::Subject;
use crate::model::{Check, Finding, RelPath};
use crate::python::bytecode::{legacy_of, stands_alone};
use crate::python::dist::Dist;

/// How many distributions are named.
const NAMED: usize = 5;

/// Whether bytecode that is whole stands in the place of a source.
pub(super) fn is_stripped(subject: &Subject<'_>, source: &RelPath) -> bool {
    let is_module = subject
        .dists
        .layout
        .sites
        .iter()
        .any(|site| source.is_within(site));
    let bytecode = legacy_of(source).filter(|_| is_module);
    let Some(path) = bytecode.filter(|path| subject.manifest.get(path).is_some()) else {
        return false;
    };
    let content = (subject.read)(&path);
    content.is_some_and(|content| stands_alone(&path, &content))
}

/// The sources that were stripped.
#[derive(Default)]
pub(super) struct Stripped<'a> {
    count: u64,
    first: Option<&'a RelPath>,
    dists: BTreeSet<&'a str>,
}

impl<'a> Stripped<'a> {
    pub(super) fn add(&mut self, dist: &'a Dist, source: &'a RelPath) {
        self.count += 1;
        self.first.get_or_insert(source);
        self.dists.insert(&dist.name);
    }

    /// One notice for all of them.
    pub(super) fn notice(self) -> Option<Finding> {
        let first = self.first?;
        let what = match self.count {
            1 => "1 source is gone, and whole bytecode stands in its place".to_owned(),
            count => format!("{count} sources are gone, and whole bytecode stands in their places"),
        };
        let names: Vec<&str> = self.dists.iter().copied().collect();
        let (shown, more) = names.split_at(NAMED.min(names.len()));
        let of = match more.len() {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        };
        let text = format!("{what} (python -m compileall -b): {of}");
        let finding = Finding::new(Check::SourcesStripped, text);
        // Of several distributions no single file stands for all.
        match names[..] {
            [name] => Some(finding.in_package(name).at(first)),
            _ => Some(finding),
        }
    }
}
