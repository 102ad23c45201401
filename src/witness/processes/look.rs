//! One look at a process in `/proc`. Arguments and program go first when a process ends, its name last.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::clock::{now, suspended};
use crate::model::{Argv, Certainty, Image};

/// So many bytes of a file are read.
const READ_MAX: usize = 4096;
/// The login of a process that nobody logged in for.
const NO_LOGIN: u32 = u32::MAX;

/// What a process ran when it was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Look {
    /// When the look began, in nanoseconds of [`now`].
    pub(super) from: u64,
    /// When it ended.
    pub(super) until: u64,
    /// What was seen.
    pub(super) image: Image,
    /// How sure that is.
    pub(super) certainty: Certainty,
}

/// What does not change with the program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Standing {
    /// The real user.
    pub(super) uid: Option<u32>,
    /// Who had logged in.
    pub(super) login: Option<u32>,
    /// The path of its control group.
    pub(super) cgroup: Option<Arc<str>>,
}

/// A process as `/proc` shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::witness) struct Seen {
    pub(super) pid: u32,
    pub(super) parent: u32,
    /// When it was made, to about a hundredth of a second.
    pub(super) born: u64,
    pub(super) look: Look,
    pub(super) standing: Standing,
}

/// Looks at a living process; none where it is gone. Of one that has ended only the name is seen.
pub(in crate::witness) fn look(pid: u32) -> Option<Seen> {
    let (mut seen, ..) = glance(pid, Certainty::Live)?;
    seen.standing = standing(pid);
    Some(seen)
}

/// Looks at a process without its user, login and control group. The second value says whether its arguments were seen.
pub(super) fn glance(pid: u32, certainty: Certainty) -> Option<(Seen, bool)> {
    let from = now();
    let cmdline = read(pid, "cmdline");
    let exe = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let stat = read(pid, "stat")?;
    let (name, parent, started) = of_stat(&stat)?;
    let argv = cmdline.as_deref().and_then(Argv::from_cmdline);
    let is_whole = argv.is_some();
    let image = Image {
        program: Some(name),
        exe: exe.map(|exe| shown_exe(exe.as_os_str().as_bytes())),
        argv,
    };
    let seen = Seen {
        pid,
        parent,
        born: (started * 10_000_000).saturating_sub(suspended()),
        look: Look {
            from,
            until: now(),
            image,
            certainty: if is_whole { certainty } else { Certainty::Comm },
        },
        standing: Standing::default(),
    };
    Some((seen, is_whole))
}

/// User, login and control group of a living process.
pub(super) fn standing(pid: u32) -> Standing {
    let status = read(pid, "status").unwrap_or_default();
    let uid = field(&status, b"Uid:").and_then(|ids| number(ids.split(u8::is_ascii_whitespace)));
    let login = read(pid, "loginuid").and_then(|text| number(std::iter::once(&*text)));
    let cgroup = read(pid, "cgroup").and_then(|text| of_cgroup(&text));
    Standing {
        uid,
        login: login.filter(|uid| *uid != NO_LOGIN),
        cgroup,
    }
}

/// The numbers of all processes.
pub(super) fn all() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect()
}

/// The beginning of a file. It is read at once: between two reads the process may end, and the second one finds nothing
/// of what was left of its arguments.
fn read(pid: u32, file: &str) -> Option<Vec<u8>> {
    let mut file = File::open(format!("/proc/{pid}/{file}")).ok()?;
    let mut text = vec![0; READ_MAX];
    let len = file.read(&mut text).ok()?;
    text.truncate(len);
    Some(text)
}

/// The path of a program, without the mark that its file was removed since.
fn shown_exe(exe: &[u8]) -> String {
    let path = exe.strip_suffix(b" (deleted)").unwrap_or(exe);
    String::from_utf8_lossy(path).into_owned()
}

/// Name, parent and time of start (hundredths of a second since boot) in `/proc/PID/stat`. The name may hold anything,
/// also parentheses.
fn of_stat(stat: &[u8]) -> Option<(String, u32, u64)> {
    let open = stat.iter().position(|&byte| byte == b'(')?;
    let close = stat.iter().rposition(|&byte| byte == b')')?;
    let name = String::from_utf8_lossy(stat.get(open + 1..close)?).into_owned();
    let rest = std::str::from_utf8(&stat[close + 1..]).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some((name, parent, started))
}

/// The path that says most: that of the one hierarchy, or where there are several, systemd's own.
fn of_cgroup(text: &[u8]) -> Option<Arc<str>> {
    let text = String::from_utf8_lossy(text);
    let lines = || text.lines().filter_map(|line| line.split_once(':'));
    let path = |wanted: &str| {
        let mut lines = lines().filter_map(|(_, rest)| rest.split_once(':'));
        lines
            .find(|(name, _)| *name == wanted)
            .map(|(_, path)| path)
    };
    let named = path("name=systemd").filter(|path| *path != "/");
    named.or_else(|| path("")).map(Arc::from)
}

fn field<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut lines = text.split(|&byte| byte == b'\n');
    lines.find_map(|line| line.strip_prefix(name))
}

fn number<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Option<u32> {
    let word = words.find(|word| !word.is_empty())?;
    std::str::from_utf8(word).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_what_ends_names() {
        let stat = b"42 (a) b (c) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987 1 1";
        assert_eq!(of_stat(stat), Some(("a) b (c".to_owned(), 7, 987)));
        assert_eq!(of_stat(b"42 (sh"), None);
    }

    #[test]
    fn the_control_group_is_that_of_systemd() {
        let path = |text: &str| of_cgroup(text.as_bytes()).as_deref().map(str::to_owned);
        let unit = Some("/system.slice/cron.service".to_owned());
        assert_eq!(path("0::/system.slice/cron.service\n"), unit);
        let old = "8:pids:/x\n1:name=systemd:/system.slice/cron.service\n0::/\n";
        assert_eq!(path(old), unit);
        assert_eq!(path(""), None);
    }

    #[test]
    fn this_process_is_seen() {
        let seen = look(std::process::id()).unwrap();
        assert!(seen.look.image.argv.is_some() && seen.look.image.exe.is_some());
        assert_eq!(seen.standing.uid, Some(rustix::process::getuid().as_raw()));
        let age = now().saturating_sub(seen.born);
        assert!(age < 3_600_000_000_000, "{age}");
    }
}
