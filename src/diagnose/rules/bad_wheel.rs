//! A wheel that was bad already, in the index or in the installer's cache: installers do not check its hashes.

use super::super::case::{Case, Hurt};
use super::score::Score;
use super::short_copy::is_cut_at_block;
use super::timing::{is_born_bad, is_later};
use super::words::{count, is};
use crate::model::{Diagnosis, Kind};

/// What stands against it.
const TOUCHED: &str = " Something changed their inodes since, though: a copy or a change of owner does, \
     and so does one who writes and puts the old time back.";

/// Speaks where all damage is one distribution's and as old as its install.
pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let hurts: Vec<_> = case.hurts.iter().collect();
    // NUL bytes come from a power cut, whole blocks from a short copy.
    let is_other = |hurt: &Hurt| hurt.kind == Kind::ZeroFilled || is_cut_at_block(hurt);
    if !is_born_bad(case, &hurts) || case.hurts.iter().any(is_other) {
        return None;
    }
    let package = hurts.first()?.package.as_deref()?;
    let text = format!(
        "{} {} damaged, all of {package}, and nothing of it changed since the install: it was \
         installed so, from a bad wheel. To install again from the same cache would bring the \
         same: `pip cache purge` or `--no-cache-dir` first, and compare the wheel's hash with the \
         index.{}",
        count(hurts.len(), "file"),
        is(hurts.len()),
        if hurts.iter().any(|hurt| is_touched(case, hurt)) {
            TOUCHED
        } else {
            ""
        }
    );
    Score::plain(hurts.clone(), hurts.len()).diagnosis("bad-wheel", text)
}

/// Whether an inode changed after the install, which its modification time does not show.
fn is_touched(case: &Case, hurt: &Hurt) -> bool {
    let installed = hurt
        .package
        .as_ref()
        .and_then(|name| case.installed.get(name));
    let changed = hurt.actual.and_then(|actual| actual.ctime);
    changed
        .zip(installed)
        .is_some_and(|(changed, installed)| is_later(changed, *installed))
}
