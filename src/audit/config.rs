//! Configuration that was rewritten after it was installed.

use super::Subject;
use crate::model::{Entry, RelPath};
use crate::python::config::{CONFIG_MAX, is_config, is_sound};
use crate::python::dist::{Dist, Row};

/// Whether a file that is not what its row says may be configuration that somebody rewrote. A file that has the
/// installed length and no later mtime was not rewritten: a program that writes a file gives it a new time.
pub(super) fn is_rewritten(subject: &Subject<'_>, dist: &Dist, row: &Row, size: u64) -> bool {
    if !is_config(&row.path) || size > CONFIG_MAX {
        return false;
    }
    let mtime = |path: &RelPath| {
        let entry = subject.manifest.get(path);
        entry.map(|entry: &Entry| entry.meta.mtime)
    };
    let installed = dist.record.as_ref().and_then(|(path, _)| mtime(path));
    if row.size == Some(size) && mtime(&row.path) <= installed {
        return false;
    }
    let is_shorter = row.size.is_some_and(|expected| size < expected);
    let content = (subject.read)(&row.path);
    content.is_some_and(|content| is_sound(&row.path, &content, is_shorter))
}
