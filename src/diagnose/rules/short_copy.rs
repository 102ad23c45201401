//! A copy that ended early, on a full disk most often: the last file is cut at a block, later ones are not there.

use super::super::case::{Case, Hurt};
use super::file::File;
use super::score::{ENOUGH, Score, missing_files};
use super::timing::is_born_bad;
use super::words::{count, is};
use crate::model::{Diagnosis, Kind, RelPath};

/// Copies are written in multiples of this.
const BLOCK: u64 = 4096;

/// Speaks where files are cut at a block, or one is cut and all after it is gone.
pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let of_kind = |kind| case.hurts.iter().filter(move |hurt| hurt.kind == kind);
    let cut: Vec<_> = of_kind(Kind::Truncated).collect();
    let ragged = cut.iter().filter(|hurt| !is_cut_at_block(hurt)).count();
    let gone: Vec<_> = missing_files(case)
        .into_iter()
        .chain(of_kind(Kind::Emptied))
        .collect();
    let hurts: Vec<_> = cut.iter().copied().chain(gone.iter().copied()).collect();
    if cut.is_empty() || ragged > 1 || ragged == cut.len() && is_born_bad(case, &hurts) {
        return None;
    }
    let score = match gone.len() {
        0 if ragged < cut.len() => Score::plain(cut.clone(), cut.len()),
        0 => return None,
        _ => followed(case, &cut, &hurts)?,
    };
    let after = match score.matched.len() - cut.len() {
        0 => String::new(),
        number => format!(
            ", and {} that should follow {} missing or empty",
            count(number, "file"),
            is(number)
        ),
    };
    let text = format!(
        "{} {} cut short{after}: a copy ended early, probably on a full disk. \
         Look at the free space (`df`) before you restore.",
        count(cut.len(), "file"),
        is(cut.len())
    );
    score.diagnosis("short-copy", text)
}

/// The damage as that of a copy in the order of paths that ended at the first cut: of the venv, or of its directories.
fn followed<'a>(case: &'a Case, cut: &[&Hurt], hurts: &[&'a Hurt]) -> Option<Score<'a>> {
    let first = cut.iter().map(|hurt| &hurt.path).min()?;
    let venv = vec![(RelPath::root(), first)];
    let dirs = cut
        .iter()
        .filter_map(|hurt| Some((hurt.path.parent()?, &hurt.path)));
    let dirs: Vec<_> = dirs.collect();
    let in_order = [venv, dirs.clone()].into_iter().find_map(|ends| {
        let comes_after = |file: File| {
            ends.iter()
                .any(|(dir, end)| file.path.is_within(dir) && file.path >= *end)
        };
        let score = Score::of(case, hurts, comes_after);
        (score.precision() >= ENOUGH && score.recall() >= ENOUGH).then_some(score)
    });
    // A copy goes in the order of the directory, which need not be that of names.
    in_order.or_else(|| {
        let score = Score::of(case, hurts, |file: File| {
            dirs.iter().any(|(dir, _)| file.path.is_within(dir))
        });
        let at_block = cut.iter().all(|hurt| is_cut_at_block(hurt));
        (at_block && score.precision() >= ENOUGH).then_some(score)
    })
}

/// Whether what is left of a file is whole blocks.
pub(super) fn is_cut_at_block(hurt: &Hurt) -> bool {
    let is_whole = |size: u64| size > 0 && size.is_multiple_of(BLOCK);
    hurt.kind == Kind::Truncated && hurt.actual.is_some_and(|actual| is_whole(actual.size))
}
