//! Gathers what the rules of diagnosis look at: from a comparison with a snapshot, or from an audit alone.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use super::came_with::{dir_changes, tell_compiled, unfinished, with_caches};
use super::packages::Installed;
use super::sides::Sides;
use super::sightings::believed;
use crate::diagnose::{Actual, Case, Expected, Hurt, diagnose};
use crate::disk::rooted::Rooted;
use crate::disk::space::is_full;
use crate::model::{
    Audit, Change, Check, Class, Diagnosis, Entry, Finding, Kind, Manifest, Node, RelPath,
    Sighting, Time,
};
use crate::python::Culprit;
use crate::python::bytecode::is_bytecode;
use crate::python::dist::Dists;
use crate::python::interpreter::Facts;
use crate::python::layout::pythons;
use crate::tree::hash::read_file;
use crate::tree::sharing::Inside;

/// Python files above this size, in bytes, are not parsed.
const PATCH_MAX: u64 = 4 << 20;
/// About so many whole files are looked at, as a sample of all.
const SAMPLE: usize = 200;
/// A file whose change time is more than so many seconds later than its mtime is a copy that kept the mtime, or a link.
const KEPT: i64 = 120;
/// How many altered files are parsed: a patch by hand is small.
const PARSED_MAX: usize = 3;

/// What probably did the damage that a comparison with a snapshot shows.
pub(super) fn from_changes(
    sides: &Sides<'_>,
    installed: &Installed,
    changes: &[Change],
    interpreter: Option<&Facts>,
    caches: &[PathBuf],
    sightings: &[Sighting],
) -> Vec<Diagnosis> {
    let damage: Vec<&Change> = changes
        .iter()
        .filter(|change| change.class == Class::Damage && !is_bytecode(&change.path))
        .filter(|change| !is_dir(change))
        .collect();
    if damage.is_empty() && interpreter.is_none_or(|facts| facts.problems.is_empty()) {
        return Vec::new();
    }
    let parse = damage.len() <= PARSED_MAX;
    let inside = Inside::new(sides.actual);
    let hurts = damage
        .iter()
        .map(|change| hurt(sides, &inside, change, parse));
    let expected = sides
        .expected
        .entries()
        .iter()
        .filter(|entry| entry.size().is_some() && !is_bytecode(&entry.path))
        .map(|entry| Expected {
            path: Cow::Borrowed(&entry.path),
            size: entry.size(),
            mtime: Some(entry.meta.mtime),
        });
    let mut hurts: Vec<Hurt> = hurts.collect();
    tell_compiled(sides.live, sides.actual, &mut hurts);
    let case = Case {
        dir_changes: dir_changes(sides.live, &hurts),
        copied_until: sides
            .live
            .and_then(|root| copied_until(root, sides.actual, &hurts)),
        full: sides.live.is_some_and(is_full),
        sightings: believed(sides.live, sightings, &hurts),
        hurts,
        expected: expected.collect(),
        interpreter: problem(interpreter),
        culprit: interpreter.map_or_else(Culprit::default, |facts| facts.culprit.clone()),
        ..surroundings(
            sides.actual,
            &installed.actual,
            Some((&installed.expected, sides.expected)),
        )
    };
    diagnose(&with_caches(case, sides.live, &installed.actual, caches))
}

