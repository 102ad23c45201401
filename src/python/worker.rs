//! Runs programs that build a venv: interpreters, installers, and whatever code of packages these run. They work as the
//! owner of the venv, in a directory of their own. Their time is bounded, as is the size of each file and of all that
//! lies in that directory. They end with us, also where we are killed.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::complaint::{Complaint, told};
use super::subprocess::{Ear, End, attend};
use crate::monitor::Monitor;

/// How large a file may become, in blocks of 512 bytes: 16 GiB.
const BLOCKS_MAX: u64 = 32 << 20;
/// How much all that lies in the workroom may take, in bytes: 64 GiB.
pub(crate) const ROOM_BYTES_MAX: u64 = 64 << 30;
/// How often that is added up, which takes a look at every file.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Runs the program whose words follow the first argument. Where standard input ends, the whole process group is ended:
/// that is a pipe of which only we hold the other end, so the group ends with us (POSIX, "Shell Command Language").
const SCRIPT: &str = "exec 3<&0 0</dev/null; umask 022; ulimit -c 0; ulimit -f \"$1\" 2>/dev/null; shift; mkdir -p \
    \"$TMPDIR\"; \
    (cat <&3 >/dev/null 2>&1; kill -s KILL 0) & exec 3<&-; \"$@\"";

/// Who builds, where, and with which settings.
pub(crate) struct Worker<'a> {
    /// User and group that programs run as, where this process is root; else they run as its own user.
    pub(crate) user: (u32, u32),
    /// The home directory of the user, in which the settings of installers lie.
    pub(crate) home: &'a Path,
    /// What of the environment programs get.
    pub(crate) settings: &'a [(OsString, OsString)],
    /// The directory in which they work.
    pub(crate) room: PathBuf,
    /// How many bytes all that lies there may take while a program runs.
    pub(crate) bytes_max: u64,
    /// From where relative paths are understood.
    pub(crate) dir: &'a Path,
    pub(crate) monitor: &'a dyn Monitor,
}

/// Words in the names of variables of which nobody shall say the values on, and the shortest of these.
const OF_SECRETS: [&str; 6] = [
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "CREDENTIAL",
    "AUTH",
];
const SECRET_MIN: usize = 4;

impl Worker<'_> {
    /// A program of this user, with nothing of our own environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        self.dress(&mut command);
        command.stdin(Stdio::null());
        command
    }

    fn dress(&self, command: &mut Command) {
        let (uid, gid) = self.user;
        if rustix::process::geteuid().is_root() && uid != 0 {
            command.uid(uid).gid(gid);
        }
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
            .env("HOME", self.home)
            .env("TMPDIR", self.room.join("tmp"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(self.dir);
    }

    /// Passwords that the settings carry in URLs or by a name that says so: no program shall say them on.
    fn secrets(&self) -> Vec<String> {
        let settings = self.settings.iter();
        let named = settings.filter(|(name, value)| {
            let name = name.to_string_lossy().to_ascii_uppercase();
            let says_so =
                OF_SECRETS.iter().any(|word| name.contains(word)) || name.ends_with("KEY");
            says_so && value.len() >= SECRET_MIN
        });
        let named = named.map(|(_, value)| value.to_string_lossy().into_owned());
        let texts = self
            .settings
            .iter()
            .map(|(_, value)| value.to_string_lossy());
        let of = |text: &str| -> Vec<String> {
            let words = text.split_whitespace();
            let logins = words.filter_map(|word| {
                word.split_once("://")?
                    .1
                    .rsplit_once('@')
                    .map(|(login, _)| login)
            });
            let secrets =
                logins.map(|login| login.split_once(':').map_or(login, |(_, secret)| secret));
            secrets
                .filter(|secret| !secret.is_empty())
                .map(str::to_owned)
                .collect()
        };
        texts.flat_map(|text| of(&text)).chain(named).collect()
    }

    /// Runs a program to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        args: impl IntoIterator<Item = A>,
        patience: Duration,
    ) -> Result<(), Complaint> {
        let failed = |text: String| Complaint { lines: vec![text] };
        let (end, hold) = std::io::pipe().map_err(|error| failed(error.to_string()))?;
        let mut command = Command::new("/bin/sh");
        self.dress(&mut command);
        command.args(["-c", SCRIPT, "sh", &BLOCKS_MAX.to_string()]);
        command.arg(program).args(args).stdin(Stdio::from(end));
        let looked = Cell::new(Instant::now());
        let is_full = Cell::new(false);
        let stop = || {
            if looked.get().elapsed() >= LOOK_EVERY {
                is_full.set(bytes_in(&self.room) > self.bytes_max);
                looked.set(Instant::now());
            }
            self.monitor.cancelled() || is_full.get()
        };
        let said = attend(&mut command, Ear::Complaints, patience, &stop);
        drop(hold);
        let said = said.map_err(|error| failed(format!("it cannot be started: {error}")))?;
        let mut lines = told(&said.bytes, &self.secrets());
        match said.end {
            End::Exited(status) if status.success() => return Ok(()),
            End::Exited(status) if lines.is_empty() => {
                lines.push(format!("it ended with {status}"));
            }
            End::Exited(_) => {}
            End::Late if is_full.get() => lines.push(format!(
                "it wrote more than {} bytes and was ended",
                self.bytes_max
            )),
            End::Late | End::Loud => lines.push(format!(
                "it took longer than {} s and was ended",
                patience.as_secs()
            )),
        }
        Err(Complaint { lines })
    }
}

