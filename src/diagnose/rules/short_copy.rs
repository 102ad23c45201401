//! A copy that ended early, on a full disk most often: what was written last is cut or empty, and the rest never came.
//!
//! How that looks depends on who copies. cp and tar go on after an error, in the order of the directories, and leave
//! files that are cut at a block or empty, and no directories where there was no block for them; rsync goes in the
//! order of names, ends at the first error and leaves nothing half done. So there are several proofs, each of which is
//! enough.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::super::case::{Case, Expected, Hurt};
use super::file::File;
use super::score::{Cause, ENOUGH, Score, missing_files};
use super::timing::{WINDOW, is_born_bad};
use super::words::{count, is, packages};
use crate::model::{Kind, RelPath};

/// The name of the rule.
pub(super) const NAME: &str = "short-copy";

/// Copies are written in multiples of this.
const BLOCK: u64 = 4096;

/// Fewer missing files may be the last in some order by chance.
const ENOUGH_IN_ORDER: usize = 5;

/// Speaks where the damage is what a copy leaves that ended early.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let left = Left::count(case);
    let score = match left.stumps().next() {
        None => left.last_by_rsync(case)?,
        Some(_) if left.is_ragged(case) => return None,
        Some(_) => left
            .followed(case)
            .or_else(|| left.is_proven(case).then(|| left.score()))?,
    };
    let room = if case.full {
        "The disk of this venv was full when this was found: make room before you restore."
    } else {
        "Look at the free space (`df`) before you restore."
    };
    let text = format!(
        "{}: a copy ended early, probably on a full disk. {room}",
        tally(&score.matched)
    );
    score.diagnosis(NAME, text)
}

/// Whether the venv is a copy, and what was begun and not ended was written right after the rest of it.
pub(super) fn ends_copy(case: &Case) -> bool {
    Left::count(case).is_last(case)
}

/// What there is of the damage that a copy can leave.
struct Left<'a> {
    /// Files that are shorter than they should be, and have content.
    cut: Vec<&'a Hurt>,
    /// Files that are there and empty.
    empty: Vec<&'a Hurt>,
    /// Files that are not there.
    missing: Vec<&'a Hurt>,
    /// All of them.
    hurts: Vec<&'a Hurt>,
    /// How much other damage of content there is.
    others: usize,
}

impl<'a> Left<'a> {
    fn count(case: &'a Case) -> Self {
        let of_kind = |kind| case.hurts.iter().filter(move |hurt| hurt.kind == kind);
        let cut: Vec<_> = of_kind(Kind::Truncated).collect();
        let empty: Vec<_> = of_kind(Kind::Emptied).collect();
        let missing = missing_files(case);
        let hurts = [&cut[..], &empty, &missing].concat();
        Self {
            cut,
            empty,
            missing,
            hurts,
            others: of_kind(Kind::Altered).count() + of_kind(Kind::ZeroFilled).count(),
        }
    }

