//! What the system grants this process, and errors that tell of its limits: they say nothing of what was looked at.

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// How many descriptors this process may have open at once, where that is limited.
pub(crate) fn descriptors() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Whether a user gets no further name of a file of somebody else (`fs.protected_hardlinks`).
pub(crate) fn links_are_protected() -> bool {
    let setting = std::fs::read_to_string("/proc/sys/fs/protected_hardlinks");
    setting.is_ok_and(|text| text.trim() != "0")
}

/// Whether an error says that this process, or the system, has no more descriptors, memory or processes to give, or
/// that a signal came between: whoever asked knows no more than before.
pub(crate) fn is_shortage(error: Errno) -> bool {
    matches!(
        error,
        Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS | Errno::AGAIN | Errno::INTR
    )
}

/// The same of an error of the standard library.
pub(crate) fn is_shortage_io(error: &std::io::Error) -> bool {
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    number.is_some_and(is_shortage)
}
