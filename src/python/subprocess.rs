//! Runs a program that nobody need trust, such as the interpreter of somebody else's venv. It is bounded in time and in
//! what it may say, and what it leaves behind in its process group ends with it. Nothing here waits for a pipe that a
//! stranger holds open.

use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

/// How many bytes of complaints are kept at least, the last ones.
const TAIL: usize = 64 << 10;
/// How often it is looked whether the program ended.
const PAUSE: Duration = Duration::from_millis(1);

/// What of a program is listened to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ear {
    /// Its answer, which has at most so many bytes.
    Answer(usize),
    /// The end of its complaints, however many there are.
    Complaints,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// It took too long.
    Late,
    /// It said more than an answer has.
    Loud,
}

/// What a program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

/// Runs a program in a process group of its own, without input and without our environment.
pub(crate) fn run(
    command: &mut Command,
    ear: Ear,
    patience: Duration,
) -> Result<Said, std::io::Error> {
    run_until(command, ear, patience, &|| false)
}

/// The same, which also ends where `stop` says so.
pub(crate) fn run_until(
    command: &mut Command,
    ear: Ear,
    patience: Duration,
    stop: &dyn Fn() -> bool,
) -> Result<Said, std::io::Error> {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .current_dir("/")
        .stdin(Stdio::null());
    attend(command, ear, patience, stop)
}

/// Runs a program in a process group of its own, with the input, directory and environment that it was given. It runs
/// until it ends, takes too long, or `stop` says so, which ends it as one that is late.
pub(crate) fn attend(
    command: &mut Command,
    ear: Ear,
    patience: Duration,
    stop: &dyn Fn() -> bool,
) -> Result<Said, std::io::Error> {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    match ear {
        Ear::Answer(_) => command.stdout(Stdio::piped()),
        Ear::Complaints => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn()?;
    let mut bytes = Vec::new();
    let pipe = child.stdout.take().map(OwnedFd::from);
    let pipe = pipe.or_else(|| child.stderr.take().map(OwnedFd::from));
    let until = Until { patience, stop };
    let end = pipe.map(|pipe| listen(&child, pipe, ear, until, &mut bytes));
    // The group is killed before the child is reaped: until then nobody else can have its number.
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    let status = child.wait()?;
    let end = match end.transpose()? {
        Some(Some(end)) => end,
        _ => End::Exited(status),
    };
    Ok(Said { bytes, end })
}

/// How long a program may take.
#[derive(Clone, Copy)]
struct Until<'a> {
    patience: Duration,
    stop: &'a dyn Fn() -> bool,
}

/// Listens until the program ends, which is no special end, or has to be ended.
fn listen(
    child: &Child,
    pipe: OwnedFd,
    ear: Ear,
    until: Until<'_>,
    bytes: &mut Vec<u8>,
) -> Result<Option<End>, std::io::Error> {
    let start = Instant::now();
    let flags = rustix::fs::fcntl_getfl(&pipe)?;
    rustix::fs::fcntl_setfl(&pipe, flags | OFlags::NONBLOCK)?;
    let mut pipe = std::fs::File::from(pipe);
    let mut piece = vec![0; 16 << 10];
    loop {
        // First whether it ended, then what it said: what it said before it ended is all there.
        let ended = has_ended(child);
        loop {
            match pipe.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
            match ear {
                Ear::Answer(max) if bytes.len() > max => return Ok(Some(End::Loud)),
                Ear::Complaints if bytes.len() > 2 * TAIL => {
                    bytes.drain(..bytes.len() - TAIL);
                }
                _ => {}
            }
            if start.elapsed() >= until.patience {
                break;
            }
        }
        if ended {
            return Ok(None);
        }
        if start.elapsed() >= until.patience || (until.stop)() {
            return Ok(Some(End::Late));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Whether a child has ended; it is left to be reaped.
fn has_ended(child: &Child) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let id = Pid::from_raw(child.id() as i32).map(WaitId::Pid);
    id.is_none_or(|id| !matches!(rustix::process::waitid(id, look), Ok(None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, ear: Ear, patience: Duration) -> (Said, Duration) {
        let start = Instant::now();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env("SECRET", "x");
        let said = run(&mut command, ear, patience).unwrap();
        (said, start.elapsed())
    }

    #[test]
    fn an_answer_is_heard_whole_and_the_environment_stays_out() {
        let long = Duration::from_mins(1);
        let (said, _) = sh("echo a=$SECRET; exit 3", Ear::Answer(100), long);
        assert_eq!(said.bytes, b"a=\n");
        assert!(matches!(said.end, End::Exited(status) if status.code() == Some(3)));
        let (said, _) = sh(
            "echo no; echo first >&2; seq 100000 >&2",
            Ear::Complaints,
            long,
        );
        assert!(said.bytes.ends_with(b"\n100000\n") && said.bytes.len() <= 2 * TAIL);
    }

    #[test]
    fn who_is_late_or_loud_or_leaves_others_behind_holds_nothing_up() {
        let long = Duration::from_mins(5);
        let (said, _) = sh("sleep 900", Ear::Answer(10), Duration::from_millis(50));
        assert!(matches!(said.end, End::Late));
        let (said, took) = sh("yes", Ear::Answer(1000), long);
        assert!(matches!(said.end, End::Loud) && took < long);
        // One that stays in the group, and one that leaves it and holds the pipe open.
        let (said, took) = sh(
            "sleep 299 & setsid sleep 298 & echo done",
            Ear::Answer(10),
            long,
        );
        assert_eq!(said.bytes, b"done\n");
        assert!(took < Duration::from_secs(200), "{took:?}");
    }
}
