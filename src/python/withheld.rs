//! What keeps this process from running or seeing a program that may be all right.

use std::path::Path;

use rustix::io::Errno;

use crate::disk::limits::is_shortage_io;
use crate::disk::namespace::KnownIds;
use crate::disk::rooted::Rooted;
use crate::disk::space::may_execute;

/// Whether the user of a venv is not known in the namespace of this process, which so cannot run anything as that one.
pub(super) fn is_unknown_user(root: &Rooted) -> bool {
    let stat = root.stat().ok();
    let is_root = rustix::process::geteuid().is_root();
    let known = |stat: crate::disk::stat::Stat| {
        KnownIds::users().have(stat.uid) && KnownIds::groups().have(stat.gid)
    };
    is_root && !stat.is_none_or(known)
}

/// Whether an error is about who asks, about the way there, or about what this process lacks, and not about what is
/// there.
pub(super) fn is_withheld(error: &std::io::Error) -> bool {
    if is_shortage_io(error) {
        return true;
    }
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(
        number,
        Some(Errno::ACCESS | Errno::PERM | Errno::IO | Errno::STALE | Errno::TIMEDOUT)
    )
}

/// Why a program that others may run cannot be run.
pub(super) fn why(root: &Rooted, program: &Path, error: &std::io::Error) -> String {
    let dir = program.parent().and_then(|dir| Rooted::open(dir).ok());
    if dir.is_some_and(|dir| may_execute(&dir).is_ok_and(|may| !may)) {
        return "no program may be run from its file system (noexec)".to_owned();
    }
    if is_unknown_user(root) {
        return "the namespace of users in which this runs does not know the user of the venv"
            .to_owned();
    }
    let who = match root.stat() {
        Ok(stat) if rustix::process::geteuid().is_root() && stat.uid != 0 => {
            format!("its user {}", stat.uid)
        }
        _ => "this user".to_owned(),
    };
    format!("{who} may not run it: {error}")
}
