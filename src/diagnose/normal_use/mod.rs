//! What changes in normal use: it reads like damage, since it is not what it was, and nobody has to mend it.

mod cache;
mod unowned;

use super::packages::Packages;
use crate::model::{Change, Class, Kind, Node, NormalUse, RelPath};
use crate::python::bytecode::{is_bytecode, legacy_of, stands_alone};
use crate::python::config::{CONFIG_MAX, is_complete, is_config, is_sound};
use crate::python::dist::{Dists, Read};

impl Packages<'_> {
    /// Which normal use a damaged change comes of; none where it is damage. `read` gives what stands on the actual
    /// side.
    pub(crate) fn normal_use(&self, change: &Change, read: Read<'_>) -> Option<NormalUse> {
        let is_open = change.class == Class::Damage
            && change.kind != Kind::Unreadable
            && change.detail.behind.is_none()
            && !is_bytecode(&change.path);
        if !is_open || self.is_ruined(change) {
            return None;
        }
        if self.is_stripped(change, read) {
            return Some(NormalUse::Stripped);
        }
        if is_rewritten(change, read) {
            return Some(NormalUse::Config);
        }
        self.unowned_use(change, read)
    }

    /// Whether a source is gone, and whole bytecode stands in its place (`python -m compileall -b`).
    fn is_stripped(&self, change: &Change, read: Read<'_>) -> bool {
        let is_gone = change.kind == Kind::Missing && self.is_in_site(&change.path);
        let bytecode = legacy_of(&change.path).filter(|_| is_gone);
        let bytecode = bytecode.filter(|path| self.after.get(path).is_some());
        bytecode.is_some_and(|path| read(&path).is_some_and(|bytes| stands_alone(&path, &bytes)))
    }

    /// Whether Python imports from the directory of a path, or from one above it.
    fn is_in_site(&self, path: &RelPath) -> bool {
        let is_in = |dists: &Dists| dists.layout.sites.iter().any(|site| path.is_within(site));
        is_in(self.actual) || is_in(self.expected)
    }
}

/// Whether a change is one of configuration, which a program or a person wrote anew.
fn is_rewritten(change: &Change, read: Read<'_>) -> bool {
    let is_file = |node: &Node| matches!(node, Node::File { .. });
    let there = change.actual.as_ref().filter(|one| is_file(&one.node));
    let (Some(is), true) = (there, is_config(&change.path)) else {
        return false;
    };
    // A program that writes a file gives it a new time.
    let moved = change
        .expected
        .as_ref()
        .is_none_or(|was| was.meta.mtime != is.meta.mtime);
    if !moved || is.size().is_none_or(|size| size > CONFIG_MAX) {
        return false;
    }
    let content = || read(&change.path);
    match change.kind {
        Kind::Altered => content().is_some_and(|bytes| is_sound(&change.path, &bytes, false)),
        // A true beginning of the saved file may be a complete file: `jupyter` leaves out the line feed at the end.
        Kind::Truncated => {
            content().is_some_and(|bytes| is_complete(&change.path, &bytes) == Some(true))
        }
        _ => false,
    }
}
