//! What a guard keeps in the store: one file for each host, replaced in one step, and a lock, so that there is one
//! guard for a store on a host (docs/format.md, "watch/").

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::memory::Memory;
use super::moment::Moment;
use crate::disk::PathError;
use crate::disk::atomic::{Temp, make_empty, make_private_below};
use crate::disk::error::At;
use crate::disk::lock::{Sharing, lock};
use crate::disk::rooted::Rooted;
use crate::monitor::Silent;

/// All that is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// The version of this form: 1.
    pub format: u32,
    /// Which start of the machine `at` counts from (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
    /// When it was written, by the clock of the guard.
    pub at: Moment,
    /// When it was written, by the clock of the machine.
    pub time: Timestamp,
    /// What is remembered of each venv, by its path.
    pub venvs: BTreeMap<String, Memory>,
    /// What was announced and did not arrive yet.
    pub letters: Vec<Letter>,
}

/// One alert on its way to one receiver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Letter {
    /// The number of the receiver among those in the rules.
    pub receiver: usize,
    /// The document.
    pub body: String,
    /// How often it failed.
    pub failures: u32,
    /// When it is to be sent.
    pub due: Moment,
}

/// The version that is written.
pub const FORMAT: u32 = 1;
/// A longer file is none of ours.
const BYTES_MAX: u64 = 64 << 20;

impl Kept {
    /// What has to be added to its moments for a clock that shows `now`. In another start of the machine the time
    /// between is told by the clocks on the wall, as far as they agree.
    pub fn offset(&self, boot: &str, now: Moment, time: Timestamp) -> i64 {
        if self.boot == boot && now >= self.at {
            return 0;
        }
        let away = time.duration_since(self.time).as_millis();
        let away = i64::try_from(away.max(0)).unwrap_or(i64::MAX);
        now.0.saturating_sub(away).saturating_sub(self.at.0)
    }
}

/// The place of what is kept, under a lock.
#[derive(Debug)]
pub struct Ledger {
    dir: Rooted,
    name: String,
    _lock: File,
}

/// What came of opening it.
#[derive(Debug)]
pub enum Opened {
    /// It is ours.
    Ours(Ledger),
    /// Another guard has it.
    Taken,
}

impl Ledger {
    /// Opens it in a store that is there, and takes its lock.
    pub fn open(store: &Path, host: &str) -> Result<Opened, PathError> {
        let real = std::fs::canonicalize(store).at("read the store", store)?;
        let top = Rooted::open(&real)?;
        make_private_below(&top, &real.join("watch"))?;
        let dir = top.enter(b"watch")?;
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        };
        let host: String = host.chars().map(plain).collect();
        let lock_name = format!("{host}.lock");
        make_empty(&dir, &lock_name)?;
        let path = dir.path().join(&lock_name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file =
            rustix::fs::openat(dir.fd(), &*lock_name, flags, Mode::empty()).at("open", &path)?;
        let file = File::from(file);
        if !lock(
            &file,
            &path,
            Sharing::Exclusive,
            Duration::ZERO,
            &Silent::default(),
        )? {
            return Ok(Opened::Taken);
        }
        Ok(Opened::Ours(Self {
            dir,
            name: format!("{host}.json"),
            _lock: file,
        }))
    }

    /// Whether the directory that is held still is the one at the path of the store.
    pub fn is_at(&self, store: &Path) -> bool {
        let there =
            std::fs::canonicalize(store).and_then(|real| std::fs::metadata(real.join("watch")));
        let held = self.dir.stat();
        let same = |meta: std::fs::Metadata| {
            use std::os::unix::fs::MetadataExt;
            held.is_ok_and(|held| (held.dev, held.ino) == (meta.dev(), meta.ino()))
        };
        there.is_ok_and(same)
    }

    /// Reads what was kept; none where there is nothing. What cannot be understood is an error.
    pub fn read(&self) -> Result<Option<Kept>, PathError> {
        let path = self.dir.path().join(&self.name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(self.dir.fd(), &*self.name, flags, Mode::empty()) {
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            opened => File::from(opened.at("open", &path)?),
        };
        let mut bytes = Vec::new();
        file.take(BYTES_MAX)
            .read_to_end(&mut bytes)
            .at("read", &path)?;
        let kept: Kept = serde_json::from_slice(&bytes)
            .map_err(std::io::Error::from)
            .at("understand", &path)?;
        if kept.format != FORMAT {
            let why = format!("its format is {}", kept.format);
            return Err(std::io::Error::other(why)).at("understand", &path);
        }
        Ok(Some(kept))
    }

    /// Puts this in place of what was kept, durably.
    pub fn write(&self, kept: &Kept) -> Result<(), PathError> {
        let path = self.dir.path().join(&self.name);
        let bytes = serde_json::to_vec(kept)
            .map_err(std::io::Error::from)
            .at("write", &path)?;
        let mut temp = Temp::create(&self.dir)?;
        temp.write(&bytes)?;
        temp.replace(&self.dir, &self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(boot: &str, at: i64, second: i64) -> Kept {
        Kept {
            format: FORMAT,
            boot: boot.to_owned(),
            at: Moment(at),
            time: Timestamp::from_second(second).unwrap(),
            venvs: BTreeMap::new(),
            letters: Vec::new(),
        }
    }

    #[test]
    fn there_is_one_guard_for_a_store_and_what_it_kept_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let Opened::Ours(ledger) = Ledger::open(dir.path(), "host/1").unwrap() else {
            panic!("nobody else has it");
        };
        assert!(matches!(
            Ledger::open(dir.path(), "host/1").unwrap(),
            Opened::Taken
        ));
        assert!(matches!(
            Ledger::open(dir.path(), "other").unwrap(),
            Opened::Ours(_)
        ));
        assert!(ledger.read().unwrap().is_none());
        let mut first = kept("a", 5, 100);
        first
            .venvs
            .insert("/venv".to_owned(), Memory::new(Moment(5)));
        ledger.write(&first).unwrap();
        let back = ledger.read().unwrap().unwrap();
        assert_eq!((back.venvs, back.at), (first.venvs, first.at));
        assert!(ledger.is_at(dir.path()));
        drop(ledger);
        assert!(matches!(
            Ledger::open(dir.path(), "host/1").unwrap(),
            Opened::Ours(_)
        ));
    }

    #[test]
    fn moments_keep_their_distance_whatever_the_clocks_did() {
        let time = |second| Timestamp::from_second(second).unwrap();
        // The same start: the clock on the wall does not matter.
        assert_eq!(kept("a", 5_000, 100).offset("a", Moment(9_000), time(1)), 0);
        // Another start, 60 s later.
        assert_eq!(
            kept("a", 5_000, 100).offset("b", Moment(2_000), time(160)),
            2_000 - 60_000 - 5_000
        );
        // A clock that went back: no time went by.
        assert_eq!(
            kept("a", 5_000, 100).offset("b", Moment(2_000), time(40)),
            2_000 - 5_000
        );
    }
}
