//! What a replacement is about to do, kept beside its staging until it is done, so that a crash can be completed or
//! cleaned.
//!
//! States: no journal → nothing under way. `Staging` → the venv is untouched, whatever stands in staging is rubbish.
//! `Swap` → staging was verified and is durable; which tree stands where is decided by the inodes, never by this phase.
//! `Apply` → staging was verified and is durable; the listed steps are being done and may all be done again.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use data_encoding::BASE64;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::inode::Inode;
use super::step::{PathText, Step};
use crate::disk::atomic;
use crate::disk::error::{At, PathError};
use crate::disk::flags::Flags;
use crate::disk::rooted::{Rooted, os};
use crate::disk::stat::Stat;
use crate::disk::walk::INSIDE;
use crate::model::{Digest, RelPath, SnapshotId};
use crate::replace::keeper::Receipt;

/// How far the restore has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "lowercase")]
pub(crate) enum Phase {
    /// Files are being laid out; the venv is untouched.
    Staging,
    /// The exchange is next, or done.
    Swap {
        /// The directory that was staged.
        staged: Inode,
        /// The venv that it replaces; none where there was none.
        live: Option<Inode>,
        /// Whether the staged tree was all that it shall be already. Otherwise its last files and its own attributes
        /// came after this was written.
        #[serde(default)]
        finished: bool,
    },
    /// File by file, in place.
    Apply {
        /// The steps in order.
        steps: Vec<Step>,
        /// The venv that they are for.
        #[serde(default)]
        venv: Option<Inode>,
    },
}

/// The content of a journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Journal {
    format: u32,
    /// The directory in which the tree is built, beside the journal.
    pub(crate) staging: String,
    /// The name under which the replaced tree stays beside the new one, if it is to stay.
    pub(crate) keep_old: Option<String>,
    /// The store that holds the snapshots (base64 of its path).
    store: String,
    /// What is restored.
    snapshot: SnapshotId,
    /// The snapshot of the replaced state; it is withdrawn if the restore never happens.
    pub(crate) incident: Option<SnapshotId>,
    /// Whether what is restored came to be for this alone, and goes with the incident if the restore never happens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    brings: bool,
    /// The flags that are taken off the replaced tree; they come back if the restore never happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) flags: Vec<(PathText, Flags)>,
    /// How far it has come.
    pub(crate) phase: Phase,
    /// Whether another user than the one who reads it wrote it.
    #[serde(skip)]
    pub(crate) foreign: bool,
}

/// Where journal and staging lie, and what they are called.
#[derive(Debug)]
pub(crate) struct Workplace {
    /// The directory that holds them: the venv's parent, or the venv itself where that cannot be exchanged.
    pub(crate) dir: Rooted,
    stem: String,
}

/// How many bytes a journal may have. One that is longer could not be read.
const BYTES_MAX: u64 = 64 << 20;

impl Workplace {
    /// Beside the venv. Names are made of the venv's own, cut where that would grow too long.
    pub(crate) fn beside(parent: Rooted, venv_name: &[u8]) -> Self {
        let plain = std::str::from_utf8(venv_name)
            .ok()
            .filter(|name| name.len() <= 200);
        let stem = match plain {
            Some(name) => format!(".{name}.snap-restore"),
            None => format!(".{}.snap-restore", &Digest::of(venv_name).to_hex()[..16]),
        };
        Self { dir: parent, stem }
    }

    /// Inside the venv.
    pub(crate) fn inside(venv: Rooted) -> Self {
        Self {
            dir: venv,
            stem: INSIDE.to_owned(),
        }
    }

    /// Whether it lies in the tree that is changed in place.
    pub(crate) fn is_inside(&self) -> bool {
        self.stem == INSIDE
    }

    /// The name of the staging directory.
    pub(crate) fn staging(&self) -> String {
        format!("{}-staging", self.stem)
    }

