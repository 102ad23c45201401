//! Whether what installers put into `bin` can be started, and whether anybody but root may read what there is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::Subject;
use crate::model::{Check, Entry, Finding, Node, RelPath, Shown};
use crate::venv::relocate::interpreter_of;

/// A longer file is no script.
const SCRIPT_MAX: u64 = 1 << 20;
/// So many scripts of one interpreter are named.
const NAMED: usize = 5;
const READ: u32 = 0o400;
const ENTER: u32 = 0o500;
const RUN: u32 = 0o111;

/// Checks scripts and modes.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut gone: BTreeMap<PathBuf, Vec<&RelPath>> = BTreeMap::new();
    for (entry, content) in scripts(subject) {
        if entry.meta.mode & RUN == 0 {
            let text = format!("nobody may run it (mode {:04o})", entry.meta.mode);
            findings.push(of(subject, Check::Mode, text, &entry.path));
        }
        let interpreter = interpreter_of(&content).map(|path| OsString::from_vec(path).into());
        let absolute = interpreter.filter(|path: &PathBuf| path.is_absolute());
        if let Some(path) = absolute.filter(|path| (subject.gone)(path)) {
            gone.entry(path).or_default().push(&entry.path);
        }
    }
    findings.extend(closed(subject));
    // Where the venv's own is gone, that is the finding.
    let own = subject.interpreter.map(|facts| &facts.problems);
    if own.is_none_or(Vec::is_empty) {
        findings.extend(gone.iter().map(|(path, scripts)| orphaned(path, scripts)));
    }
    findings
}

/// The scripts that distributions list directly in `bin`.
fn scripts<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (&'a Entry, Vec<u8>)> {
    let entries = subject.manifest.entries().iter();
    let in_bin = |entry: &&Entry| entry.path.parent_bytes() == b"bin" && entry.node != Node::Dir;
    let small = |entry: &&Entry| entry.size().is_some_and(|size| size <= SCRIPT_MAX);
    let listed = |entry: &&Entry| subject.dists.owner(&entry.path).is_some();
    let found = entries.filter(in_bin).filter(small).filter(listed);
    found.filter_map(|entry| {
        let content = (subject.read)(&entry.path)?;
        content.starts_with(b"#!").then_some((entry, content))
    })
}

/// Files and directories that not even their owner may read. Root can, and so would not notice.
fn closed(subject: &Subject<'_>) -> Vec<Finding> {
    let is_closed = |entry: &&Entry| match entry.node {
        Node::File { .. } => entry.meta.mode & READ == 0,
        Node::Dir => entry.meta.mode & ENTER != ENTER,
        _ => false,
    };
    let finding = |entry: &Entry| {
        let text = format!("nobody but root may read it (mode {:04o})", entry.meta.mode);
        of(subject, Check::Mode, text, &entry.path)
    };
    let entries = subject.manifest.entries().iter();
    entries.filter(is_closed).map(finding).collect()
}

/// What is told of scripts whose interpreter is gone.
fn orphaned(interpreter: &std::path::Path, scripts: &[&RelPath]) -> Finding {
    let names: Vec<String> = scripts.iter().map(ToString::to_string).collect();
    let (shown, more) = names.split_at(NAMED.min(names.len()));
    let more = match more.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!(
        "'{}' is gone, and without it cannot start: {}{more}. A venv that was moved or copied names its old place; \
         'restore OLD --to NEW' adapts a snapshot of that one",
        Shown::path(interpreter),
        shown.join(", "),
    );
    Finding::new(Check::ScriptInterpreter, text)
}

fn of(subject: &Subject<'_>, check: Check, text: String, path: &RelPath) -> Finding {
    let finding = Finding::new(check, text).at(path);
    match subject.dists.owner(path) {
        Some(dist) => finding.of(&dist.name),
        None => finding,
    }
}
