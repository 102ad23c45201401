//! Distributions whose install did not come to its end: an installer was killed, or failed and left what it had begun.
//! uv itself takes such a distribution for installed afterwards: it says "Checked".

use super::Subject;
use crate::model::{Check, Finding, Node, RelPath};
use crate::python::dist::{Dist, Form, Installer, Sign, Unfinished, maker};

/// Names each of them, and what is left of others.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let dists = subject.dists.all.iter();
    let mut findings: Vec<Finding> = dists
        .filter_map(|dist| Some(finding(dist, dist.unfinished.as_ref()?)))
        .collect();
    findings.extend(temporaries(subject));
    findings
}

fn finding(dist: &Dist, unfinished: &Unfinished) -> Finding {
    let who = match unfinished.by {
        Some(Installer::Pip) => "pip",
        Some(Installer::Uv) => "uv",
        None => "its installer",
    };
    let signs: Vec<String> = unfinished.signs.iter().map(shown).collect();
    let text = format!(
        "{who} did not finish its install: INSTALLER, which comes last, is not there; {}. Restore a snapshot, or \
         install it again \
         past what is there (pip: --force-reinstall, uv: --reinstall)",
        signs.join("; ")
    );
    Finding::new(Check::Interrupted, text)
        .in_package(&dist.name)
        .at(&dist.info)
}

fn shown(sign: &Sign) -> String {
    match sign {
        Sign::Files(1, path) => format!("'{path}' was never written"),
        Sign::Files(count, path) => {
            format!("'{path}' and {} more were never written", count - 1)
        }
        Sign::Script(path) => {
            format!("its script '{path}' is not there, or RECORD does not list it yet")
        }
        Sign::Cut(path) => format!("'{path}' ends before its own row"),
        Sign::Bare => "nor is anything else of it but names".to_owned(),
        Sign::Requested => "REQUESTED is".to_owned(),
        Sign::Temporary(path) => format!("'{path}' was never renamed"),
        Sign::Aside(path) => format!("'{path}' is still put aside"),
        Sign::Others => "uv made this venv and always writes it".to_owned(),
    }
}

/// Temporary files that an installer left in `bin` or in an info directory, where that of its own distribution is
/// finished.
fn temporaries(subject: &Subject<'_>) -> impl Iterator<Item = Finding> {
    let entries = subject.manifest.entries().iter();
    let files = entries.filter(|entry| matches!(entry.node, Node::File { .. }));
    let left = files.map(|entry| &entry.path).filter(|path| {
        maker(path.name()).is_some()
            && (subject.dists.layout.is_script(path) || is_told_apart(subject, path))
    });
    left.map(|path| {
        let text = "an interrupted installer left it; it can be removed";
        Finding::new(Check::Leftover, text).at(path)
    })
}

/// Whether a path lies in the info directory of a distribution of which nothing else is told.
fn is_told_apart(subject: &Subject<'_>, path: &RelPath) -> bool {
    let owner = subject.dists.info_owner(path);
    owner.is_some_and(|dist| dist.form == Form::DistInfo && dist.unfinished.is_none())
}