    /// Whether something stands where the staging directory would.
    pub(crate) fn has_staging(&self) -> Result<bool, PathError> {
        Ok(self.dir.stat_name(self.staging().as_bytes())?.is_some())
    }

    /// The name that a replacement needs and something has already, if any.
    pub(crate) fn in_the_way(&self) -> Result<Option<String>, PathError> {
        for name in [self.staging(), self.aside()] {
            if self.dir.stat_name(name.as_bytes())?.is_some() {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Where the old tree stands between two renames.
    pub(crate) fn aside(&self) -> String {
        format!("{}-aside", self.stem)
    }

    fn name(&self) -> String {
        format!("{}-journal", self.stem)
    }

    fn temp_name(&self) -> String {
        format!("{}-journal.tmp", self.stem)
    }

    /// Whether a restore is or was under way here.
    pub(crate) fn has_journal(&self) -> bool {
        let there = |name: String| {
            self.dir
                .stat_name(name.as_bytes())
                .is_ok_and(|stat| stat.is_some())
        };
        there(self.name()) || there(self.temp_name())
    }

    /// Reads the journal. One that is not ours or not whole counts as an error, since guessing could destroy a tree.
    pub(crate) fn read(&self) -> Result<Option<Journal>, PathError> {
        self.read_name(&self.name())
    }

    /// Reads the first journal where a crash left it without its name, if it is whole and flags were taken off by then.
    pub(crate) fn read_unnamed(&self) -> Option<Journal> {
        let unnamed = self.read_name(&self.temp_name()).ok().flatten();
        unnamed.filter(|journal| !journal.flags.is_empty())
    }

    fn read_name(&self, name: &str) -> Result<Option<Journal>, PathError> {
        let path = self.dir.path().join(name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = match rustix::fs::openat(self.dir.fd(), name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            done => done.at("open", &path)?,
        };
        let stat = Stat::of(&fd).at("stat", &path)?;
        let me = rustix::process::geteuid().as_raw();
        let mine = stat.uid == me || stat.uid == 0;
        // Root settles what the venv's owner left, but must not move or remove anything because the journal says so.
        let foreign = !mine && me == 0 && Some(stat.uid) == self.owner();
        if !stat.is_file() || !(mine || foreign) {
            let why = "the journal of a restore belongs to somebody else";
            return Err(std::io::Error::other(why)).at("trust", &path);
        }
        let mut text = String::new();
        std::fs::File::from(fd)
            .take(BYTES_MAX)
            .read_to_string(&mut text)
            .at("read", &path)?;
        let bad = |why: &'static str| {
            PathError::new("use the journal", &path, std::io::Error::other(why))
        };
        let (sum, body) = text
            .split_once('\n')
            .ok_or_else(|| bad("it is cut short"))?;
        if Digest::from_hex(sum) != Ok(Digest::of(body.as_bytes())) {
            return Err(bad("its checksum is wrong"));
        }
        let mut journal: Journal =
            serde_json::from_str(body).map_err(|_| bad("it is not understood"))?;
        if journal.format != Journal::FORMAT || journal.staging != self.staging() {
            return Err(bad("it was written by another version"));
        }
        if journal
            .keep_old
            .as_ref()
            .is_some_and(|name| RelPath::root().join(name.as_bytes()).is_err())
        {
            return Err(bad("it names no plain name"));
        }
        if foreign {
            journal.distrust();
        }
        Ok(Some(journal))
    }

    fn owner(&self) -> Option<u32> {
        self.dir.stat().ok().map(|stat| stat.uid)
    }

    /// Writes the journal durably, replacing an earlier one.
    pub(crate) fn write(&self, journal: &Journal) -> Result<(), PathError> {
        let path = self.dir.path().join(self.temp_name());
        let body = serde_json::to_string(journal).at("write", &path)?;
        let content = format!("{}\n{body}", Digest::of(body.as_bytes()));
        if content.len() as u64 > BYTES_MAX {
            let why = "it would be too long: more changes in place than one journal can hold";
            return Err(std::io::Error::other(why)).at("write", &path);
        }
        let mut file = self
            .new_temp()
            .map(std::fs::File::from)
            .at("create", &path)?;
        std::io::Write::write_all(&mut file, content.as_bytes()).at("write", &path)?;
        rustix::fs::fdatasync(&file).at("sync", &path)?;
        rustix::fs::renameat(self.dir.fd(), self.temp_name(), self.dir.fd(), self.name())
            .at("rename", &path)?;
        self.dir.sync()
    }

    /// A new file always: one that lies there could be somebody's link or pipe, or be held open by them.
    fn new_temp(&self) -> rustix::io::Result<OwnedFd> {
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o600);
        let create = || rustix::fs::openat(self.dir.fd(), self.temp_name(), flags, mode);
        match create() {
            Err(Errno::EXIST) => {
                rustix::fs::unlinkat(self.dir.fd(), self.temp_name(), AtFlags::empty())?;
                create()
            }
            done => done,
        }
    }

    /// Removes the journal durably: the restore is over.
    pub(crate) fn clear(&self) -> Result<(), PathError> {
        atomic::remove(&self.dir, &[self.temp_name()])?;
        atomic::remove(&self.dir, &[self.name()])
    }

    /// Removes what a crash before the first journal left.
    pub(crate) fn clear_temp(&self) -> Result<(), PathError> {
        atomic::remove(&self.dir, &[self.temp_name()])
    }

    /// A path inside, for messages.
    pub(crate) fn shown(&self, name: &str) -> PathBuf {
        self.dir.path().join(os(name.as_bytes()))
    }
}

impl Journal {
    const FORMAT: u32 = 1;

    /// A replacement that is about to lay out its first file.
    pub(crate) fn begin(work: &Workplace, receipt: &Receipt, keep_old: Option<String>) -> Self {
        Self {
            format: Self::FORMAT,
            staging: work.staging(),
            keep_old,
            store: BASE64.encode(receipt.store.as_os_str().as_bytes()),
            snapshot: receipt.snapshot,
            incident: receipt.incident,
            brings: receipt.brings,
            flags: Vec::new(),
            phase: Phase::Staging,
            foreign: false,
        }
    }

    /// Takes it for that of another user: nothing is kept, removed or given back on its word.
    pub(crate) fn distrust(&mut self) {
        (self.keep_old, self.incident, self.brings) = (None, None, false);
        self.flags.clear();
        self.foreign = true;
    }

    /// What its keeper told it to remember.
    pub(crate) fn receipt(&self) -> Receipt {
        let store = BASE64.decode(self.store.as_bytes()).unwrap_or_default();
        Receipt {
            store: PathBuf::from(std::ffi::OsString::from_vec(store)),
            snapshot: self.snapshot,
            incident: self.incident,
            brings: self.brings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::walk::is_own_name;

    #[test]
    fn a_journal_that_could_not_be_read_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let work = Workplace::inside(Rooted::open(dir.path()).unwrap());
        let id = SnapshotId(Digest::of(b""));
        let receipt = Receipt {
            store: "/store".into(),
            snapshot: id,
            incident: None,
            brings: false,
        };
        let mut journal = Journal::begin(&work, &receipt, None);
        for (mib, fits) in [(60, true), (64, false)] {
            let steps = vec![Step::Remove(PathText::of_length(mib << 20))];
            journal.phase = Phase::Apply { steps, venv: None };
            assert_eq!(work.write(&journal).is_ok(), fits);
            assert_eq!(work.read().is_ok_and(|read| read.is_some()), fits);
            work.clear().unwrap();
        }
    }

    #[test]
    fn no_scan_counts_what_a_replacement_in_place_keeps_in_the_tree() {
        let dir = tempfile::tempdir().unwrap();
        let work = Workplace::inside(Rooted::open(dir.path()).unwrap());
        for name in [work.name(), work.temp_name(), work.staging()] {
            assert!(is_own_name(name.as_bytes()), "{name}");
        }
    }
}
