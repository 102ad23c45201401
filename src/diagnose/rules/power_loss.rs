//! A power cut shortly after an install: names and times are there, the bytes never reached the disk.

use super::super::case::{Case, Hurt};
use super::file::File;
use super::score::{Score, missing_files};
use super::timing::utc;
use super::words::{count, packages};
use crate::model::{Diagnosis, Kind};

/// The files were written within so many seconds of each other, and no more after their RECORD.
const WINDOW: i64 = 10 * 60;
/// The same where no snapshot tells that the time is the old one. RECORD is written last: what has a later time was emptied by
/// somebody. Some file systems keep times to two seconds.
const GRAIN: i64 = 2;

/// Speaks where several files that one install wrote are empty or hold only NUL.
pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let record = |hurt: &Hurt| hurt.path.name() == b"RECORD";
    // Where there is no room, that is what kept the bytes away.
    if case.full || case.hurts.iter().any(record) {
        return None;
    }
    let blank: Vec<_> = case.hurts.iter().filter(|hurt| is_blank(hurt)).collect();
    let lost: Vec<_> = blank
        .iter()
        .copied()
        .filter(|hurt| is_as_written(case, hurt))
        .collect();
    let packages = packages(&lost).len();
    // Empty files in one package alone are what a bad wheel brings.
    let is_wide = packages >= 2 || lost.iter().any(|hurt| hurt.kind == Kind::ZeroFilled);
    let times = || lost.iter().filter_map(|hurt| Some(hurt.actual?.mtime));
    let (first, last) = times().min().zip(times().max())?;
    if lost.len() < 2 || !is_wide || last.secs.saturating_sub(first.secs) > WINDOW {
        return None;
    }
    let in_window = |file: File| {
        let time = file
            .mtime
            .is_some_and(|mtime| first <= mtime && mtime <= last);
        time && file.size != Some(0) || lost.iter().any(|hurt| hurt.path == *file.path)
    };
    // What else was written then could have been lost as well. Names come before bytes: that a file is missing, or was cut, has
    // another cause.
    let cut = case
        .hurts
        .iter()
        .filter(|hurt| hurt.kind == Kind::Truncated);
    let hurts: Vec<_> = blank
        .into_iter()
        .chain(missing_files(case))
        .chain(cut)
        .collect();
    let mut score = Score::of(case, &hurts, in_window);
    score.matched.clone_from(&lost);
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
