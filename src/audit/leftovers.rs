//! What an interrupted installer put aside: rubbish where the distribution stands complete beside it, and perhaps the
//! only copy where it does not.

use super::Subject;
use crate::model::{Check, Finding, Manifest, RelPath};
use crate::python::dist::{Dist, Form, Leftover, Was};

/// Checks each leftover. `others` are the findings of all other checks: what is damaged is not complete.
pub(super) fn check(subject: &Subject<'_>, others: &[Finding]) -> Vec<Finding> {
    let is_complete = |name: &str| {
        let mut named = subject.dists.all.iter().filter(|dist| dist.name == name);
        let hurt = |one: &Finding| one.check.is_damage() && one.package.as_deref() == Some(name);
        named.any(was_finished) && !others.iter().any(hurt)
    };
    let leftovers = subject.dists.leftovers.iter();
    leftovers
        .map(|leftover| finding(subject.manifest, leftover, &is_complete))
        .collect()
}

fn finding(
    manifest: &Manifest,
    leftover: &Leftover,
    is_complete: &dyn Fn(&str) -> bool,
) -> Finding {
    let Leftover { path, was } = leftover;
    let broken = was.iter().find(|was| !is_complete(&was.name));
    let found = match (broken, was.first()) {
        (Some(broken), _) => {
            let text = stranded(manifest, path, Some(broken));
            Finding::new(Check::Interrupted, text).in_package(&broken.name)
        }
        (None, None) => Finding::new(Check::Interrupted, stranded(manifest, path, None)),
        (None, Some(whole)) => {
            let text = format!(
                "an interrupted installer left it; {} is complete beside it, so it can be removed",
                whole.name
            );
            Finding::new(Check::Leftover, text).in_package(&whole.name)
        }
    };
    found.at(path)
}

/// What to do with the remains of what is not there.
fn stranded(manifest: &Manifest, path: &RelPath, was: Option<&Was>) -> String {
    let what = was.map_or("distribution of that name", |was| &was.name);
    let head =
        format!("an interrupted installer put it aside, and no complete {what} stands beside it");
    let entries = manifest.entries().iter();
    let holds_files = entries
        .filter(|entry| entry.path.is_within(path))
        .any(|entry| entry.size().is_some());
    if !holds_files {
        return format!("{head}; it holds no file: restore a snapshot, or install it again");
    }
    let back = match was.and_then(|was| was.path.as_ref()) {
        Some(old) if manifest.get(old).is_some() => {
            format!("or move away what was begun as '{old}' and rename this to it")
        }
        Some(old) => format!("or rename it back to '{old}'"),
        None => "or give it its old name back".to_owned(),
    };
    format!("{head}: keep it, it may be the only copy; restore a snapshot, {back}")
}

/// Whether an installer came to its end with a distribution: it writes RECORD last. Old forms have none.
fn was_finished(dist: &Dist) -> bool {
    let listed = dist.record.as_ref();
    let listed = listed.is_some_and(|(_, record)| !record.rows.is_empty() && record.bad == 0);
    match dist.form {
        Form::DistInfo => dist.metadata.is_some() && listed && dist.unfinished.is_none(),
        Form::EggInfo => dist.metadata.is_some(),
        Form::Egg | Form::EggLink | Form::Conda => true,
    }
}
