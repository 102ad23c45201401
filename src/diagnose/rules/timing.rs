//! When it happened: bad from the install on, or damaged later.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::case::{Case, Hurt};
use super::is_content;
use super::place::top;
use crate::model::{Kind, RelPath, Time};

/// An install may take so many seconds between a file and its RECORD.
const SLACK: i64 = 120;

/// File systems keep times to so many seconds, the coarsest of them.
const GRAIN: i64 = 2;

/// Fewer directories may all be older by chance.
const ENOUGH_OTHERS: usize = 8;

/// What one event wrote or stopped has times within so many seconds of each other.
pub(super) const WINDOW: i64 = 10 * 60;

/// When an entry took its damage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It never was good since the install.
    AtInstall,
    /// It was damaged after the install, at this time or before.
    Later(Time),
}

/// What the times tell about an entry; nothing where they are unknown or speak against each other.
pub(super) fn fate(case: &Case, hurt: &Hurt) -> Option<Fate> {
    let installed = *case.installed.get(hurt.package.as_ref()?)?;
    let changed = match hurt.actual {
        _ if hurt.kind == Kind::Missing => changed_dir(case, hurt)?,
        Some(actual) if is_content(hurt) => Touch::of(actual.mtime),
        _ => return None,
    };
    // The snapshot has seen it good, as this very install wrote it.
    let seen_good = case.same_install.contains(hurt.package.as_ref()?);
    let Touch { time, by_import } = changed;
    let is_newer = time > installed && hurt.expected_mtime.is_none_or(|before| time > before);
    if is_later(time, installed) || seen_good && is_newer {
        return (!by_import).then_some(Fate::Later(time));
    }
    // RECORD is written last: what came after it is no part of the install, but a copy may have mixed the times.
    let is_after = time > installed && !by_import;
    // Layers of an image keep whole seconds, in which a deletion at once looks as old as the install.
    let is_unsure = hurt.kind == Kind::Missing && time == installed && time.nanos == 0;
    let is_at_install = !is_after && !is_unsure && !seen_good && !was_good(hurt);
    is_at_install.then_some(Fate::AtInstall)
}

/// Whether something but the times says that an entry was good once: bytecode of the right source, or a link that
/// stands in its place and leads nowhere by now.
fn was_good(hurt: &Hurt) -> bool {
    let is_dangling = hurt.kind == Kind::Missing && hurt.actual.is_some();
    hurt.compiled || is_dangling
}

/// Whether damage came with an install that ended as it should, and nothing changed its inode since.
pub(super) fn came_with_install(case: &Case, hurt: &Hurt) -> bool {
    let is_unfinished = |name: &String| case.unfinished.contains_key(name);
    fate(case, hurt) == Some(Fate::AtInstall)
        && !hurt.package.as_ref().is_some_and(is_unfinished)
        && !is_touched(case, hurt)
}

/// Whether an inode changed after the install, which its modification time does not show: a change of owner does it, a
/// copy, and whoever puts an old time back.
fn is_touched(case: &Case, hurt: &Hurt) -> bool {
    let package = hurt.package.as_ref();
    let installed = package.and_then(|name| case.installed.get(name));
    let changed = match hurt.actual {
        Some(actual) => actual.ctime,
        None => hurt
            .path
            .parent()
            .and_then(|dir| case.dir_changes.get(&standing(case, dir)?).copied()),
    };
    changed
        .zip(installed)
        .is_some_and(|(changed, installed)| changed.secs > installed.secs.saturating_add(GRAIN))
}

/// The nearest directory that is there, from one upwards.
fn standing(case: &Case, mut dir: RelPath) -> Option<RelPath> {
    while !case.dirs.contains_key(&dir) {
        dir = dir.parent()?;
    }
    Some(dir)
}

/// When something was last changed.
struct Touch {
    time: Time,
    /// Whether the first import of a package may have done it.
    by_import: bool,
}

impl Touch {
    fn of(time: Time) -> Self {
        let by_import = false;
        Self { time, by_import }
    }
}

/// When the directory of something missing last changed: a deletion changes it.
fn changed_dir(case: &Case, hurt: &Hurt) -> Option<Touch> {
    last_change(case, &standing(case, hurt.path.parent()?)?)
}

/// When a directory of a package last changed.
fn last_change(case: &Case, dir: &RelPath) -> Option<Touch> {
    // Other packages change the directories that all share.
    top(dir)?;
    let changed = *case.dirs.get(dir)?;
    // The first import of a package that was installed without bytecode changes its directory too.
    let cache = dir.join(b"__pycache__").ok();
    let cached = cache.and_then(|cache: RelPath| case.dirs.get(&cache));
    Some(Touch {
        time: changed,
        by_import: cached.is_some_and(|cached| *cached >= changed),
    })
}

