//! Scripts whose first line another tool rewrote after the install: pipx adds `-E`, venv-pack names `env`, people run
//! `sed` over a venv that they moved. Such a script is sound where all below that line is RECORD's and the interpreter
//! is that of this venv.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use super::Subject;
use crate::model::{Entry, Node, RelPath};
use crate::python::dist::{Row, Sum};
use crate::python::layout::site_above;
use crate::python::relocate::{Head, head_of};

/// How many bytecode files are asked where the venv stood when they were written.
const ASKED: usize = 8;
/// The names by which first lines of scripts call an interpreter.
const NAMES: [&[u8]; 3] = [b"python", b"python3", b"pypy3"];

/// Whether a script of `bin` is what a row says but for its first lines, and starts with an interpreter of this venv.
pub(super) fn is_adapted(subject: &Subject<'_>, row: &Row, sum: &Sum) -> bool {
    if !subject.dists.layout.is_script(&row.path) {
        return false;
    }
    let Some(content) = (subject.read)(&row.path) else {
        return false;
    };
    let Some(head) = head_of(&content) else {
        return false;
    };
    let (Some(place), Some(size)) = (subject.place.as_ref(), row.size) else {
        return false;
    };
    let root = place.as_os_str().as_bytes();
    if !is_of_this_venv(subject, &head, root) {
        return false;
    }
    let Some(len) = (size as usize).checked_sub(head.rest.len()) else {
        return false;
    };
    let heads = heads(subject, root, &row.path);
    let mut fitting = heads.iter().filter(|head| head.len() == len);
    fitting.any(|written| sum.is_of(&[written, head.rest].concat()))
}

/// Whether a first line leads to an interpreter of this venv: by its path, or by `env` once the venv is active.
fn is_of_this_venv(subject: &Subject<'_>, head: &Head<'_>, root: &[u8]) -> bool {
    if head.interpreter == b"/usr/bin/env" {
        let named = head.arguments.trim_ascii();
        return subject
            .bin(named)
            .is_some_and(|path| (subject.reaches)(&path));
    }
    let infix = subject.dists.layout.script_infix();
    let below = head.interpreter.strip_prefix(root);
    let name = below.and_then(|below| below.strip_prefix(&*infix));
    let path = name.and_then(|name| subject.bin(name));
    path.is_some_and(|path| (subject.reaches)(&path))
}

/// The first lines that an installer may have written: with the place where the venv stands, and with those where it
/// stood, as something in it still tells.
fn heads(subject: &Subject<'_>, root: &[u8], script: &RelPath) -> Vec<Vec<u8>> {
    let mut names: BTreeSet<Vec<u8>> = NAMES.iter().map(|name| name.to_vec()).collect();
    let entries = subject.manifest.entries().iter();
    let in_bin = entries.filter(|entry| subject.dists.layout.is_script(&entry.path));
    let in_bin: Vec<&Entry> = in_bin.collect();
    let pythons = in_bin.iter().map(|entry| entry.path.name());
    names.extend(
        pythons
            .filter(|name| name.starts_with(b"py"))
            .map(<[u8]>::to_vec),
    );
    let mut interpreters = BTreeSet::new();
    let infix = subject.dists.layout.script_infix();
    for root in places(subject, root) {
        interpreters.extend(names.iter().map(|name| [&root[..], &infix, name].concat()));
    }
    // Other scripts name the interpreter as their installer wrote it.
    let others = in_bin.iter().filter(|entry| entry.path != *script);
    let others = others.filter_map(|entry| {
        (subject.read)(&entry.path).filter(|_| matches!(entry.node, Node::File { .. }))
    });
    interpreters.extend(others.filter_map(|content| Some(head_of(&content)?.interpreter)));
    interpreters.iter().flat_map(|path| forms(path)).collect()
}

/// An interpreter in the forms of pip, uv and virtualenv: plain, or for a path that the kernel would not take.
fn forms(interpreter: &[u8]) -> [Vec<u8>; 4] {
    let long = |quote: &[u8], path: &[u8]| {
        let line = [b"'''exec' ", quote, path, quote, b" \"$0\" \"$@\"\n"].concat();
        [b"#!/bin/sh\n", &line[..], b"' '''\n"].concat()
    };
    // uv ends the quotes for each apostrophe.
    let parts: Vec<&[u8]> = interpreter.split(|&byte| byte == b'\'').collect();
    [
        [b"#!", interpreter, b"\n"].concat(),
        long(b"", interpreter),
        long(b"\"", interpreter),
        long(b"'", &parts.join(&b"'\"'\"'"[..])),
    ]
}

/// Where the venv stands, and where it stood: `pyvenv.cfg` keeps the command that made it, and bytecode the paths of
/// its sources.
fn places(subject: &Subject<'_>, root: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut places = BTreeSet::from([root.to_vec()]);
    let config = RelPath::new(b"pyvenv.cfg")
        .ok()
        .and_then(|path| (subject.read)(&path));
    let config = config.unwrap_or_default();
    for line in config.split(|&byte| byte == b'\n') {
        let value = line.strip_prefix(b"command = ").map(<[u8]>::trim_ascii);
        let at =
            value.and_then(|value| Some((value, value.windows(2).rposition(|two| two == b" /")?)));
        places.extend(at.map(|(value, at)| value[at + 1..].to_vec()));
    }
    let entries = subject.manifest.entries().iter().map(|entry| &entry.path);
    let compiled = entries.filter(|path| path.name().ends_with(b".pyc"));
    for path in compiled.take(ASKED) {
        let content = (subject.read)(path).unwrap_or_default();
        places.extend(written_at(&content, path));
    }
    places
}

/// Where the venv stood when a bytecode file was written: it holds the path of its source.
fn written_at(content: &[u8], path: &RelPath) -> Option<Vec<u8>> {
    let site = site_above(path)?;
    let below = [b"/", site.as_bytes(), b"/"].concat();
    let at = content
        .windows(below.len())
        .position(|part| part == below)?;
    let before = &content[..at];
    // The path begins at the last byte that no path holds, with the slash after it.
    let start = before
        .iter()
        .rposition(|byte| byte.is_ascii_control() || !byte.is_ascii())?;
    let found = &before[start + 1..];
    let slash = found.iter().position(|&byte| byte == b'/')?;
    Some(found[slash..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytecode_tells_where_the_venv_stood() {
        let path =
            RelPath::new(b"lib/python3.11/site-packages/a/__pycache__/x.cpython-311.pyc").unwrap();
        let content = b"\xa7\r\r\n\0\0z\x2b/srv/old venv/lib/python3.11/site-packages/a/x.py\0";
        assert_eq!(written_at(content, &path), Some(b"/srv/old venv".to_vec()));
        assert_eq!(written_at(b"nothing", &path), None);
    }
}
