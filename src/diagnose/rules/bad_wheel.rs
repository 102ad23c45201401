//! A wheel that was bad already, in the index or in the installer's cache: installers do not check its hashes.

use super::super::case::{Case, Hurt};
use super::cache::{cached, is_in_caches};
use super::core_dump_cleaner::is_swept;
use super::score::{Cause, Score};
use super::short_copy::is_cut_at_block;
use super::timing::is_born_bad;
use super::words::{count, is, list, packages};
use crate::model::Kind;

/// Speaks where all damage is as old as its install, and either one distribution's or in an installer's cache as well.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let hurts: Vec<_> = case.hurts.iter().collect();
    // NUL bytes come from a power cut, whole blocks from a short copy.
    let is_other = |hurt: &Hurt| hurt.kind == Kind::ZeroFilled || is_cut_at_block(hurt);
    let is_bad = is_born_bad(case, &hurts)
        || is_in_caches(case, &hurts) && !hurts.iter().all(|hurt| is_swept(hurt));
    if !is_bad || case.hurts.iter().any(is_other) {
        return None;
    }
    let names = packages(&hurts);
    let (of_them, wheel) = match names.len() {
        1 => ("it", "a bad wheel"),
        _ => ("them", "bad wheels"),
    };
    let found = cached(case, &hurts);
    let text = format!(
        "{} {} damaged, all of {}, and nothing of {of_them} changed since the install: installed so, from {wheel} or \
         from a cache that was hurt before.{}",
        count(hurts.len(), "file"),
        is(hurts.len()),
        list(&names),
        found.text
    );
    let number = hurts.len();
    let cause = Score::plain(hurts, number).diagnosis("bad-wheel", text)?;
    Some(cause.cured(found.entries, found.cure))
}
