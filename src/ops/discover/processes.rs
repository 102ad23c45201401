//! Which paths each process has to do with: its program, where it works, what it was started with, what it has mapped.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
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

/// All processes but this one, as far as they can be seen: those of others only by root. `machine` is the directory
/// below which another machine lies.
pub(super) fn processes(machine: &Path) -> Vec<Process> {
    let own = std::process::id();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != own)
        .map(|pid| process(pid, machine))
        .collect()
}

/// How this process calls the paths of another one, which may have another root: that of a container, say.
struct Names<'m> {
    /// `/proc/PID/root`.
    top: PathBuf,
    whose: Whose,
    machine: &'m Path,
    /// Whether what the kernel tells as paths (its program, what is mapped) are paths here.
    are_links_ours: bool,
}

/// Whose root a process has.
#[derive(PartialEq, Eq)]
enum Whose {
    /// This process's, as far as can be seen.
    Ours,
    /// That of the machine that is looked at.
    Machine,
    Other,
}

/// What stands at a path.
fn seen(path: &Path) -> Option<(u64, u64)> {
    let meta = fs::metadata(path).ok()?;
    Some((meta.dev(), meta.ino()))
}

impl<'m> Names<'m> {
    fn of(pid: u32, machine: &'m Path) -> Self {
        let dir = PathBuf::from(format!("/proc/{pid}"));
        let top = dir.join("root");
        let whose = match seen(&top) {
            None => Whose::Ours,
            own if own == seen(Path::new("/")) => Whose::Ours,
            own if own == seen(machine) => Whose::Machine,
            Some(_) => Whose::Other,
        };
        // A path of another namespace of mounts may be one here as well, of another file.
        let exe = dir.join("exe");
        let told = fs::read_link(&exe).ok();
        let are_links_ours =
            whose == Whose::Ours || told.is_some_and(|told| seen(&told) == seen(&exe));
        Self {
            top,
            whose,
            machine,
            are_links_ours,
        }
    }

    /// A path that the kernel tells.
    fn link(&self, path: PathBuf) -> Option<PathBuf> {
        if self.are_links_ours {
            return Some(path);
        }
        self.word(path)
    }

    /// A path as the process itself has it; none where it is not known that it means the same here.
    fn word(&self, path: PathBuf) -> Option<PathBuf> {
        let below = path.strip_prefix("/").unwrap_or(&path);
        match self.whose {
            Whose::Ours => Some(path),
            Whose::Machine => Some(self.machine.join(below)),
            Whose::Other => {
                let theirs = seen(&self.top.join(below));
                (theirs.is_some() && theirs == seen(&path)).then_some(path)
            }
        }
    }
}

fn process(pid: u32, machine: &Path) -> Process {
    let dir = PathBuf::from(format!("/proc/{pid}"));
    let names = Names::of(pid, machine);
    let comm = fs::read(dir.join("comm")).unwrap_or_default();
    let mut paths = Vec::new();
    let link = |name: &str| fs::read_link(dir.join(name)).ok();
    let exe = link("exe");
    let program = exe.clone().and_then(|to| names.link(to));
    paths.extend(program.map(|to| (to, How::Program)));
    let cwd = link("cwd").and_then(|to| names.link(to));
    paths.extend(cwd.map(|to| (to, How::Directory)));
    let started = fs::read(dir.join("cmdline")).unwrap_or_default();
    let words = started
        .split(|&b| b == 0)
        .filter(|word| word.starts_with(b"/"));
    let words = words.filter_map(|word| names.word(path(word)));
    paths.extend(words.map(|word| (word, How::CommandLine)));
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
        let active = active.and_then(|active| names.word(path(active)));
        paths.extend(active.map(|active| (active, How::Activated)));
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
    let mapped = mapped.into_iter().filter_map(|one| names.link(path(one)));
    paths.extend(mapped.map(|one| (one, How::Mapped)));
    Process {
        pid,
        name: String::from_utf8_lossy(&comm).trim_end().to_owned(),
        paths,
    }
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