/// What probably did the damage that an audit shows.
pub(super) fn from_audit(
    root: Option<&Rooted>,
    live: &Manifest,
    dists: &Dists,
    audit: &Audit,
    interpreter: &Facts,
    caches: &[PathBuf],
    sightings: &[Sighting],
) -> Vec<Diagnosis> {
    let findings: Vec<(&Finding, Kind)> = audit
        .damage()
        .filter_map(|finding| Some((finding, kind(finding, live)?)))
        .collect();
    let parse = findings.len() <= PARSED_MAX;
    let inside = Inside::new(live);
    let hurts = findings.iter().filter_map(|&(finding, kind)| {
        let path = finding.path.clone()?;
        Some(Hurt {
            kind,
            package: finding.package.clone(),
            expected_size: finding.expected_size,
            expected_mtime: None,
            behind: finding.behind.clone(),
            saved: false,
            actual: actual(root, live, &inside, &path, parse),
            path,
            compiled: false,
        })
    });
    let mut hurts: Vec<Hurt> = hurts.collect();
    hurts.sort_by(|a, b| a.path.cmp(&b.path));
    tell_compiled(root, live, &mut hurts);
    let mut begun = dists.all.iter().filter(|dist| dist.unfinished.is_some());
    let is_quiet = hurts.is_empty() && dists.leftovers.is_empty() && begun.next().is_none();
    if is_quiet && interpreter.problems.is_empty() {
        return Vec::new();
    }
    let stranded = audit.damage().filter(|one| one.check == Check::Interrupted);
    let rows = dists.all.iter().filter_map(|dist| dist.record.as_ref());
    let mut expected: Vec<Expected> = rows
        .flat_map(|(_, record)| &record.rows)
        .filter(|row| !is_bytecode(&row.path))
        .filter(|row| !row.movable || live.get(&row.path).is_some())
        .map(|row| Expected {
            path: Cow::Borrowed(&row.path),
            size: row.size,
            mtime: None,
        })
        .collect();
    expected.sort_by(|a, b| a.path.cmp(&b.path));
    let case = Case {
        dir_changes: dir_changes(root, &hurts),
        copied_until: root.and_then(|root| copied_until(root, live, &hurts)),
        full: root.is_some_and(is_full),
        sightings: believed(root, sightings, &hurts),
        hurts,
        expected,
        stranded: stranded.filter_map(|one| one.path.clone()).collect(),
        interpreter: problem(Some(interpreter)),
        culprit: interpreter.culprit.clone(),
        ..surroundings(live, dists, None)
    };
    diagnose(&with_caches(case, root, dists, caches))
}

fn is_dir(change: &Change) -> bool {
    let entry = change.expected.as_ref().or(change.actual.as_ref());
    entry.is_some_and(|entry| entry.node == Node::Dir)
        && matches!(change.kind, Kind::Missing | Kind::Extra)
}

fn problem(interpreter: Option<&Facts>) -> Option<String> {
    let problems = &interpreter?.problems;
    (!problems.is_empty()).then(|| problems.join("; "))
}

fn hurt(sides: &Sides<'_>, inside: &Inside<'_>, change: &Change, parse: bool) -> Hurt {
    Hurt {
        path: change.path.clone(),
        kind: change.kind,
        package: change.package.clone(),
        expected_size: change.expected.as_ref().and_then(Entry::size),
        expected_mtime: change.expected.as_ref().map(|entry| entry.meta.mtime),
        behind: change.detail.behind.clone(),
        saved: change
            .expected
            .as_ref()
            .is_some_and(|one| matches!(one.node, Node::File { .. } | Node::Dir)),
        actual: actual(
            sides.live,
            sides.actual,
            inside,
            &change.path,
            parse && change.kind == Kind::Altered,
        ),
        compiled: false,
    }
}

/// What stands there now.
fn actual(
    root: Option<&Rooted>,
    manifest: &Manifest,
    inside: &Inside<'_>,
    path: &RelPath,
    parse: bool,
) -> Option<Actual> {
    let entry = manifest.get(path)?;
    let stat = root.and_then(|root| root.stat_below(path, false).ok());
    let valid_python = root
        .filter(|_| parse && path.name().ends_with(b".py"))
        .and_then(|root| read_file(root, path, PATCH_MAX))
        .map(|source| crate::audit::is_valid_python(&source));
    Some(Actual {
        size: entry.size().unwrap_or(0),
        mtime: entry.meta.mtime,
        ctime: stat.map(|stat| stat.ctime),
        elsewhere: stat.map_or(0, |stat| inside.elsewhere(entry, stat.nlink)),
        denied: matches!(&entry.node, Node::Unreadable(reason) if *reason == denied()),
        uid: entry.meta.uid,
        mode: entry.meta.mode,
        valid_python,
    })
}

/// How the system says that somebody may not read something.
fn denied() -> String {
    std::io::Error::from(rustix::io::Errno::ACCESS).to_string()
}

