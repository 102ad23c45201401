//! Whether what installers put into `bin` can be started, and whether anybody but root may read what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::{Subject, Whose, nested, owned};
use crate::model::{Check, Entry, Finding, Node, RelPath, Shown, TreeKind};
use crate::python::relocate::interpreter_of;

/// A longer file is no script.
const SCRIPT_MAX: u64 = 1 << 20;
/// So many scripts of one interpreter are named.
const NAMED: usize = 5;
const READ: u32 = 0o400;
const ENTER: u32 = 0o500;
const RUN: u32 = 0o111;

/// Checks scripts and modes. Also gives the Pythons that scripts name, if their paths are text.
pub(super) fn check(subject: &Subject<'_>) -> (Vec<Finding>, Option<Vec<String>>) {
    let (mut findings, mut named) = (Vec::new(), BTreeSet::new());
    let mut gone: BTreeMap<PathBuf, Vec<&RelPath>> = BTreeMap::new();
    let mut foreign: BTreeMap<PathBuf, Vec<&RelPath>> = BTreeMap::new();
    let mut own: BTreeMap<RelPath, Vec<&RelPath>> = BTreeMap::new();
    let is_target = subject.dists.layout.kind == TreeKind::Target;
    for (entry, content) in scripts(subject) {
        // Scripts that came with the wheel keep the mode that they had there.
        if entry.meta.mode & RUN == 0 && is_entry_point(subject, &entry.path) {
            let text = format!("nobody may run it (mode {:04o})", entry.meta.mode);
            findings.push(mode(subject, text, &entry.path));
        }
        let Some(python) = python_of(&content) else {
            continue;
        };
        named.insert(python.to_str().map(str::to_owned));
        let is_gone = (subject.gone)(&python);
        match (subject.whose)(&python) {
            // What pip fills with --target has the interpreter of that pip.
            Whose::Other(_) if !is_gone && is_target => {}
            Whose::Other(venv) if !is_gone => foreign.entry(venv).or_default().push(&entry.path),
            Whose::Own(name) if is_gone => own.entry(name).or_default().push(&entry.path),
            _ if is_gone => gone.entry(python).or_default().push(&entry.path),
            _ => {}
        }
    }
    findings.extend(
        foreign
            .iter()
            .map(|(venv, scripts)| of_another(venv, scripts)),
    );
    findings.extend(closed(subject));
    // Where the venv's own is gone, that is the finding.
    let facts = subject.interpreter;
    if facts.is_none_or(|facts| facts.problems.is_empty()) {
        findings.extend(gone.iter().map(|(path, scripts)| orphaned(path, scripts)));
        let is_told = |name: &RelPath| {
            let mut told = facts.iter().flat_map(|facts| &facts.names);
            told.any(|(path, _)| path == name)
        };
        let own = own.iter().filter(|(name, _)| !is_told(name));
        findings.extend(own.map(|(name, scripts)| nameless(name, scripts)));
    }
    (findings, named.into_iter().collect())
}

/// The Python that a script names by its whole path.
pub(super) fn python_of(content: &[u8]) -> Option<PathBuf> {
    let path: PathBuf = OsString::from_vec(interpreter_of(content)?).into();
    let name = path.file_name()?.as_bytes();
    let is_python = [&b"python"[..], b"pypy", b"graalpy"];
    let is_python = is_python.iter().any(|one| name.starts_with(one));
    (path.is_absolute() && is_python).then_some(path)
}

/// Whether an installer made a script, which it always marks to be run.
fn is_entry_point(subject: &Subject<'_>, path: &RelPath) -> bool {
    let list = subject.dists.owner(path);
    let list = list.and_then(|dist| dist.info.join(b"entry_points.txt").ok());
    let list = list
        .and_then(|path| (subject.read)(&path))
        .unwrap_or_default();
    let mut lines = list.split(|&byte| byte == b'\n');
    lines.any(|line| {
        let name = line.split(|&byte| byte == b'=').next();
        name.is_some_and(|name| name.trim_ascii() == path.name()) && line.contains(&b'=')
    })
}

/// The scripts that distributions list directly in `bin`.
fn scripts<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (&'a Entry, Vec<u8>)> {
    let listed = |entry: &&Entry| subject.dists.owner(&entry.path).is_some();
    let found = in_bin(subject).filter(listed);
    found.filter_map(|entry| {
        let content = (subject.read)(&entry.path)?;
        content.starts_with(b"#!").then_some((entry, content))
    })
}

/// The files in `bin` that are short enough to be scripts.
pub(super) fn in_bin<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Entry> {
    let entries = subject.manifest.entries().iter();
    let layout = &subject.dists.layout;
    let entries = entries.filter(|entry| layout.is_script(&entry.path));
    entries.filter(|entry| entry.size().is_some_and(|size| size <= SCRIPT_MAX))
}

/// Files and directories that not even their owner may read. Root can, and so would not notice.
fn closed(subject: &Subject<'_>) -> Vec<Finding> {
    let is_closed = |entry: &&Entry| match entry.node {
        Node::File { .. } => entry.meta.mode & READ == 0,
        Node::Dir => entry.meta.mode & ENTER != ENTER,
        _ => false,
    };
    let finding = |entry: &Entry| {
        let text = format!(
            "not even its owner may read it (mode {:04o})",
            entry.meta.mode
        );
        mode(subject, text, &entry.path)
    };
    let others = nested::roots(subject.manifest, subject.dists);
    let entries = subject.manifest.entries().iter();
    let entries = entries.filter(|entry| !nested::is_in(&others, &entry.path));
    entries.filter(is_closed).map(finding).collect()
}

/// What is told of scripts whose interpreter is gone.
fn orphaned(interpreter: &Path, scripts: &[&RelPath]) -> Finding {
    let text = format!(
        "'{}' is gone, and without it cannot start: {}. A venv that was moved or copied names its old place; \
         'restore OLD --to NEW' adapts a snapshot of that one",
        Shown::path(interpreter),
        listed(scripts),
    );
    Finding::new(Check::ScriptInterpreter, text)
}

/// What is told of scripts that belong to another venv. One that was moved and of which another was made at its old
/// place looks the same.
fn of_another(venv: &Path, scripts: &[&RelPath]) -> Finding {
    let text = format!(
        "they run the interpreter of another venv, '{}', and what they install or remove is there: {}. This venv is a \
         copy of \
         that one, or was moved from its place; 'restore OLD --to NEW' adapts a snapshot of that one",
        Shown::path(venv),
        listed(scripts),
    );
    let finding = Finding::new(Check::ScriptForeign, text);
    match scripts {
        [first, ..] => finding.at(first),
        [] => finding,
    }
}

/// What is told of scripts that name an entry of this venv that is not there.
fn nameless(name: &RelPath, scripts: &[&RelPath]) -> Finding {
    let text = format!(
        "it is gone, and without it cannot start: {}",
        listed(scripts)
    );
    Finding::new(Check::Interpreter, text).at(name)
}

/// The first of some scripts, and how many more there are.
fn listed(scripts: &[&RelPath]) -> String {
    let names: Vec<String> = scripts.iter().map(ToString::to_string).collect();
    let (shown, more) = names.split_at(NAMED.min(names.len()));
    match more.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn mode(subject: &Subject<'_>, text: String, path: &RelPath) -> Finding {
    owned(
        Finding::new(Check::Mode, text).at(path),
        subject.dists,
        path,
    )
}
