//! When it happened: bad from the install on, or damaged later.

use jiff::Timestamp;

use super::super::case::{Case, Hurt};
use super::is_content;
use super::place::top;
use crate::model::{Kind, RelPath, Time};

/// An install may take so many seconds between a file and its RECORD.
const SLACK: i64 = 120;

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
    (!is_after && !seen_good).then_some(Fate::AtInstall)
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
    let mut dir = hurt.path.parent()?;
    while !case.dirs.contains_key(&dir) {
        dir = dir.parent()?;
    }
    // Other packages change the directories that all share.
    top(&dir)?;
    let changed = *case.dirs.get(&dir)?;
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
    hurts.iter().all(|hurt| {
        hurt.package.as_ref() == Some(package) && fate(case, hurt) == Some(Fate::AtInstall)
    })
}

/// A sentence on when the missing ones went, with a space before it; empty where the times do not tell.
pub(super) fn sentence(case: &Case, missing: &[&Hurt]) -> String {
    let fates: Vec<_> = missing.iter().map(|hurt| fate(case, hurt)).collect();
    if !fates.is_empty() && fates.iter().all(|fate| *fate == Some(Fate::AtInstall)) {
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