/// Whether one time is so much later than another that they do not belong to one install.
pub(super) fn is_later(time: Time, than: Time) -> bool {
    time.secs > than.secs.saturating_add(SLACK)
}

/// Whether all of this damage is one distribution's and came with its install: what a bad wheel does.
pub(super) fn is_born_bad(case: &Case, hurts: &[&Hurt]) -> bool {
    let Some(package) = hurts.first().and_then(|hurt| hurt.package.as_ref()) else {
        return false;
    };
    hurts
        .iter()
        .all(|hurt| hurt.package.as_ref() == Some(package) && came_with_install(case, hurt))
}

/// Whether all of these missing entries never were there.
pub(super) fn never_were_written(case: &Case, missing: &[&Hurt]) -> bool {
    let never = |hurt: &&Hurt| fate(case, hurt) == Some(Fate::AtInstall);
    !missing.is_empty() && missing.iter().all(never)
}

/// When the last of these missing entries was deleted, where the times of others tell that a deletion is what changed
/// them: a copy makes all directories anew.
pub(super) fn swept_at(case: &Case, missing: &[&Hurt]) -> Option<Time> {
    swept_late(case, missing).or_else(|| swept_last(case, missing))
}

/// The same where the venv had just been copied or installed: the directories that lost something are the last of all
/// that changed. Whoever copies and leaves something out makes them among the others.
fn swept_last(case: &Case, missing: &[&Hurt]) -> Option<Time> {
    let mut lost = HashMap::new();
    for hurt in missing {
        if fate(case, hurt) == Some(Fate::AtInstall) {
            return None;
        }
        let dir = standing(case, hurt.path.parent()?)?;
        let changed = changed_dir(case, hurt).filter(|changed| !changed.by_import)?;
        lost.insert(dir, changed.time);
    }
    let is_other = |dir: &&RelPath| {
        top(dir).is_some() && dir.name() != b"__pycache__" && !lost.contains_key(dir)
    };
    let others: Vec<Time> = case
        .dirs
        .keys()
        .filter(is_other)
        .filter_map(|dir| last_change(case, dir))
        .filter(|changed| !changed.by_import)
        .map(|changed| changed.time)
        .collect();
    let (first, newest) = (lost.values().min()?, others.iter().max()?);
    let is_after = first.secs > newest.secs.saturating_add(GRAIN);
    (is_after && others.len() >= ENOUGH_OTHERS).then(|| lost.values().max().copied())?
}

fn swept_late(case: &Case, missing: &[&Hurt]) -> Option<Time> {
    let mut last = None;
    for hurt in missing {
        match fate(case, hurt) {
            Some(Fate::Later(time)) => last = last.max(Some(time)),
            Some(Fate::AtInstall) => return None,
            None => {}
        }
    }
    let last = last?;
    let is_package = |dir: &&RelPath| top(dir).is_some() && dir.name() != b"__pycache__";
    let dirs: Vec<_> = case.dirs.keys().filter(is_package).collect();
    let old = dirs.iter().filter(|dir| is_later(last, case.dirs[**dir]));
    (old.count() * 2 > dirs.len()).then_some(last)
}

/// A sentence on when the missing ones went, with a space before it; empty where the times do not tell.
pub(super) fn sentence(case: &Case, missing: &[&Hurt]) -> String {
    let fates: Vec<_> = missing.iter().map(|hurt| fate(case, hurt)).collect();
    if never_were_written(case, missing) {
        return " Their directories have not changed since the install: they never were written."
            .to_owned();
    }
    if fates.contains(&Some(Fate::AtInstall)) {
        return String::new();
    }
    let later = fates.iter().flatten().filter_map(|fate| match fate {
        Fate::Later(time) => Some(*time),
        Fate::AtInstall => None,
    });
    let Some(last) = later.max().and_then(utc) else {
        return String::new();
    };
    match missing.len() {
        1 => format!(" It was deleted after the install, at {last}."),
        _ => format!(" They were deleted after the install, the last at {last}."),
    }
}

/// `2026-11-24 01:19 UTC`; the zone of the reader is not for a rule to know.
pub(super) fn utc(time: Time) -> Option<String> {
    let stamp = Timestamp::new(time.secs, time.nanos.try_into().ok()?).ok()?;
    Some(stamp.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
