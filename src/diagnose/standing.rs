//! Which of several distributions of one name counts.

use crate::model::Manifest;
use crate::python::bytecode::is_bytecode;
use crate::python::dist::{Dist, Hash, Row};

/// Tells whether the bytes on the actual side are those of a row; only asked of files that are there.
pub(crate) type Agrees<'a> = &'a (dyn Fn(&Row) -> bool + Sync);

/// Which of several distributions of one name stands there: the one of which the fewest files are missing or other than
/// it says. A copy over an older state leaves that one's info directory beside it, and files that the new one dropped.
pub(super) fn standing<'a>(
    dists: &'a [Dist],
    after: &Manifest,
    agrees: Agrees<'_>,
) -> Option<&'a Dist> {
    if dists.len() < 2 {
        return dists.first();
    }
    let is_wrong = |row: &Row| {
        let is_known = matches!(row.hash, Hash::Known(..)) && !is_bytecode(&row.path);
        is_known && (after.get(&row.path).is_none() || !agrees(row))
    };
    let wrong = |dist: &&Dist| rows(dist).filter(|row| is_wrong(row)).count();
    dists
        .iter()
        .min_by_key(|dist| (!is_whole(dist), wrong(dist)))
}

/// Which of several distributions of one name stood in the snapshot: the one that stands there still, or else the one
/// of which the fewest files are missing.
pub(super) fn stood<'a>(
    dists: &'a [Dist],
    before: &Manifest,
    new: Option<&Dist>,
) -> Option<&'a Dist> {
    let missing = |dist: &&Dist| {
        let missing = |row: &&Row| before.get(&row.path).is_none() && !is_bytecode(&row.path);
        rows(dist).filter(missing).count()
    };
    let still = |dist: &&Dist| new.is_some_and(|new| new.info == dist.info);
    let key = |dist: &&Dist| (!still(dist), !is_whole(dist), missing(dist));
    dists.iter().min_by_key(key)
}

/// The rows of RECORD; none where there is no RECORD.
pub(super) fn rows(dist: &Dist) -> impl Iterator<Item = &Row> {
    dist.record.iter().flat_map(|(_, record)| &record.rows)
}

/// Whether the distribution was installed to its end.
pub(super) fn is_whole(dist: &Dist) -> bool {
    let record = dist.record.as_ref();
    dist.metadata.is_some()
        && dist.unfinished.is_none()
        && record.is_some_and(|(_, record)| !record.rows.is_empty() && record.bad == 0)
}
