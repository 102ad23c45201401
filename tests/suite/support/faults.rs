//! Faults from outside: system calls that kill, fail or wait, by strace; and other users. What cannot be had is told.

use std::io::Write;
use std::process::Command;

use super::{Run, Sandbox};

/// The calls that change something.
pub(crate) const CHANGING: [&str; 18] = [
    "mkdir",
    "mkdirat",
    "write",
    "pwrite64",
    "ftruncate",
    "fchmod",
    "fchown",
    "fsetxattr",
    "utimensat",
    "symlinkat",
    "linkat",
    "unlink",
    "unlinkat",
    "renameat",
    "renameat2",
    "fsync",
    "fdatasync",
    "syncfs",
];

/// Errors that a call may meet. The last of the calls is no change, but no descriptor may be left for it.
pub(crate) fn errors() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let of = |call: &'static str| -> (&'static str, &'static [&'static str]) {
        let errors: &[&str] = match call {
            "openat" => &["EMFILE", "EACCES", "EIO"],
            "write" | "pwrite64" => &["EIO", "ENOSPC", "EDQUOT", "EROFS", "EINTR"],
            _ => &["EIO", "ENOSPC", "EDQUOT", "EROFS", "EACCES"],
        };
        (call, errors)
    };
    CHANGING.into_iter().chain(["openat"]).map(of)
}

/// Tells that something could not be tested here, so that it is never silent.
pub(crate) fn skipped(count: usize, why: &str) {
    // Past the capture of the test harness.
    let _ = writeln!(std::io::stderr().lock(), "skipped: {count} {why}");
    if let Ok(mut file) = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(concat!(env!("CARGO_TARGET_TMPDIR"), "/skipped"))
    {
        let _ = writeln!(file, "skipped: {count} {why}");
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether strace works here; tells if it does not.
pub(crate) fn can_trace() -> bool {
    let works = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status()
        .is_ok_and(|status| status.success());
    if !works {
        skipped(1, "strace does not work here");
    }
    works
}

/// Whether this is root; tells if it is not.
pub(crate) fn needs_root() -> bool {
    if !is_root() {
        skipped(1, "this needs root");
    }
    is_root()
}

impl Sandbox {
    /// The program under strace, with injections such as `renameat2:error=EINVAL`, in one working thread so that the n-th call
    /// is always the same one.
    pub(crate) fn traced(&self, injections: &[&str], args: &[&str]) -> Command {
        let calls: Vec<&str> = injections
            .iter()
            .map(|one| one.split(':').next().unwrap())
            .collect();
        let mut command = Command::new("strace");
        self.dress(&mut command);
        command.args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={}", calls.join(",")),
        ]);
        for injection in injections {
            command.args(["-e", &format!("inject={injection}")]);
        }
        command
            .env("RAYON_NUM_THREADS", "1")
            .arg(env!("CARGO_BIN_EXE_snap"))
            .args(args);
        command
    }

    /// Runs the program with injections.
    pub(crate) fn snap_traced(&self, injections: &[&str], args: &[&str]) -> Run {
        Run::of(self.traced(injections, args))
    }
}