/// How much space all files below a directory take. What goes while it is looked at counts nothing.
fn bytes_in(dir: &Path) -> u64 {
    let mut open = vec![dir.to_owned()];
    let mut blocks = 0;
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            blocks += meta.blocks();
            if meta.is_dir() {
                open.push(entry.path());
            }
        }
    }
    blocks * 512
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Silent;

    fn worker<'a>(
        room: &Path,
        settings: &'a [(OsString, OsString)],
        monitor: &'a Silent,
    ) -> Worker<'a> {
        let user = (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        Worker {
            user,
            home: Path::new("/nonexistent"),
            settings,
            room: room.to_owned(),
            bytes_max: ROOM_BYTES_MAX,
            dir: Path::new("/"),
            monitor,
        }
    }

    #[test]
    fn a_program_works_in_its_room_and_what_it_complains_of_has_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        let settings = [
            (
                "PIP_INDEX_URL".into(),
                "https://me:s3cret@host/simple".into(),
            ),
            ("DEPLOY_TOKEN".into(), "hunter2".into()),
            ("API_KEY".into(), "abc".into()),
        ];
        let monitor = Silent::default();
        let worker = worker(dir.path(), &settings, &monitor);
        let long = Duration::from_mins(1);
        worker
            .run(
                Path::new("/bin/sh"),
                ["-c", "test -d \"$TMPDIR\" && test -z \"$SECRET\""],
                long,
            )
            .unwrap();
        let script =
            "echo \"401 for $PIP_INDEX_URL with s3cret or $DEPLOY_TOKEN, abc\" >&2; exit 4";
        let said = worker
            .run(Path::new("/bin/sh"), ["-c", script], long)
            .unwrap_err();
        assert_eq!(
            said.lines,
            ["401 for https://host/simple with **** or ****, abc"]
        );
    }

    #[test]
    fn who_fills_the_room_with_many_files_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let monitor = Silent::default();
        let mut worker = worker(dir.path(), &[], &monitor);
        worker.bytes_max = 1 << 20;
        let script = "i=0; while :; do i=$((i+1)); head -c 100000 /dev/zero >\"$TMPDIR/$i\"; sleep 0.01; done";
        let said = worker.run(Path::new("/bin/sh"), ["-c", script], Duration::from_mins(5));
        assert_eq!(
            said.unwrap_err().lines,
            ["it wrote more than 1048576 bytes and was ended"]
        );
    }

    #[test]
    fn who_takes_too_long_is_ended_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let monitor = Silent::default();
        let start = Instant::now();
        let script = "sleep 300 & sleep 300";
        let worker = worker(dir.path(), &[], &monitor);
        let said = worker.run(
            Path::new("/bin/sh"),
            ["-c", script],
            Duration::from_millis(200),
        );
        assert!(said.unwrap_err().lines[0].contains("longer"));
        assert!(start.elapsed() < Duration::from_mins(1));
    }
}
