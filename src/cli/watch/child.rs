//! Programs that a guard starts: in a process group of their own, bounded in time and in what is kept of what they say.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::Builder;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its exit code; none where a signal or its time ended it.
    pub(super) code: Option<i32>,
    pub(super) answer: Vec<u8>,
    pub(super) complaints: String,
}

/// So many bytes of an answer are kept.
const ANSWER_MAX: usize = 64 << 20;
/// So many bytes of complaints (standard error) are kept.
const COMPLAINTS_MAX: usize = 16 << 10;
/// How long a program that was asked to end may take for that.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs a program with an input, for no longer than `patience`. A program that is late is ended with all that it
/// started. Where a program ended by itself, what it left behind goes on: it may be the service that was started.
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
    let heard = listen(&mut child, input).and_then(|ears| Ok((wait(&ears.ended, patience)?, ears)));
    let (in_time, ears) = match heard {
        Ok(heard) => heard,
        Err(error) => {
            end(&child, Signal::KILL);
            child.wait()?;
            return Err(error);
        }
    };
    if !in_time {
        end(&child, Signal::TERM);
        let _ = wait(&ears.ended, LAST_WORDS);
        end(&child, Signal::KILL);
    }
    let status = child.wait()?;
    let complaints = if in_time {
        String::from_utf8_lossy(&ears.complaints.recv().unwrap_or_default()).into_owned()
    } else {
        format!("it took longer than {} s", patience.as_secs())
    };
    Ok(Ended {
        code: status.code().filter(|_| in_time),
        answer: ears.answer.recv().unwrap_or_default(),
        complaints,
    })
}

/// What hears a program.
struct Ears {
    /// Readable as soon as the program has ended.
    ended: Arc<OwnedFd>,
    answer: Receiver<Vec<u8>>,
    complaints: Receiver<Vec<u8>>,
}

/// Gives a program its input, and hears what it answers and complains of.
fn listen(child: &mut Child, input: &str) -> std::io::Result<Ears> {
    let pid = pid(child).ok_or(ErrorKind::InvalidInput)?;
    let ended = Arc::new(pidfd_open(pid, PidfdFlags::empty())?);
    let answer = child.stdout.take().map(OwnedFd::from);
    let complaints = child.stderr.take().map(OwnedFd::from);
    let hear = |pipe: Option<OwnedFd>, most| {
        let pipe = pipe.ok_or(ErrorKind::BrokenPipe)?;
        hear(pipe, Arc::clone(&ended), most)
    };
    let (answer, complaints) = (hear(answer, ANSWER_MAX)?, hear(complaints, COMPLAINTS_MAX)?);
    if let Some(mut pipe) = child.stdin.take() {
        let input = input.to_owned();
        // This has a thread of its own, since a program need not read its input.
        Builder::new().spawn(move || pipe.write_all(input.as_bytes()))?;
    }
    Ok(Ears {
        ended,
        answer,
        complaints,
    })
}

/// Hears a pipe until the program has ended, and gives the first `most` bytes of what was said by then.
fn hear(pipe: OwnedFd, ended: Arc<OwnedFd>, most: usize) -> std::io::Result<Receiver<Vec<u8>>> {
    rustix::io::ioctl_fionbio(&pipe, true)?;
    let (tell, told) = channel();
    Builder::new().spawn(move || {
        let mut pipe = File::from(pipe);
        let heard = hear_to_the_end(&mut pipe, &ended, most);
        drop(ended);
        let _ = tell.send(heard);
        // A process that was left behind still holds the pipe: without a reader, its next write would end it.
        if rustix::io::ioctl_fionbio(&pipe, false).is_ok() {
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
    })?;
    Ok(told)
}

fn hear_to_the_end(pipe: &mut File, ended: &OwnedFd, most: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut piece = vec![0; 16 << 10];
    loop {
        let mut polled = [
            PollFd::new(pipe, PollFlags::IN),
            PollFd::new(ended, PollFlags::IN),
        ];
        match poll(&mut polled, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return kept,
            Ok(_) => {}
        }
        // Once the program has ended, all that it said lies in the pipe.
        let is_last = !polled[1].revents().is_empty();
        loop {
            match pipe.read(&mut piece) {
                Ok(0) => return kept,
                Ok(count) => {
                    let room = most.saturating_sub(kept.len());
                    kept.extend_from_slice(&piece[..count.min(room)]);
                    // A process that was left behind may write for ever.
                    if is_last && room == 0 {
                        return kept;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return kept,
            }
        }
        if is_last {
            return kept;
        }
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Waits for the end of a program. Returns whether it came in time.
fn wait(ended: &OwnedFd, patience: Duration) -> std::io::Result<bool> {
    let mut polled = [PollFd::new(ended, PollFlags::IN)];
    let until = std::time::Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(std::time::Instant::now());
        let left = Timespec {
            tv_sec: left.as_secs() as i64,
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut polled, Some(&left)) {
            Err(Errno::INTR) => {}
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
        assert!(start.elapsed() < Duration::from_secs(15));
    }

    #[test]
    fn what_a_program_left_behind_goes_on_and_may_speak_and_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let start = std::time::Instant::now();
        // The process that is left behind is in the process group of the program, as a service is before it leaves that
        // group.
        let ended = run(
            Command::new("/bin/sh").current_dir(dir.path()).args([
                "-c",
                "(while [ ! -e go ]; do sleep 0.01; done; echo more; echo more >&2; echo > on; exec sleep 30) &\n\
                 echo $! > pid; echo started",
            ]),
            "",
            Duration::from_secs(20),
        )
        .unwrap();
        assert_eq!(
            (ended.code, &ended.answer[..]),
            (Some(0), &b"started\n"[..])
        );
        std::fs::write(dir.path().join("go"), "").unwrap();
        while !dir.path().join("on").exists() {
            assert!(start.elapsed() < Duration::from_secs(20), "it was ended");
            std::thread::sleep(Duration::from_millis(5));
        }
        let pid = std::fs::read_to_string(dir.path().join("pid")).unwrap();
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::KILL).unwrap();
    }
}
