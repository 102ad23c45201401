//! A computer whose power can be cut: a file system on a [`LogDisk`], mounted, and the program run on it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use crate::dice::Dice;
use crate::log_disk::{Content, Event, LogDisk};
use crate::support::faults::{is_root, skipped};
use crate::support::{Run, Sandbox};

/// The file systems on which the promises are tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FileSystem {
    Ext4,
    Xfs,
    Btrfs,
}

impl FileSystem {
    pub(crate) const ALL: [Self; 3] = [Self::Ext4, Self::Xfs, Self::Btrfs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
        }
    }

    /// Makes an empty one in a file; tells if its tools are missing.
    pub(crate) fn make(self, image: &Path) -> bool {
        // The smallest that each takes, since every byte is kept in memory.
        let (size, options): (u64, &[&str]) = match self {
            Self::Ext4 => (48, &["-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0"]),
            Self::Xfs => (304, &["-q", "-f", "-K"]),
            Self::Btrfs => (128, &["-q", "-f", "-K"]),
        };
        std::fs::File::create(image)
            .and_then(|file| file.set_len(size << 20))
            .unwrap();
        let made = Command::new(format!("mkfs.{}", self.name()))
            .args(options)
            .arg(image)
            .output();
        let why = match made {
            Ok(made) if made.status.success() => return true,
            Ok(made) => String::from_utf8_lossy(&made.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        skipped(1, &format!("mkfs.{}: {}", self.name(), why.trim()));
        false
    }
}

/// A mounted file system whose disk is ours; unmounted when dropped, before its disk goes.
pub(crate) struct Power {
    at: PathBuf,
    bound: Option<PathBuf>,
    pub(crate) disk: LogDisk,
}

impl Power {
    /// Turns it on with a disk of this content; none where that cannot be mounted.
    fn on(sandbox: &Sandbox, content: Content) -> Option<Self> {
        let disk = LogDisk::serve(&sandbox.path("fuse"), content)?;
        let at = sandbox.path("disk");
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-o", "loop"])
            .arg(disk.file())
            .arg(&at)
            .output()
            .unwrap();
        mounted.status.success().then_some(Self {
            at,
            bound: None,
            disk,
        })
    }

    /// Makes a directory a mount point, by mounting it on itself.
    pub(crate) fn bind(&mut self, dir: &str) {
        let dir = self.at.join(dir);
        let done = Command::new("mount")
            .arg("--bind")
            .args([&dir, &dir])
            .status();
        assert!(done.unwrap().success(), "mount --bind");
        self.bound = Some(dir);
    }

    /// Writes everything out.
    pub(crate) fn sync(&self) {
        let done = Command::new("sync").arg("-f").arg(&self.at).status();
        assert!(done.unwrap().success(), "sync -f");
    }
}

impl Drop for Power {
    fn drop(&mut self) {
        for dir in self.bound.iter().chain([&self.at]) {
            let done = Command::new("umount").arg(dir).output();
            if !done.is_ok_and(|done| done.status.success()) {
                let _ = Command::new("umount").arg("-l").arg(dir).output();
            }
        }
    }
}

/// A sandbox with a disk at `disk` on which the store lies.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    base: Content,
}

impl Rig {
    /// A new rig; none where it cannot be had, which is told.
    pub(crate) fn new(fs: FileSystem) -> Option<Self> {
        static TOLD: Once = Once::new();
        if !is_root() || !Path::new("/dev/fuse").exists() {
            TOLD.call_once(|| skipped(1, "power cuts need root and FUSE"));
            return None;
        }
        let sandbox = Sandbox::new();
        let image = sandbox.path("image");
        if !fs.make(&image) {
            return None;
        }
        let rig = Self {
            base: Content::of(&image),
            sandbox,
        };
        if rig.start().is_none() {
            let why = format!("{} on a loop device over FUSE is not to be had", fs.name());
            skipped(1, &why);
            return None;
        }
        Some(rig)
    }