    /// What was begun and not ended.
    fn stumps(&self) -> impl Iterator<Item = &'a Hurt> {
        self.cut.iter().chain(&self.empty).copied()
    }

    /// Whether files are cut where no copy cuts them: more than the one at which it was stopped, or one of a bad wheel.
    fn is_ragged(&self, case: &Case) -> bool {
        let ragged = self
            .cut
            .iter()
            .filter(|hurt| !is_cut_at_block(hurt))
            .count();
        let all = ragged > 0 && ragged == self.cut.len();
        ragged > 1 || all && is_born_bad(case, &self.hurts)
    }

    /// Whether something tells that these stumps are a copy's, in whichever order it went.
    fn is_proven(&self, case: &Case) -> bool {
        let at_block = !self.cut.is_empty() && self.cut.iter().all(|hurt| is_cut_at_block(hurt));
        if at_block && self.cut.len() == self.hurts.len() {
            return true;
        }
        let is_shared = |hurt: &Hurt| hurt.actual.is_some_and(|actual| actual.elsewhere > 0);
        if self.stumps().any(is_shared) || is_born_bad(case, &self.hurts) {
            return false;
        }
        let in_want_of_room = case.full && self.hurts.len() > 1;
        in_want_of_room || self.is_last(case) && (at_block || self.is_hollow(case))
    }

    /// Whether the venv is a copy, and the stumps were written right after what is whole had been put in its place.
    fn is_last(&self, case: &Case) -> bool {
        let times = || self.stumps().filter_map(|hurt| Some(hurt.actual?.mtime));
        let ends = times().min().zip(times().max()).zip(case.copied_until);
        ends.is_some_and(|((first, last), copied)| {
            copied <= first && last.secs.saturating_sub(copied.secs) <= WINDOW
        })
    }

    /// Whether half of what is missing or empty and more lies in directories where nothing has content, and is of
    /// several packages: a copy came to none of it. Who empties files by hand leaves others beside them.
    fn is_hollow(&self, case: &Case) -> bool {
        let hurt: HashSet<&RelPath> = self.hurts.iter().map(|hurt| &hurt.path).collect();
        let is_whole = |file: &&Expected| file.size != Some(0) && !hurt.contains(&*file.path);
        let whole = case.expected.iter().filter(is_whole);
        let with_content: HashSet<&[u8]> = whole.map(|file| file.path.parent_bytes()).collect();
        let gone = self.missing.iter().chain(&self.empty).copied();
        let gone = gone.filter(|hurt| !with_content.contains(hurt.path.parent_bytes()));
        let gone: Vec<_> = gone.collect();
        let all = self.missing.len() + self.empty.len();
        gone.len() * 2 >= all && packages(&gone).len() > 1
    }

    /// Everything that a copy can leave, of all damage that changed or took content.
    fn score(&self) -> Score<'a> {
        Score::plain(self.hurts.clone(), self.hurts.len() + self.others)
    }

    /// The damage as that of a copy in the order of paths that ended at the first cut: of the venv, or of its
    /// directories.
    fn followed(&self, case: &'a Case) -> Option<Score<'a>> {
        if self.cut.is_empty() || self.cut.len() == self.hurts.len() {
            return None;
        }
        let first = self.cut.iter().map(|hurt| &hurt.path).min()?;
        // The first cut of each directory.
        let mut ends: HashMap<&[u8], &RelPath> = HashMap::new();
        for hurt in &self.cut {
            let end = ends.entry(hurt.path.parent_bytes()).or_insert(&hurt.path);
            *end = (*end).min(&hurt.path);
        }
        let of_venv = HashMap::from([(&b""[..], first)]);
        let in_order = [&of_venv, &ends].into_iter().find_map(|ends| {
            let comes_after = |file: File| {
                above(file.path).any(|dir| ends.get(dir).is_some_and(|end| file.path >= *end))
            };
            let score = Score::compare(case, &self.hurts, comes_after);
            (score.precision() >= ENOUGH && score.recall() >= ENOUGH).then_some(score)
        });
        // A copy goes in the order of the directory, which need not be that of names.
        in_order.or_else(|| {
            let in_them = |file: File| above(file.path).any(|dir| ends.contains_key(dir));
            let score = Score::compare(case, &self.hurts, in_them);
            let at_block = self.cut.iter().all(|hurt| is_cut_at_block(hurt));
            (at_block && score.precision() >= ENOUGH).then_some(score)
        })
    }

    /// Missing files that are the last ones in rsync's order, where that ended within a directory, or there is no room.
    fn last_by_rsync(&self, case: &'a Case) -> Option<Score<'a>> {
        let missing = self.missing.iter().map(|hurt| &hurt.path);
        let first = missing.min_by(|a, b| by_rsync(a, b))?;
        let is_after = |path: &RelPath| by_rsync(path, first) != Ordering::Less;
        let beside = case.expected.iter().map(|file| &*file.path);
        let beside = beside.filter(|path| path.parent_bytes() == first.parent_bytes());
        let (after, before): (Vec<_>, Vec<_>) = beside.partition(|path| is_after(path));
        // Whoever removes packages or directories takes whole ones, and rarely just the last.
        let is_within = after.len() > 1 && !before.is_empty();
        let is_likely = is_within || case.full && packages(&self.missing).len() > 1;
        let mut score = Score::compare(case, &self.missing, |file: File| is_after(file.path));
        score.of += self.others;
        let fits = is_likely && self.missing.len() >= ENOUGH_IN_ORDER && score.recall() >= ENOUGH;
        fits.then_some(score)
    }
}

/// The directories above a path, the root as nothing.
fn above(path: &RelPath) -> impl Iterator<Item = &[u8]> {
    let bytes = path.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    std::iter::once(&bytes[..0]).chain(ends.map(|(end, _)| &bytes[..end]))
}

/// `1 file is cut short, 2 are empty and 3 are missing`.
fn tally(matched: &[&Hurt]) -> String {
    let of_kind = |kind| matched.iter().filter(|hurt| hurt.kind == kind).count();
    let parts = [
        (of_kind(Kind::Truncated), "cut short"),
        (of_kind(Kind::Emptied), "empty"),
        (of_kind(Kind::Missing), "missing"),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .collect();
    let tell = |(at, (number, how)): (usize, &(usize, &str))| {
        let (before, who) = match at {
            0 => ("", count(*number, "file")),
            _ if at + 1 == parts.len() => (" and ", number.to_string()),
            _ => (", ", number.to_string()),
        };
        format!("{before}{who} {} {how}", is(*number))
    };
    parts.iter().enumerate().map(tell).collect()
}

/// Whether what is left of a file is whole blocks.
pub(super) fn is_cut_at_block(hurt: &Hurt) -> bool {
    let is_whole = |size: u64| size > 0 && size.is_multiple_of(BLOCK);
    hurt.kind == Kind::Truncated && hurt.actual.is_some_and(|actual| is_whole(actual.size))
}

/// The order in which rsync copies files: by name, those of a directory before its directories.
fn by_rsync(a: &RelPath, b: &RelPath) -> Ordering {
    let (mut a, mut b) = (a.parts().peekable(), b.parts().peekable());
    loop {
        let (one, other) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(other)) => (one, other),
        };
        // The name of a directory counts with the slash after it.
        let order = match (a.peek().is_some(), b.peek().is_some()) {
            (true, true) => one.iter().chain(b"/").cmp(other.iter().chain(b"/")),
            (false, false) => one.cmp(other),
            (is_dir, is_other_dir) => is_dir.cmp(&is_other_dir),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}
