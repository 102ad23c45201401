//! Paths by their words alone.

use std::path::{Component, Path, PathBuf};

/// A path without `.` and `..`, as its text has it: no link on its way is followed.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
