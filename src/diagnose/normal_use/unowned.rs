//! Files that no RECORD lists: nothing tells what belongs there but what stood there before, and programs write such
//! files.

use super::cache::keeper;
use crate::audit::is_valid_python;
use crate::diagnose::packages::Packages;
use crate::model::{Change, Entry, Kind, NormalUse, RelPath};
use crate::python::bytecode::stands_alone;
use crate::python::config::is_complete;
use crate::python::dist::Read;
use crate::python::path_files::is_read_by_some;
use crate::python::{elf, zip};

/// A lock that a program holds says no more than who holds it, in bytes.
const LOCK_MAX: u64 = 32;

impl Packages<'_> {
    /// Which normal use changed a file or directory that no RECORD of either side lists; none where it is damage.
    pub(super) fn unowned_use(&self, change: &Change, read: Read<'_>) -> Option<NormalUse> {
        let path = &change.path;
        let is_owned = self.actual.owner(path).is_some() || self.expected.owner(path).is_some();
        if is_owned || self.actual.layout.is_script(path) || is_of_venv(path) {
            return None;
        }
        if let Some(keeper) = keeper(path, [self.before, self.after]) {
            return Some(keeper);
        }
        let (was, is) = (change.expected.as_ref(), change.actual.as_ref());
        let moved = was
            .zip(is)
            .is_some_and(|(was, is)| was.meta.mtime != is.meta.mtime);
        let is_use = match change.kind {
            Kind::Missing | Kind::Emptied | Kind::Truncated if is_passing(path, was) => true,
            Kind::Truncated if moved => {
                read(path).is_some_and(|bytes| is_complete(path, &bytes) == Some(true))
            }
            Kind::Altered if moved => {
                !is_judged(path) || read(path).is_some_and(|bytes| is_whole(path, &bytes))
            }
            _ => false,
        };
        is_use.then_some(NormalUse::Rewritten)
    }
}

/// Whether a path is of what makes the venv, beside its scripts: it is written once, and no program changes it.
fn is_of_venv(path: &RelPath) -> bool {
    matches!(path.as_bytes(), b"pyvenv.cfg" | b"lib64")
}

/// Whether a file comes and goes while programs run: logs, locks, process numbers, sockets, what databases write
/// beside themselves.
fn is_passing(path: &RelPath, was: Option<&Entry>) -> bool {
    let name = path.name();
    let ends = |ends: &[&[u8]]| ends.iter().any(|end| name.ends_with(end));
    let is_rotated = name.windows(5).any(|part| part == b".log.");
    let is_small = was
        .and_then(Entry::size)
        .is_some_and(|size| size <= LOCK_MAX);
    is_rotated
        || ends(&[
            b".log",
            b".pid",
            b".sock",
            b".tmp",
            b".swp",
            b"-wal",
            b"-shm",
            b"-journal",
        ])
        || is_small && ends(&[b".lock"])
}

/// Whether the format of a file tells if it is whole.
fn is_judged(path: &RelPath) -> bool {
    let name = path.name();
    let ends = [&b".py"[..], b".pyc", b".so", b".egg", b".zip", b".json"];
    is_read_by_some(name)
        || ends.iter().any(|end| name.ends_with(end))
        || name.windows(4).any(|part| part == b".so.")
}

/// Whether a file is whole by its format.
fn is_whole(path: &RelPath, bytes: &[u8]) -> bool {
    let name = path.name();
    if name.ends_with(b".py") {
        is_valid_python(bytes)
    } else if name.ends_with(b".pyc") {
        stands_alone(path, bytes)
    } else if is_read_by_some(name) {
        std::str::from_utf8(bytes).is_ok()
    } else if name.ends_with(b".egg") || name.ends_with(b".zip") {
        zip::problem(bytes).is_none()
    } else if name.ends_with(b".json") {
        is_complete(path, bytes) == Some(true)
    } else {
        elf::is_whole(bytes)
    }
}
