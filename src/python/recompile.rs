//! Whether bytecode was compiled from the source beside it: the venv's own interpreter, isolated, compiles the
//! source, runs nothing of it, and compares the code objects. Their bytes would not do: how often marshal refers back
//! to an object depends on how often it was used (`FLAG_REF`).

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::interpreter::{Facts, command};
use super::layout::python_in;
use super::pyvenv::minor;
use super::subprocess::{Ear, End, Said, run};
use crate::disk::rooted::Rooted;
use crate::model::RelPath;

/// The program that compares. Each answer is a letter of [`Verdict`].
const COMPARE: &str = include_str!("recompile.py");
/// So many files are given to one process.
const BATCH: usize = 128;
/// What a process and what each file may take.
const PATIENCE: Duration = Duration::from_secs(20);
const PATIENCE_EACH: Duration = Duration::from_millis(500);
/// After so many processes that died or hung nothing more is asked.
const FAILURES_MAX: usize = 3;

/// Bytecode and the source beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pair {
    /// The bytecode.
    pub(crate) bytecode: RelPath,
    /// The source that it is for.
    pub(crate) source: RelPath,
    /// The level of optimisation that its name tells.
    pub(crate) level: u8,
    /// Only the hash of the source that it carries is compared, not the code.
    pub(crate) hash_only: bool,
}

/// What came of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It was made from this source.
    Fits,
    /// Python would not believe it and compile the source anew.
    Unbelieved,
    /// It was made from other source.
    Stale,
    /// Its names and constants are those of the source, its instructions are not.
    OtherInstructions,
    /// The same, but the interpreter is younger than the bytecode: another release of it may have compiled this.
    OtherCompiler,
    /// Python would believe it and cannot load it.
    Broken,
    /// It could not be compared.
    Unknown,
}

impl Verdict {
    fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'F' => Self::Fits,
            b'U' => Self::Unbelieved,
            b'S' => Self::Stale,
            b'I' => Self::OtherInstructions,
            b'O' => Self::OtherCompiler,
            b'B' => Self::Broken,
            b'E' => Self::Unknown,
            _ => return None,
        })
    }
}

/// What the name of a bytecode file tells: its source, and the level of optimisation. None where it is not of the
/// interpreter with this tag, or of a tool that compiles in its own way, such as pytest.
pub(crate) fn named(path: &RelPath, cache_tag: &str) -> Option<(RelPath, u8)> {
    let source = super::bytecode::source_of(path)?;
    let stem = source.name().strip_suffix(b".py")?;
    let rest = path.name().strip_prefix(stem)?.strip_suffix(b".pyc")?;
    let rest = rest
        .strip_prefix(b".")?
        .strip_prefix(cache_tag.as_bytes())?;
    match rest {
        b"" => Some((source, 0)),
        b".opt-1" => Some((source, 1)),
        b".opt-2" => Some((source, 2)),
        _ => None,
    }
}

/// Whether this interpreter can be asked at all.
pub(crate) fn can_compare(facts: &Facts) -> bool {
    // Before 3.7 a header had 12 bytes.
    let is_known = minor(&facts.known.version) >= Some((3, 7));
    let is_cpython = facts.known.implementation == "cpython" && !facts.cache_tag.is_empty();
    facts.known.alive && is_known && is_cpython
}

/// Compares in as many processes as there are threads, until `stop` says so. One verdict for each pair.
pub(crate) fn compare(
    root: &Rooted,
    facts: &Facts,
    pairs: &[Pair],
    stop: &(dyn Fn() -> bool + Sync),
) -> Vec<Verdict> {
    let python = python_in(root.path());
    let failures = AtomicUsize::new(0);
    let works = can_compare(facts);
    let batches: Vec<&[Pair]> = pairs.chunks(batch(pairs.len())).collect();
    let verdicts: Vec<Vec<Verdict>> = batches
        .par_iter()
        .map(|batch| {
            let mut verdicts = Vec::new();
            while verdicts.len() < batch.len() {
                let left = &batch[verdicts.len()..];
                let goes_on = works && !stop() && failures.load(Ordering::Relaxed) < FAILURES_MAX;
                let Some(command) = command(root, &python).filter(|_| goes_on) else {
                    verdicts.resize(batch.len(), Verdict::Unknown);
                    break;
                };
                let answers = ask(command, root.path(), left);
                let complete = answers.len() == left.len();
                verdicts.extend(answers);
                if !complete {
                    // The process died or hung over this pair; the others are asked again.
                    failures.fetch_add(1, Ordering::Relaxed);
                    verdicts.push(Verdict::Unknown);
                }
            }
            verdicts
        })
        .collect();
    verdicts.concat()
}

/// How many pairs one process gets, so that few pairs are spread over all threads as well.
fn batch(count: usize) -> usize {
    count.div_ceil(rayon::current_num_threads()).clamp(1, BATCH)
}

/// Asks one process. The answers are as many as it gave, in order.
fn ask(mut command: Command, root: &Path, pairs: &[Pair]) -> Vec<Verdict> {
    command.args(["-S", "-W", "ignore", "-c", COMPARE]);
    for pair in pairs {
        let how = if pair.hash_only { "hash" } else { "code" };
        command.arg(format!("{how}{}", pair.level));
        command.arg(root.join(pair.bytecode.as_path()));
        command.arg(root.join(pair.source.as_path()));
    }
    let patience = PATIENCE + PATIENCE_EACH * pairs.len() as u32;
    // Who says more than was asked has not understood, and what it said means nothing.
    let letters = match run(&mut command, Ear::Answer(pairs.len()), patience) {
        Err(_) | Ok(Said { end: End::Loud, .. }) => Vec::new(),
        Ok(said) => said.bytes,
    };
    let verdicts = letters
        .into_iter()
        .take(pairs.len())
        .map(Verdict::from_letter);
    verdicts.map_while(|verdict| verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bytecode_of_this_interpreter_is_compared() {
        let named = |text: &str| {
            let path = RelPath::new(text.as_bytes()).unwrap();
            named(&path, "cpython-311").map(|(source, level)| (source.to_string(), level))
        };
        let source = |level| Some(("x/m.py".to_owned(), level));
        assert_eq!(named("x/__pycache__/m.cpython-311.pyc"), source(0));
        assert_eq!(named("x/__pycache__/m.cpython-311.opt-2.pyc"), source(2));
        for other in [
            "x/__pycache__/m.cpython-312.pyc",
            "x/__pycache__/m.cpython-3111.pyc",
            "x/__pycache__/m.cpython-311-pytest-8.0.pyc",
            "x/__pycache__/m.cpython-311.opt-3.pyc",
            "x/__pycache__/m.n.cpython-311.pyc",
            "x/__pycache__/m.pyc",
        ] {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
