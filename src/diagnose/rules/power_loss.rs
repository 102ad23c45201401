//! A power cut shortly after an install: names and times are there, the bytes never reached the disk.

use std::collections::HashSet;

use super::super::case::{Case, Hurt};
use super::cache::is_in_caches;
use super::file::File;
use super::score::{Cause, Score, missing_files};
use super::timing::{WINDOW, utc};
use super::words::{count, packages};
use crate::model::{Kind, RelPath};

/// So many seconds after its RECORD a file may have been written, where no snapshot tells that the time is the old one.
/// RECORD is written last: what has a later time was emptied by somebody. Some file systems keep times to two seconds.
const GRAIN: i64 = 2;

/// Speaks where several files that one install wrote are empty or hold only NUL.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let record = |hurt: &Hurt| hurt.path.name() == b"RECORD";
    if case.hurts.iter().any(record) {
        return None;
    }
    let blank: Vec<_> = case.hurts.iter().filter(|hurt| is_blank(hurt)).collect();
    // What the cache has as well was not lost on the way to this disk.
    if is_in_caches(case, &blank) {
        return None;
    }
    let lost = blank.iter().copied();
    let lost: Vec<_> = lost.filter(|hurt| is_as_written(case, hurt)).collect();
    let packages = packages(&lost).len();
    let is_zeroed = lost.iter().any(|hurt| hurt.kind == Kind::ZeroFilled);
    // Empty files in one package alone are what a bad wheel brings, and where there is no room, that is what kept the
    // bytes away.
    if lost.len() < 2 || !is_zeroed && (packages < 2 || case.full) {
        return None;
    }
    let times = || lost.iter().filter_map(|hurt| Some(hurt.actual?.mtime));
    let (first, last) = times().min().zip(times().max())?;
    if last.secs.saturating_sub(first.secs) > WINDOW {
        return None;
    }
    let paths: HashSet<&RelPath> = lost.iter().map(|hurt| &hurt.path).collect();
    let in_window = |file: File| {
        let time = file
            .mtime
            .is_some_and(|mtime| first <= mtime && mtime <= last);
        time && file.size != Some(0) || paths.contains(file.path)
    };
    // What else was written then could have been lost as well.
    let mut score = Score::compare(case, &lost, in_window);
    // Names come before bytes: that a file is missing has another cause.
    score.of = blank.len() + missing_files(case).len();
    let text = format!(
        "{} of {} lost their bytes and kept their names and times: written until {}, they never \
         reached the disk, as after a power cut or a crash shortly after an install. Restore \
         them, and run `sync` after an install.",
        count(lost.len(), "file"),
        count(packages, "package"),
        utc(last)?
    );
    score.diagnosis("power-loss", text)
}

/// Whether an entry has its name and no content.
fn is_blank(hurt: &Hurt) -> bool {
    matches!(hurt.kind, Kind::Emptied | Kind::ZeroFilled)
}

/// Whether nobody wrote an entry since its install.
fn is_as_written(case: &Case, hurt: &Hurt) -> bool {
    let installed = hurt
        .package
        .as_ref()
        .and_then(|name| case.installed.get(name));
    let Some((actual, installed)) = hurt.actual.zip(installed) else {
        return false;
    };
    let until = |slack| actual.mtime.secs <= installed.secs.saturating_add(slack);
    match hurt.expected_mtime {
        Some(expected) => expected == actual.mtime && until(WINDOW),
        None => until(GRAIN),
    }
}
