//! Faults from outside: system calls that kill, fail or wait, by strace; and other users. What cannot be had is told.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

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
    // This goes past the capture of the test harness.
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
    /// The program under strace, with injections such as `renameat2:error=EINVAL`, in one working thread so that the
    /// n-th call is always the same one. `renameat2@venv:…` means only calls that name this path, as they write it or
    /// as a descriptor of it: where the same call serves several purposes, that says which is meant.
    pub(crate) fn traced(&self, injections: &[&str], args: &[&str]) -> Command {
        self.traced_to(Path::new("/dev/null"), injections, args)
    }

    /// The same, with the calls that are injected written to a file as they happen.
    pub(crate) fn traced_to(&self, log: &Path, injections: &[&str], args: &[&str]) -> Command {
        let parts = injections.iter().map(|one| one.split_once(':').unwrap());
        let parts: Vec<(&str, &str, &str)> = parts
            .map(|(call, fault)| match call.split_once('@') {
                Some((call, path)) => (call, path, fault),
                None => (call, "", fault),
            })
            .collect();
        let calls: Vec<&str> = parts.iter().map(|(call, ..)| *call).collect();
        let paths = parts.iter().filter(|(_, path, _)| !path.is_empty());
        let mut command = Command::new("strace");
        self.dress(&mut command);
        command.args(["-f", "-qq", "-o"]).arg(log);
        command.args(["-e", &format!("trace={}", calls.join(","))]);
        for (_, path, _) in paths {
            command.args(["-P", path]).arg("-P").arg(self.path(path));
        }
        for (call, _, fault) in &parts {
            command.args(["-e", &format!("inject={call}:{fault}")]);
        }
        command.args(["-e", &format!("trace={}", calls.join(","))]);
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

    /// Runs the program, and tells which call of a name is the first after the last line of the trace that has a mark:
    /// so that a fault in another sandbox of the same content meets what is meant, however many calls come before.
    pub(crate) fn first_after(&self, call: &str, mark: &str, args: &[&str]) -> usize {
        1 + self.count_until(call, mark, args)
    }

    /// The same for the call of a name that has the mark itself, such as `RENAME_EXCHANGE`.
    pub(crate) fn number_of(&self, call: &str, mark: &str, args: &[&str]) -> usize {
        self.count_until(call, mark, args)
    }

    /// How many calls of a name a run makes until the last line of its trace that has a mark, with that line.
    fn count_until(&self, call: &str, mark: &str, args: &[&str]) -> usize {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new("strace");
        self.dress(&mut command);
        command.args(["-f", "-qq", "-o"]).arg(log.path());
        command.env("RAYON_NUM_THREADS", "1");
        command.arg(env!("CARGO_BIN_EXE_snap")).args(args);
        let run = Run::of(command);
        let text = String::from_utf8_lossy(&std::fs::read(log.path()).unwrap()).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.iter().rposition(|line| line.contains(mark));
        let before = &lines[..=last.unwrap_or_else(|| panic!("no {mark}: {run}"))];
        let begins = format!(" {call}(");
        before.iter().filter(|line| line.contains(&begins)).count()
    }

    /// Runs the program, held up at a call (`syncfs:delay_enter=2000000:when=1`), and does something in the moment in
    /// which it stands there, however long that takes.
    pub(crate) fn held_up(&self, slow: &str, args: &[&str], meddle: impl FnOnce()) -> Run {
        let mut meddle = Some(meddle);
        let mut once = || {
            if let Some(meddle) = meddle.take() {
                meddle();
            }
        };
        self.held_up_at(&mut [(slow, &mut once)], args)
    }

    /// The same at several calls, one after the other.
    pub(crate) fn held_up_at(&self, calls: &mut [(&str, &mut dyn FnMut())], args: &[&str]) -> Run {
        let log = tempfile::NamedTempFile::new().unwrap();
        let injections: Vec<&str> = calls.iter().map(|(slow, _)| *slow).collect();
        let command = self.traced_to(log.path(), &injections, args);
        held_up_in(log.path(), command, calls)
    }
}

/// Runs a command that strace logs and holds up at calls, each named by how it is injected (`syncfs:delay_enter=…`) or
/// by a part of its line, and does something in the moments in which it stands there.
pub(crate) fn held_up_in(
    log: &Path,
    mut command: Command,
    calls: &mut [(&str, &mut dyn FnMut())],
) -> Run {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let tracer = Pid::from_child(&child);
    for (slow, meddle) in calls {
        let held = || {
            let log = std::fs::read(log).unwrap_or_default();
            stands(&String::from_utf8_lossy(&log), slow)
        };
        let held_for_a_while = || {
            let before = held();
            std::thread::sleep(Duration::from_millis(30));
            before.is_some() && before == held()
        };
        while !held_for_a_while() {
            if child.try_wait().unwrap().is_some() {
                let run = Run::from(child.wait_with_output().unwrap());
                panic!("it never stood at {slow}: {run}");
            }
        }
        // While strace is stopped, the program that it holds up cannot go on.
        let _ = kill_process(tracer, Signal::STOP);
        meddle();
        let _ = kill_process(tracer, Signal::CONT);
    }
    Run::from(child.wait_with_output().unwrap())
}

/// Where a program stands that is held up at a call, by what strace wrote of it so far: none where it runs.
fn stands(log: &str, injection: &str) -> Option<String> {
    let name = injection.split([':', '@']).next()?;
    let is_call = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let call = if is_call {
        format!("{name}(")
    } else {
        name.to_owned()
    };
    let resumed = format!("{name} resumed");
    let mut standing = BTreeMap::new();
    for line in log.lines() {
        let thread = line.split(' ').next()?;
        let called = line.contains(&call);
        let held = if injection.contains("delay_exit") {
            (called || line.contains(&resumed)) && line.contains("(DELAYED)")
        } else {
            called && !line.contains(" = ")
        };
        if held {
            standing.insert(thread, line);
        } else {
            standing.remove(thread);
        }
    }
    let lines = log.lines().count();
    let (_, line) = standing.pop_first()?;
    Some(format!("{lines} {line}"))
}
