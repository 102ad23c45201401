//! Which paths each process has to do with: its program, where it works, what it was started with, what it has mapped.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How a process uses an environment, the plainest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum How {
    /// It runs a program of it.
    Program,
    /// A word of its command line is a path in it.
    CommandLine,
    /// It has mapped a file of it.
    Mapped,
    /// It is a Python that was started where it was activated.
    Activated,
    /// It works in a directory of it.
    Directory,
}

impl How {
    /// The word in text and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::CommandLine => "command-line",
            Self::Mapped => "mapped",
            Self::Activated => "activated",
            Self::Directory => "directory",
        }
    }
}

/// A process, and the paths by which it may use an environment, each with how.
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) name: String,
    pub(super) paths: Vec<(PathBuf, How)>,
}

/// All processes but this one, as far as they can be seen: those of others only by root.
pub(super) fn processes() -> Vec<Process> {
    let own = std::process::id();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != own).map(process).collect()
}

fn process(pid: u32) -> Process {
    let dir = PathBuf::from(format!("/proc/{pid}"));
    let comm = fs::read(dir.join("comm")).unwrap_or_default();
    let mut paths = Vec::new();
    let link = |name: &str| fs::read_link(dir.join(name)).ok();
    let exe = link("exe");
    paths.extend(exe.clone().map(|to| (to, How::Program)));
    paths.extend(link("cwd").map(|to| (to, How::Directory)));
    let started = fs::read(dir.join("cmdline")).unwrap_or_default();
    let words = started
        .split(|&b| b == 0)
        .filter(|word| word.starts_with(b"/"));
    paths.extend(words.map(|word| (path(word), How::CommandLine)));
    let is_python = exe
        .as_deref()
        .and_then(Path::file_name)
        .is_some_and(|name| {
            let name = name.as_bytes();
            name.starts_with(b"python") || name.starts_with(b"pypy")
        });
    if is_python {
        // Who was started by a bare `python` in an activated shell names its environment nowhere else.
        let variables = fs::read(dir.join("environ")).unwrap_or_default();
        let active = variables
            .split(|&b| b == 0)
            .find_map(|one| one.strip_prefix(b"VIRTUAL_ENV="));
        paths.extend(active.map(|active| (path(active), How::Activated)));
    }
    let maps = fs::read(dir.join("maps")).unwrap_or_default();
    let mapped = maps.split(|&b| b == b'\n').filter_map(|line| {
        let at = line.iter().position(|&b| b == b'/')?;
        Some(
            line[at..]
                .strip_suffix(b" (deleted)")
                .unwrap_or(&line[at..]),
        )
    });
    let mapped: BTreeSet<&[u8]> = mapped.collect();
    paths.extend(mapped.into_iter().map(|one| (path(one), How::Mapped)));
    Process {
        pid,
        name: String::from_utf8_lossy(&comm).trim_end().to_owned(),
        paths,
    }
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
