//! `ls`: the entries of a snapshot, as `ls -l` shows them.

use std::io::{self, Write};

use jiff::Timestamp;

use super::Style;
use super::words::{number, time};
use crate::model::{Entry, Node, Shown, Special};
use crate::ops::LsOutcome;

/// Writes one line for each entry.
pub fn ls(out: &mut dyn Write, outcome: &LsOutcome, style: &Style) -> io::Result<()> {
    outcome
        .entries
        .iter()
        .try_for_each(|entry| line(out, entry, style))
}

fn line(out: &mut dyn Write, entry: &Entry, style: &Style) -> io::Result<()> {
    let meta = &entry.meta;
    let size = entry.size().map(number).unwrap_or_default();
    let when = Timestamp::new(meta.mtime.secs, meta.mtime.nanos as i32)
        .map_or_else(|_| "?".to_owned(), |at| time(at, style));
    let owner = format!("{}:{}", meta.uid, meta.gid);
    write!(
        out,
        "{} {owner:>9} {size:>12} {when} {}",
        mode(entry),
        entry.path
    )?;
    match &entry.node {
        Node::Symlink(target) => writeln!(out, " -> {}", Shown(target)),
        Node::File {
            link_to: Some(first),
            ..
        } => writeln!(out, " = {first}"),
        Node::Unreadable(reason) => writeln!(out, " (unreadable: {})", Shown(reason.as_bytes())),
        _ => writeln!(out),
    }
}

/// Type and permissions: `-rw-r--r--`.
fn mode(entry: &Entry) -> String {
    let kind = match &entry.node {
        Node::Dir => 'd',
        Node::File { .. } => '-',
        Node::Symlink(_) => 'l',
        Node::Special(Special::Fifo) => 'p',
        Node::Special(Special::Socket) => 's',
        Node::Special(Special::CharDevice(_)) => 'c',
        Node::Special(Special::BlockDevice(_)) => 'b',
        Node::Unreadable(_) => '?',
    };
    let bits = entry.meta.mode;
    let mut text = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let part = bits >> shift;
        text.push(if part & 4 != 0 { 'r' } else { '-' });
        text.push(if part & 2 != 0 { 'w' } else { '-' });
        text.push(match (part & 1 != 0, bits & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}
