//! What is special about packages of conda: files that hold the place of the environment, and what pip put over them.

use std::os::unix::ffi::OsStrExt;

use super::LOOK_MAX;
use super::Subject;
use crate::model::{Check, Entry, Finding, TreeKind};
use crate::python::dist::{Algorithm, Dist, Form, Row};
use crate::python::layout::is_conda_list;
use crate::python::prefix::packed;

/// What lists the files of a distribution, for people.
pub(super) fn list_of(dist: &Dist) -> &'static str {
    match dist.conda {
        Some(_) => "conda-meta",
        None => "RECORD",
    }
}

/// Whether a file is what its package holds, but for the name of the place where the environment stands: the hash that
/// conda keeps is of the place where it was installed first, and the environment may have been moved since.
pub(super) fn is_placed(subject: &Subject<'_>, dist: &Dist, row: &Row) -> bool {
    let prefixed = dist
        .record
        .as_ref()
        .and_then(|(_, record)| record.prefixed(&row.path));
    let entry = subject.manifest.get(&row.path);
    let is_small = entry
        .and_then(Entry::size)
        .is_some_and(|size| size <= LOOK_MAX);
    let (Some(prefixed), Some(place), true) = (prefixed, subject.place, is_small) else {
        return false;
    };
    let content = (subject.read)(&row.path).unwrap_or_default();
    let place = place.as_os_str().as_bytes();
    let packed = packed(&content, place, &prefixed.placeholder, prefixed.style);
    packed.is_some_and(|packed| Algorithm::Sha256.hash(&packed) == prefixed.packed)
}

/// Packages that conda lists and of which something else put another version there, and those that it brought and lists
/// no more.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = superseded(subject);
    found.extend(unlisted(subject));
    found
}

fn superseded(subject: &Subject<'_>) -> Vec<Finding> {
    let finding = |one: &crate::python::dist::Superseded| {
        let now = subject.dists.named(&one.name);
        let (by, now) = now.map_or(("something", ""), |dist| {
            (
                dist.installer.as_deref().unwrap_or("something"),
                dist.version.as_str(),
            )
        });
        let text = format!(
            "conda lists {} ('{}'), and {by} put {now} in its place: conda knows nothing of that",
            one.version, one.list
        );
        Finding::new(Check::Duplicate, text)
            .in_package(&one.name)
            .at(&one.list)
    };
    subject.dists.superseded.iter().map(finding).collect()
}

/// Distributions that conda installed and that none of its lists names. Where it has no list at all somebody may have
/// meant it so, and where one cannot be read nobody knows what that one names.
fn unlisted(subject: &Subject<'_>) -> Vec<Finding> {
    let dists = subject.dists;
    let is_list = |entry: &Entry| is_conda_list(&entry.path);
    let has_lists = subject.manifest.entries().iter().any(is_list);
    let is_closed = |dist: &Dist| dist.conda.is_some() && !dist.unread.is_empty();
    if dists.layout.kind != TreeKind::Conda || !has_lists || dists.all.iter().any(is_closed) {
        return Vec::new();
    }
    let is_listed = |name: &str| dists.all_named(name).iter().any(|one| one.conda.is_some());
    let is_its = |dist: &&Dist| {
        let is_conda = dist.installer.as_deref() == Some("conda");
        is_conda && dist.form == Form::DistInfo && !is_listed(&dist.name)
    };
    let text = "conda installed it, and no list in conda-meta names it that can be read: for conda it is not there";
    let found = |dist: &Dist| {
        let finding = Finding::new(Check::RecordUnreadable, text);
        finding.in_package(&dist.name).at(&dist.info)
    };
    dists.all.iter().filter(is_its).map(found).collect()
}
