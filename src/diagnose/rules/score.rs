//! How well a cause fits: what it explains of the damage, and what it would have hit and did not.

use std::collections::{BTreeMap, HashSet};

use super::super::case::{Case, Hurt};
use super::file::File;
use super::words::{count, is};
use crate::model::{CacheEntry, Diagnosis, Kind, RelPath};

/// Below this a rule is silent.
pub(super) const ENOUGH: f64 = 0.9;

/// So many survivors are named.
const NAMED: usize = 20;

/// A pattern laid over the damage of some kinds.
pub(super) struct Score<'a> {
    /// The damage that the pattern matches.
    pub(super) matched: Vec<&'a Hurt>,
    /// How much damage of these kinds there is.
    pub(super) of: usize,
    /// Missing directories that held nothing but what matches.
    dirs: Vec<&'a Hurt>,
    /// How many expected files match.
    pub(super) would_hit: usize,
    /// Those of them that are not damaged in this way.
    pub(super) survivors: Vec<&'a RelPath>,
}

impl<'a> Score<'a> {
    /// Lays a pattern over the missing files. Directories go with their files: they neither match nor fail to.
    pub(super) fn of_missing(case: &'a Case, would_hit: impl Fn(File) -> bool) -> Self {
        let mut score = Self::compare(case, &missing_files(case), &would_hit);
        let below = |at: usize, dir: &Hurt| {
            let path = dir.path.clone();
            let rest = case.hurts.iter().enumerate().skip(at + 1);
            rest.take_while(move |(_, hurt)| hurt.path.is_within(&path))
        };
        score.dirs = case
            .hurts
            .iter()
            .enumerate()
            .filter(|&(at, hurt)| hurt.kind == Kind::Missing && holds_next(case, at))
            .filter(|&(at, dir)| {
                below(at, dir).all(|(at, hurt)| holds_next(case, at) || would_hit(hurt.into()))
            })
            .map(|(_, dir)| dir)
            .collect();
        score
    }

    /// Lays a pattern over this damage.
    pub(super) fn compare(
        case: &'a Case,
        hurts: &[&'a Hurt],
        would_hit: impl Fn(File) -> bool,
    ) -> Self {
        let hit: HashSet<&RelPath> = hurts.iter().map(|hurt| &hurt.path).collect();
        let expected = case
            .expected
            .iter()
            .filter(|file| would_hit((*file).into()));
        let expected: Vec<_> = expected.map(|file| &*file.path).collect();
        let matches = |hurt: &&&Hurt| would_hit((**hurt).into());
        Self {
            matched: hurts.iter().filter(matches).copied().collect(),
            of: hurts.len(),
            dirs: Vec::new(),
            would_hit: expected.len(),
            survivors: expected.into_iter().filter(|p| !hit.contains(p)).collect(),
        }
    }

    /// Damage whose cause does not tell what else it would have hit: nothing survives it.
    pub(super) fn plain(matched: Vec<&'a Hurt>, of: usize) -> Self {
        Self {
            would_hit: matched.len(),
            matched,
            of,
            dirs: Vec::new(),
            survivors: Vec::new(),
        }
    }

    /// The share of the damage that matches.
    pub(super) fn precision(&self) -> f64 {
        share(self.matched.len(), self.of)
    }

    /// The share of what matches that is damaged.
    pub(super) fn recall(&self) -> f64 {
        share(self.would_hit - self.survivors.len(), self.would_hit)
    }

    /// `3 files are missing and 1 of 4 like them survives`.
    pub(super) fn tally(&self) -> String {
        let matched = self.matched.len();
        let missing = if matched == self.of {
            format!("{} {} missing", count(matched, "file"), is(matched))
        } else {
            format!("{matched} of {} missing files are alike", self.of)
        };
        let verb = if self.survivors.len() == 1 {
            "survives"
        } else {
            "survive"
        };
        match self.survivors.len() {
            0 => format!("{missing} and none like them survives"),
            left => format!(
                "{missing} and {left} of {} like them {verb}",
                self.would_hit
            ),
        }
    }

    /// The finding, if it is sure enough.
    pub(super) fn diagnosis(&self, rule: &str, text: String) -> Option<Cause<'a>> {
        let explained: Vec<&Hurt> = self.matched.iter().chain(&self.dirs).copied().collect();
        let diagnosis = Diagnosis {
            rule: rule.to_owned(),
            text,
            explains: explained.len(),
            of: 0,
            unexplained: BTreeMap::new(),
            precision: self.precision(),
            recall: self.recall(),
            survivors: self
                .survivors
                .iter()
                .take(NAMED)
                .copied()
                .cloned()
                .collect(),
            cached: Vec::new(),
            cure: Vec::new(),
            who: None,
        };
        (self.precision() >= ENOUGH).then_some(Cause {
            diagnosis,
            explained,
        })
    }
}

/// A cause with the damage that it explains. How much it leaves is known when all causes are.
pub(super) struct Cause<'a> {
    /// What is told of it.
    pub(super) diagnosis: Diagnosis,
    /// What it explains.
    pub(super) explained: Vec<&'a Hurt>,
}

impl Cause<'_> {
    /// The same with what the caches hold of it, and the commands that cure that.
    pub(super) fn cured(mut self, cached: Vec<CacheEntry>, cure: Vec<Vec<String>>) -> Self {
        self.diagnosis.cached = cached;
        self.diagnosis.cure = cure;
        self
    }
}

/// The missing entries that are no directories, as far as one can see: nothing missing lies below them.
pub(super) fn missing_files<'a>(case: &'a Case<'_>) -> Vec<&'a Hurt> {
    let all = case.hurts.iter().enumerate();
    all.filter(|&(at, hurt)| hurt.kind == Kind::Missing && !holds_next(case, at))
        .map(|(_, hurt)| hurt)
        .collect()
}

/// Whether a damaged entry is a directory with more damage below: that follows it in the order of paths.
fn holds_next(case: &Case, at: usize) -> bool {
    let next = case.hurts.get(at + 1);
    next.is_some_and(|next| next.path.is_within(&case.hurts[at].path))
}

/// A part of a whole; all of nothing.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}
