//! Bytecode that Python would run although it was compiled from other source of the same size and time. Only compiling
//! the source again shows that, which takes long for a whole venv; what is suspect is compared always.
//!
//! Suspect is bytecode whose source changed after it. An installer writes the source first, and Python compiles what it
//! reads; so the inode of the source is the older one, unless somebody wrote the source anew and put size and time
//! back. Copies of trees and links to a cache change inodes in any order: where too many seem suspect, less is
//! believed.

use std::collections::HashSet;

use super::owned;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::{Check, Finding, RelPath};
use crate::python::bytecode::{Glimpse, is_bytecode, source_of};
use crate::python::dist::Dists;
use crate::python::interpreter::Facts;
use crate::python::recompile::{Pair, Verdict, compare, named};
use crate::tree::stated::Stated;

/// More files than these are compared only if they are asked for.
const SUSPECTS_MAX: usize = 256;
/// So many files that differ from what was saved are compared whatever their inodes tell.
const FEW: usize = 64;
/// Copying a tree takes less time between a source and its bytecode, in seconds.
const COPY: i64 = 60;
/// From so many files on, and this share of what was compared, other instructions are the work of another compiler.
const MANY: usize = 3;
const SHARE: usize = 10;

/// Which bytecode is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bytecode<'a> {
    /// All of it.
    All,
    /// What is suspect.
    Suspect,
    /// These files.
    These(&'a HashSet<RelPath>),
}

/// A live tree and what a scan saw of it.
pub(crate) struct Seen<'a> {
    pub(crate) root: &'a Rooted,
    pub(crate) tree: &'a Stated,
    pub(crate) glimpse: &'a dyn Fn(&RelPath) -> Option<Glimpse>,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Compared {
    pub(crate) findings: Vec<Finding>,
    /// How many files were compared.
    pub(crate) count: u64,
    /// What should have been compared and could not be.
    pub(crate) unknown: Vec<RelPath>,
}

/// Compares bytecode with its source.
pub(crate) fn stale(
    seen: &Seen<'_>,
    dists: &Dists,
    facts: &Facts,
    which: Bytecode<'_>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Compared {
    let candidates = seen.candidates(&facts.cache_tag, which);
    let pairs: Vec<Pair> = match which {
        Bytecode::These(_) if candidates.len() > FEW => suspects(candidates),
        Bytecode::All | Bytecode::These(_) => candidates
            .into_iter()
            .map(Candidate::onto_the_code)
            .collect(),
        Bytecode::Suspect => suspects(candidates),
    };
    let verdicts = compare(seen.root, facts, &pairs, stop);
    let other = verdicts
        .iter()
        .filter(|v| **v == Verdict::OtherInstructions);
    let other = other.count();
    let other_compiler = !facts.is_same_release() || other > MANY && other * SHARE > pairs.len();
    let mut compared = Compared::default();
    for (pair, verdict) in pairs.into_iter().zip(verdicts) {
        let (check, text) = match verdict {
            Verdict::Unknown => {
                compared.unknown.push(pair.bytecode);
                continue;
            }
            Verdict::Stale => (
                Check::BytecodeStale,
                "Python would run it, but it was compiled from other source of the same size and time; remove it",
            ),
            Verdict::OtherInstructions if !other_compiler => (
                Check::BytecodeStale,
                "Python would run it, but its instructions are not those of its source; remove it",
            ),
            Verdict::Broken => (
                Check::BytecodeBroken,
                "Python would load it and fail: it holds no code; remove it",
            ),
            Verdict::Fits
            | Verdict::Unbelieved
            | Verdict::OtherInstructions
            | Verdict::OtherCompiler => {
                compared.count += 1;
                continue;
            }
        };
        compared.count += 1;
        let finding = Finding::new(check, text).at(&pair.bytecode);
        compared.findings.push(owned(finding, dists, &pair.source));
    }
    compared
}

/// Bytecode that could be compared, with what makes it suspect.
struct Candidate {
    pair: Pair,
    /// By how many whole seconds the source is younger, as far as inodes tell; none where it is not.
    younger: Option<i64>,
    /// Whether the inode of the source has other names, whose making changed it too.
    linked: bool,
}

impl Candidate {
    /// The pair, of which the code is compared and not only the hash.
    fn onto_the_code(mut self) -> Pair {
        self.pair.hash_only = false;
        self.pair
    }
}

impl Seen<'_> {
    /// Of bytecode that is not as it was saved: what may have to be compared with its source. That is all of it where
    /// it is little, else what may be suspect. Python rewrites bytecode by itself, perhaps of a whole venv, and then no
    /// interpreter need be asked.
    pub(crate) fn worth_comparing(&self, changed: &[&RelPath]) -> HashSet<RelPath> {
        let is_younger = |path: &RelPath| {
            let source = self.stat(&source_of(path)?)?;
            Some(source.ctime > self.stat(path)?.ctime)
        };
        let is_blind = |path| (self.glimpse)(path).is_some_and(|glimpse| glimpse.blind);
        let beside = changed
            .iter()
            .filter_map(|path| Some((*path, is_younger(path)?)));
        let mut beside: Vec<(&RelPath, bool)> = beside.collect();
        if beside.len() > FEW {
            beside.retain(|(path, is_younger)| *is_younger || is_blind(path));
        }
        beside.into_iter().map(|(path, _)| path.clone()).collect()
    }

    /// The state of a file.
    fn stat(&self, path: &RelPath) -> Option<&Stat> {
        self.tree.state(path).filter(|stat| stat.is_file())
    }

    fn candidates(&self, cache_tag: &str, which: Bytecode<'_>) -> Vec<Candidate> {
        if cache_tag.is_empty() {
            return Vec::new();
        }
        let all = self.tree.iter();
        all.filter(|(entry, stat)| stat.size > 0 && entry.path.name().ends_with(b".pyc"))
            .filter(|(entry, _)| is_bytecode(&entry.path))
            .filter(|(entry, _)| match which {
                Bytecode::These(paths) => paths.contains(&entry.path),
                Bytecode::All | Bytecode::Suspect => true,
            })
            .filter_map(|(entry, stat)| {
                let (source, level) = named(&entry.path, cache_tag)?;
                let of = self.stat(&source)?;
                entry.size()?;
                let blind = (self.glimpse)(&entry.path).is_some_and(|glimpse| glimpse.blind);
                let is_younger = of.ctime > stat.ctime;
                Some(Candidate {
                    pair: Pair {
                        bytecode: entry.path.clone(),
                        source,
                        level,
                        hash_only: blind,
                    },
                    younger: is_younger.then(|| of.ctime.secs.saturating_sub(stat.ctime.secs)),
                    linked: of.nlink > 1,
                })
            })
            .collect()
    }
}

/// Those that are suspect for sure enough to be few, and all that Python believes without a look at the source.
fn suspects(candidates: Vec<Candidate>) -> Vec<Pair> {
    let (blind, mut suspects): (Vec<Candidate>, Vec<Candidate>) =
        candidates.into_iter().partition(|one| one.pair.hash_only);
    suspects.retain(|one| one.younger.is_some());
    if suspects.len() > SUSPECTS_MAX {
        suspects.retain(|one| !one.linked);
    }
    if suspects.len() > SUSPECTS_MAX {
        suspects.retain(|one| one.younger.is_some_and(|secs| secs > COPY));
    }
    if suspects.len() > SUSPECTS_MAX {
        suspects.clear();
    }
    blind
        .into_iter()
        .chain(suspects)
        .map(|one| one.pair)
        .collect()
}