    /// Turns it on with the empty file system.
    pub(crate) fn start(&self) -> Option<Power> {
        Power::on(&self.sandbox, self.base.clone())
    }

    /// Turns it on again after a power cut.
    pub(crate) fn start_again(&self, content: Content) -> Power {
        Power::on(&self.sandbox, content).expect("the file system mounts after a power cut")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path("disk").join(name)
    }

    /// Runs the program with the store on the disk.
    pub(crate) fn snap(&self, args: &[&str]) -> Run {
        self.sandbox
            .snap(&[args, &["--store", "disk/store"]].concat())
    }

    /// Runs it and wants success.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        let run = self.snap(args);
        assert_eq!(run.code, 0, "snap {args:?}\n{run}");
        run
    }

    /// Runs it with `--json`, and wants success and one document.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let run = self.ok(&[args, &["--json"]].concat());
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// The disk after all of this was written.
    pub(crate) fn after(&self, log: &[Event]) -> Content {
        let mut content = self.base.clone();
        replay(&mut content, log, &mut || true);
        content
    }

    /// The disks that power cuts could have left: `count` points in what happened after `ready`, with where each is.
    pub(crate) fn cuts(
        &self,
        log: &[Event],
        ready: usize,
        acks: &[usize],
        count: usize,
        seed: u64,
    ) -> Vec<Cut> {
        let mut dice = Dice::new(seed);
        let flushes: Vec<usize> = (ready..log.len())
            .filter(|&at| matches!(log[at], Event::Flush))
            .collect();
        let acks: Vec<usize> = acks.iter().copied().filter(|&at| at >= ready).collect();
        // Where the most is at stake: right after something was promised, and before a flush, when the most is
        // unwritten.
        let mut points: Vec<usize> = (0..count)
            .map(|n| match n % 4 {
                0 if !acks.is_empty() => acks[dice.below(acks.len())],
                1 if !flushes.is_empty() => flushes[dice.below(flushes.len())],
                _ => ready + dice.below(log.len() + 1 - ready),
            })
            .collect();
        points.sort_unstable();
        let mut durable = self.base.clone();
        let mut done = 0;
        let mut cut = |(number, at): (usize, usize)| {
            let flushed = log[..at]
                .iter()
                .rposition(|event| matches!(event, Event::Flush))
                .map_or(0, |flush| flush + 1)
                .max(done);
            replay(&mut durable, &log[done..flushed], &mut || true);
            done = flushed;
            let mut content = durable.clone();
            let loss = Loss::ALL[number % Loss::ALL.len()];
            loss.replay(&mut content, &log[flushed..at], &mut dice);
            Cut { at, loss, content }
        };
        points.into_iter().enumerate().map(&mut cut).collect()
    }
}

/// A disk after a power cut.
pub(crate) struct Cut {
    /// How many events happened before.
    pub(crate) at: usize,
    pub(crate) loss: Loss,
    pub(crate) content: Content,
}

/// What becomes of the writes since the last flush.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// All are lost.
    All,
    /// Each block is lost or kept by itself, so that writes are torn, and later ones may be there without earlier ones.
    Some,
    /// The last ones are lost.
    Late,
    /// The first ones are lost, which the disk had put off.
    Early,
}

impl Loss {
    const ALL: [Self; 4] = [Self::All, Self::Some, Self::Late, Self::Early];

    fn replay(self, content: &mut Content, pending: &[Event], dice: &mut Dice) {
        let middle = dice.below(pending.len() + 1);
        match self {
            Self::All => {}
            Self::Some => replay(content, pending, &mut || dice.percent(60)),
            Self::Late => replay(content, &pending[..middle], &mut || true),
            Self::Early => replay(content, &pending[middle..], &mut || true),
        }
    }
}

fn replay(content: &mut Content, log: &[Event], keep: &mut dyn FnMut() -> bool) {
    for event in log {
        if let Event::Write { offset, bytes } = event {
            content.write(*offset, bytes, keep);
        }
    }
}
