//! Bytecode that Python would believe and cannot use: cut or filled with NUL behind a header that fits the source, or
//! in the place of the source. Python rebuilds what does not fit, but fails on this.

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::{Subject, nested, owned};
use crate::model::{Check, Finding, RelPath};
use crate::python::bytecode::{PycHeader, is_bytecode, is_read_alone, is_whole, source_of};

/// Checks all bytecode that lies in `__pycache__` beside its source, or among the packages without one.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let others = nested::roots(subject.manifest, subject.dists);
    let files: Vec<&RelPath> = subject
        .manifest
        .entries()
        .iter()
        .filter(|entry| entry.size().is_some())
        .map(|entry| &entry.path)
        .filter(|path| path.name().ends_with(b".pyc") && !nested::is_in(&others, path))
        .collect();
    files
        .par_iter()
        .filter_map(|path| broken(subject, path))
        .collect()
}

fn broken(subject: &Subject<'_>, path: &RelPath) -> Option<Finding> {
    if (subject.glimpse)(path).is_some_and(|glimpse| glimpse.whole) {
        return None;
    }
    let (text, of) = if is_bytecode(path) {
        let source = subject.manifest.get(&source_of(path)?)?;
        let content = (subject.read)(path)?;
        let header = PycHeader::read(&content)?;
        let bytes = || (subject.read)(&source.path);
        if is_whole(&content) || !header.fits(path, source, bytes) {
            return None;
        }
        let text =
            "Python would load it and fail: it is cut or damaged behind its header; remove it";
        (text, &source.path)
    } else {
        let content = is_alone(subject, path).then(|| (subject.read)(path))??;
        if is_whole(&content) || !is_read_alone(path, &content) {
            return None;
        }
        let text = "Python would load it, since it has no source, and fail: it is cut or damaged";
        (text, path)
    };
    let finding = Finding::new(Check::BytecodeBroken, text).at(path);
    Some(owned(finding, subject.dists, of))
}

/// Whether Python would import a bytecode file outside of a cache: nothing that it prefers stands beside it.
fn is_alone(subject: &Subject<'_>, path: &RelPath) -> bool {
    let Some((dir, stem)) = path.parent().zip(path.name().strip_suffix(b".pyc")) else {
        return false;
    };
    let is_there = |name: &[u8]| {
        let path = dir.join(&[stem, name].concat());
        path.is_ok_and(|path| subject.manifest.get(&path).is_some())
    };
    let is_module =
        !stem.is_empty() && stem.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    is_module
        && subject
            .dists
            .layout
            .sites
            .iter()
            .any(|site| path.is_within(site))
        && !is_there(b".py")
        && !is_there(b"/__init__.py")
}
