//! What the system grants this process, and errors that tell of its limits: they say nothing of what was looked at.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use signal_hook::consts::SIGXFSZ;

/// Whether the kernel said that a file would grow beyond what this process may write.
static MET_FILE_SIZE: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Takes the signal for a file that would grow beyond the limit of this process (`ulimit -f`), which else is its end:
/// the write then is an error.
pub fn survive_file_size() -> io::Result<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::clone(&MET_FILE_SIZE)).map(drop)
}

/// How many bytes this process may write into one file, once it was refused to write more. The same error comes from a
/// file system that holds no file of that size, and `SQLite` tells neither from a bad disk.
pub fn file_size_met() -> Option<u64> {
    let limit = getrlimit(Resource::Fsize).current;
    limit.filter(|_| MET_FILE_SIZE.load(Ordering::Relaxed))
}

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