/// What is known of the places around the damage; `before` is what the snapshot has, if there is one.
fn surroundings(
    live: &Manifest,
    dists: &Dists,
    before: Option<(&Dists, &Manifest)>,
) -> Case<'static> {
    let dirs: HashMap<RelPath, Time> = live
        .entries()
        .iter()
        .filter(|entry| entry.node == Node::Dir)
        .map(|entry| (entry.path.clone(), entry.meta.mtime))
        .collect();
    let mut installed =
        before.map_or_else(HashMap::new, |(dists, tree)| install_times(dists, tree));
    let now = install_times(dists, live);
    // Archives keep whole or even seconds.
    let near = |one: &Time, other: &Time| one.secs.abs_diff(other.secs) <= 2;
    let is_same =
        |(name, time): &(&String, &Time)| now.get(*name).is_none_or(|now| near(now, time));
    let same_install = installed.iter().filter(is_same);
    let same_install = same_install.map(|(name, _)| name.clone()).collect();
    installed.extend(now);
    let root = live.get(&RelPath::root());
    Case {
        dirs,
        installed,
        same_install,
        unfinished: unfinished(dists, live),
        leftovers: dists.leftovers.iter().map(|one| one.path.clone()).collect(),
        signpost_gone: is_signpost_gone(live),
        root_uid: root.map_or(0, |entry| entry.meta.uid),
        ..Case::default()
    }
}

/// When each distribution was installed; of several of one name, the last.
fn install_times(dists: &Dists, tree: &Manifest) -> HashMap<String, Time> {
    let mut times: HashMap<String, Time> = HashMap::new();
    for dist in &dists.all {
        let record = dist.record.as_ref().and_then(|(path, _)| tree.get(path));
        // The mtime of an emptied RECORD is that of the damage.
        let Some(record) = record.filter(|entry| entry.size() != Some(0)) else {
            continue;
        };
        let last = times.entry(dist.name.clone()).or_insert(record.meta.mtime);
        *last = record.meta.mtime.max(*last);
    }
    times
}

/// Whether one of the entries that lead from a venv to its interpreter is gone or empty.
fn is_signpost_gone(live: &Manifest) -> bool {
    let is_empty = |entry: &Entry| entry.size() == Some(0);
    let python = pythons().find_map(|path| live.get(&path));
    let config = RelPath::new(b"pyvenv.cfg").ok();
    let config = config.and_then(|path| live.get(&path));
    python.is_none_or(is_empty) || config.is_none_or(is_empty)
}

/// The change time until which nine in ten of the whole files came to their places; none if fewer were written long
/// before that. Files that were are copies that kept their times, or links. Looks at a sample.
fn copied_until(root: &Rooted, live: &Manifest, hurts: &[Hurt]) -> Option<Time> {
    let is_hurt = |path| hurts.binary_search_by(|hurt| hurt.path.cmp(path)).is_ok();
    let whole = live.entries().iter().filter(|entry| {
        entry.size().is_some_and(|size| size > 0)
            && !is_bytecode(&entry.path)
            && !is_hurt(&entry.path)
    });
    let whole: Vec<_> = whole.collect();
    let sample = whole.iter().step_by(whole.len() / SAMPLE + 1);
    let stats = sample.filter_map(|entry| root.stat_below(&entry.path, false).ok());
    let stats: Vec<_> = stats.collect();
    let put = stats
        .iter()
        .filter(|stat| stat.ctime.secs > stat.mtime.secs.saturating_add(KEPT));
    let mut put: Vec<Time> = put.map(|stat| stat.ctime).collect();
    let most = (stats.len() * 9).div_ceil(10);
    if most == 0 || put.len() < most {
        return None;
    }
    Some(*put.select_nth_unstable(most - 1).1)
}

/// The kind of damage that a finding tells of; none where it is not about a file's content.
pub(super) fn kind(finding: &Finding, live: &Manifest) -> Option<Kind> {
    match finding.check {
        Check::RecordUnreadable => {
            let found = live.get(finding.path.as_ref()?);
            found
                .filter(|entry| entry.size() == Some(0))
                .map(|_| Kind::Emptied)
        }
        Check::FileMissing => Some(Kind::Missing),
        Check::MetadataUnreadable if finding.behind.is_some() => Some(Kind::Missing),
        Check::FileEmptied => Some(Kind::Emptied),
        Check::FileZeroFilled => Some(Kind::ZeroFilled),
        Check::FileUnreadable => Some(Kind::Unreadable),
        Check::Mode => Some(Kind::Mode),
        Check::FileAltered => match (finding.size, finding.expected_size) {
            (Some(size), Some(expected)) if size < expected => Some(Kind::Truncated),
            _ => Some(Kind::Altered),
        },
        _ => None,
    }
}
