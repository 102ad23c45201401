//! Archives from which Python imports: eggs that were installed without being unpacked. No RECORD speaks of them, but a
//! zip has checksums of its own.

use super::Subject;
use crate::model::{Check, Finding};
use crate::python::dist::Form;
use crate::python::zip::problem;

/// Looks into every egg that is a file.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let eggs = subject
        .dists
        .all
        .iter()
        .filter(|dist| dist.form == Form::Egg);
    let broken = eggs.filter_map(|dist| {
        let entry = subject.manifest.get(&dist.info);
        entry.filter(|entry| entry.size().is_some())?;
        let problem = problem(&(subject.read)(&dist.info)?)?;
        let text = format!("nothing can be imported from what it lost: {problem}");
        Some(
            Finding::new(Check::ArchiveBroken, text)
                .in_package(&dist.name)
                .at(&dist.info),
        )
    });
    broken.collect()
}
