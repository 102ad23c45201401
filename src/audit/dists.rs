//! What is odd about the distributions themselves.

use super::Subject;
use super::linked::{behind, is_linked};
use crate::model::{Check, Finding, Node, RelPath, Shown};
use crate::python::dist::{Dist, Form};

/// Checks each distribution, and all of them together.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let dists = subject.dists.all.iter();
    let mut findings: Vec<Finding> = dists.flat_map(|dist| single(subject, dist)).collect();
    for pair in subject.dists.all.windows(2) {
        let [a, b] = pair else { continue };
        // A library of conda may have the name of a distribution.
        if a.name == b.name && b.form != Form::Conda {
            let text = format!(
                "it is installed twice: {} ('{}') and {} ('{}')",
                a.version, a.info, b.version, b.info
            );
            findings.push(
                Finding::new(Check::Duplicate, text)
                    .in_package(&a.name)
                    .at(&b.info),
            );
        }
    }
    findings
}

/// Whether an installer that always writes a RECORD installed a distribution.
fn is_always_recorded(dist: &Dist) -> bool {
    let by = dist.installer.as_deref();
    dist.form == Form::DistInfo && matches!(by, Some("pip" | "uv"))
}

fn about(dist: &Dist, check: Check, text: String) -> Finding {
    let finding = Finding::new(check, text);
    finding.in_package(&dist.name).at(&dist.info)
}

fn single(subject: &Subject<'_>, dist: &Dist) -> Vec<Finding> {
    let mut findings = Vec::new();
    let found = |check, text: String| about(dist, check, text);
    let no_list = |path: &RelPath, text: &str| {
        let finding = Finding::new(Check::RecordUnreadable, text);
        finding.in_package(&dist.name).at(path)
    };
    // What may not be looked at is told as that, and nothing is known of what is in it.
    let closed = |path: &RelPath| {
        let entry = subject.manifest.get(path);
        entry.is_some_and(|entry| matches!(entry.node, Node::Unreadable(_)))
            || dist.unread.contains(path)
    };
    if closed(&dist.info) {
        return findings;
    }
    let metadata = [&b"METADATA"[..], b"PKG-INFO"].map(|name| dist.info.join(name));
    let is_hidden = metadata.iter().flatten().any(closed);
    // If a tree stands nowhere, nobody knows what lies behind its links.
    let is_unseen = subject.behind.is_none()
        && metadata
            .iter()
            .flatten()
            .any(|path| is_linked(subject, path));
    if is_unseen && dist.metadata.is_none() {
        return findings;
    }
    if dist.metadata.is_none() && !is_hidden && !matches!(dist.form, Form::Egg | Form::EggLink) {
        let text = unreadable(dist).to_owned();
        let mut finding = found(Check::MetadataUnreadable, text);
        finding.behind = metadata
            .first()
            .and_then(|path| behind(subject, path.as_ref().ok()?));
        if let Some(cache) = &finding.behind {
            finding.text = format!(
                "{}: it is a link into '{}'",
                finding.text,
                Shown(cache.as_bytes())
            );
        }
        findings.push(finding);
    }
    match &dist.record {
        None if is_always_recorded(dist) => {
            let text =
                "it is gone, though its installer writes one, so nothing is known of the files";
            findings.extend(dist.info.join(b"RECORD").map(|path| no_list(&path, text)));
        }
        None if dist.form != Form::EggLink => {
            let text = "it has no RECORD, so nothing is known of its files".to_owned();
            findings.push(found(Check::RecordAbsent, text));
        }
        Some((path, _)) if dist.unread.contains(path) => {}
        // A package of conda may be a name for others, and have no file.
        Some(_) if dist.form == Form::Conda => {}
        Some((path, record)) if record.rows.is_empty() => {
            let text = if closed(path) {
                "it cannot be read, so nothing is known of the files"
            } else {
                "it is empty or makes no sense, so nothing is known of the files"
            };
            findings.push(no_list(path, text));
        }
        Some((path, record)) if record.bad > 0 => {
            let text = format!("{} of its rows make no sense", record.bad);
            findings.push(no_list(path, &text));
        }
        _ => {}
    }
    findings
}

/// What is told of a distribution of which nothing tells what it is.
fn unreadable(dist: &Dist) -> &'static str {
    match dist.form {
        Form::Conda => {
            "what conda wrote of it is empty or makes no sense, so nothing is known of its files"
        }
        _ => "its METADATA is gone, empty or makes no sense",
    }
}
