//! Bytecode that Python would believe and cannot use: cut or filled with NUL behind a header that fits the source. Python
//! rebuilds what does not fit, but fails on this.

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::{Subject, owned};
use crate::model::{Check, Finding, RelPath};
use crate::python::bytecode::{PycHeader, is_whole, source_of};

/// Checks all bytecode that lies in `__pycache__` beside its source.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let files: Vec<&RelPath> = subject
        .manifest
        .entries()
        .iter()
        .filter(|entry| entry.size().is_some_and(|size| size > 0))
        .map(|entry| &entry.path)
        .filter(|path| path.name().ends_with(b".pyc"))
        .collect();
    files
        .par_iter()
        .filter_map(|path| broken(subject, path))
        .collect()
}

fn broken(subject: &Subject<'_>, path: &RelPath) -> Option<Finding> {
    let source = subject.manifest.get(&source_of(path)?)?;
    if (subject.glimpse)(path).is_some_and(|glimpse| glimpse.whole) {
        return None;
    }
    let content = (subject.read)(path)?;
    let header = PycHeader::read(&content)?;
    if !header.fits(source) || is_whole(&content) {
        return None;
    }
    let text = "Python would load it and fail: it is cut or damaged behind its header; remove it";
    let finding = Finding::new(Check::BytecodeBroken, text).at(path);
    Some(owned(finding, subject.dists, &source.path))
}
