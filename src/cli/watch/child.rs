//! Programs that a guard starts: in a process group of their own, bounded in time and in what is kept of what they say.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its exit code; none where a signal or its time ended it.
    pub(super) code: Option<i32>,
    pub(super) answer: Vec<u8>,
    pub(super) complaints: String,
}

/// Of an answer so much is read.
const ANSWER_MAX: u64 = 64 << 20;
/// Of complaints so much is kept.
const COMPLAINTS_MAX: u64 = 16 << 10;
/// How long a program that was asked to end may take for that.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs a program with an input, for no longer than `patience`.
pub(super) fn run(
    command: &mut Command,
    input: &str,
    patience: Duration,
) -> std::io::Result<Ended> {
    let stdin = if input.is_empty() {
        Stdio::null()
    } else {
        Stdio::piped()
    };
    let command = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.process_group(0).spawn()?;
    let (answer, complaints) = match listen(&mut child, input) {
        Ok(ears) => ears,
        Err(error) => {
            end(&child, Signal::KILL);
            child.wait()?;
            return Err(error);
        }
    };
    let in_time = wait(&child, patience)?;
    if !in_time {
        end(&child, Signal::TERM);
        if !wait(&child, LAST_WORDS)? {
            end(&child, Signal::KILL);
        }
    }
    let status = child.wait()?;
    // Whoever it left behind holds its pipes open, and is not waited for.
    end(&child, Signal::KILL);
    let heard = |thread: Option<JoinHandle<Vec<u8>>>| {
        thread
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default()
    };
    let mut complaints = String::from_utf8_lossy(&heard(complaints)).into_owned();
    if !in_time {
        complaints = format!("it took longer than {} s", patience.as_secs());
    }
    Ok(Ended {
        code: status.code().filter(|_| in_time),
        answer: heard(answer),
        complaints,
    })
}

/// What hears a pipe to its end.
type Ear = JoinHandle<Vec<u8>>;

/// Gives a program its input, and hears what it answers and complains of.
fn listen(child: &mut Child, input: &str) -> std::io::Result<(Option<Ear>, Option<Ear>)> {
    let answer = child.stdout.take().map(|pipe| keep(pipe, ANSWER_MAX));
    let complaints = child.stderr.take().map(|pipe| keep(pipe, COMPLAINTS_MAX));
    if let Some(mut pipe) = child.stdin.take() {
        let input = input.to_owned();
        // A program need not read it.
        Builder::new().spawn(move || pipe.write_all(input.as_bytes()))?;
    }
    Ok((answer.transpose()?, complaints.transpose()?))
}

fn keep(mut pipe: impl Read + Send + 'static, most: u64) -> std::io::Result<Ear> {
    Builder::new().spawn(move || {
        let mut kept = Vec::new();
        let _ = pipe.by_ref().take(most).read_to_end(&mut kept);
        // The rest is read as well: nobody shall wait for a reader.
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        kept
    })
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Waits for the end of a program. Returns whether it came in time.
fn wait(child: &Child, patience: Duration) -> std::io::Result<bool> {
    let pid = pid(child).ok_or(std::io::ErrorKind::InvalidInput)?;
    let fd = pidfd_open(pid, PidfdFlags::empty())?;
    let mut polled = [PollFd::new(&fd, PollFlags::IN)];
    let until = std::time::Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(std::time::Instant::now());
        let left = Timespec {
            tv_sec: left.as_secs() as i64,
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut polled, Some(&left)) {
            Err(rustix::io::Errno::INTR) => {}
            ended => return Ok(ended? > 0),
        }
    }
}

fn end(child: &Child, signal: Signal) {
    if let Some(group) = pid(child) {
        let _ = kill_process_group(group, signal);
    }
}

impl Ended {
    /// What went wrong, in one line.
    pub(super) fn why(&self) -> String {
        let mut lines = self
            .complaints
            .lines()
            .rev()
            .filter(|line| !line.trim().is_empty());
        let last = lines.next().unwrap_or_default();
        let last: String = last.chars().take(300).collect();
        match self.code {
            Some(code) if last.is_empty() => format!("it ended with {code}"),
            Some(code) => format!("it ended with {code}: {last}"),
            None if last.is_empty() => "a signal ended it".to_owned(),
            None => last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_heard_bounded_and_ended_with_what_it_started() {
        let sh = |script: &str, input: &str, patience: Duration| {
            run(
                Command::new("/bin/sh").args(["-c", script]),
                input,
                patience,
            )
            .unwrap()
        };
        let long = Duration::from_secs(20);
        let ended = sh("cat; echo no >&2; exit 3", "hello", long);
        assert_eq!(
            (ended.code, &ended.answer[..], ended.why().as_str()),
            (Some(3), &b"hello"[..], "it ended with 3: no")
        );
        assert_eq!(sh("exec true", &"x".repeat(1 << 20), long).code, Some(0));
        let start = std::time::Instant::now();
        let late = sh("sleep 30 & sleep 30", "", Duration::from_millis(200));
        assert_eq!(
            (late.code, late.why().as_str()),
            (None, "it took longer than 0 s")
        );
        assert_eq!(sh("sleep 30 & exit 0", "", long).code, Some(0));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
