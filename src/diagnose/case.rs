//! What the rules look at: all damage of one venv with the clues around it. No rule looks further.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::model::{CacheEntry, Kind, RelPath, Sighting, Time};
use crate::python::Culprit;
use crate::python::dist::Installer;

/// One damaged entry that is no bytecode.
#[derive(Clone, Debug)]
pub(crate) struct Hurt {
    /// Where.
    pub(crate) path: RelPath,
    /// How; `Missing`, `Emptied`, `Truncated`, `ZeroFilled`, `Altered`, `Unreadable`, `Type`, `Link`, `Mode` or
    /// `Owner`.
    pub(crate) kind: Kind,
    /// The distribution that owns it.
    pub(crate) package: Option<String>,
    /// The size in bytes that it should have, where that is known and it is a file.
    pub(crate) expected_size: Option<u64>,
    /// Its modification time as it should be, where a snapshot tells.
    pub(crate) expected_mtime: Option<Time>,
    /// The cache that its content lies in, where a link leads there.
    pub(crate) behind: Option<String>,
    /// Whether a snapshot has the content that should be there.
    pub(crate) saved: bool,
    /// What is there now; none for what is missing, but for a link that leads nowhere.
    pub(crate) actual: Option<Actual>,
    /// Whether bytecode beside it was compiled from the source that it should be: so it was there and whole after its
    /// install.
    pub(crate) compiled: bool,
}

/// What is found at the place of a damaged entry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Actual {
    /// Length in bytes.
    pub(crate) size: u64,
    /// Modification time.
    pub(crate) mtime: Time,
    /// Change time, where the live inode was seen.
    pub(crate) ctime: Option<Time>,
    /// How many other names its inode has outside of the venv.
    pub(crate) elsewhere: u32,
    /// Whether it could not be read because who looked was not let in.
    pub(crate) denied: bool,
    /// Owner.
    pub(crate) uid: u32,
    /// Permission bits.
    pub(crate) mode: u32,
    /// Of an altered `.py` file: whether it still is valid Python.
    pub(crate) valid_python: Option<bool>,
}

/// A file that should be there, damaged or not; no bytecode among them.
#[derive(Clone, Debug)]
pub(crate) struct Expected<'a> {
    /// Where. It is borrowed: there may be a million, each of which the snapshot or a RECORD holds already.
    pub(crate) path: Cow<'a, RelPath>,
    /// Its size in bytes, where known.
    pub(crate) size: Option<u64>,
    /// Its modification time, where a snapshot tells.
    pub(crate) mtime: Option<Time>,
}

/// How sure it is that the install of a distribution was interrupted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Interruption {
    /// It has no INSTALLER, and nothing else shows it: Debian, and people who unpack wheels by hand, write no
    /// INSTALLER.
    Possible,
    /// It was interrupted, or failed; with the installer where that is certain.
    Certain(Option<Installer>),
}

impl Case<'_> {
    /// Distributions of which the install was interrupted for certain, with the installer where that is known.
    pub(crate) fn interrupted(&self) -> impl Iterator<Item = (&String, Option<Installer>)> {
        let all = self.unfinished.iter();
        all.filter_map(|(name, interruption)| match interruption {
            Interruption::Possible => None,
            Interruption::Certain(by) => Some((name, *by)),
        })
    }
}

/// All that the rules may know. Sorted by path where it is a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case<'a> {
    /// The damage.
    pub(crate) hurts: Vec<Hurt>,
    /// All files that should be there, hurt or not.
    pub(crate) expected: Vec<Expected<'a>>,
    /// The modification times of the directories that are there.
    pub(crate) dirs: HashMap<RelPath, Time>,
    /// The change times of the live directories from which something vanished, and of those above them.
    pub(crate) dir_changes: HashMap<RelPath, Time>,
    /// By distribution: when it was installed (the modification time of its RECORD).
    pub(crate) installed: HashMap<String, Time>,
    /// Distributions that were not installed again since the snapshot: their RECORDs have the time that they had.
    pub(crate) same_install: HashSet<String>,
    /// Distributions whose install may not have come to its end, by name.
    pub(crate) unfinished: BTreeMap<String, Interruption>,
    /// What installers' caches have of the distributions whose damage came with the install, where it has the same
    /// damage.
    pub(crate) cached: Vec<CacheEntry>,
    /// Leftovers of an interrupted pip in site-packages (`~ip`, `~lick-8.1.7.dist-info`).
    pub(crate) leftovers: Vec<RelPath>,
    /// Those of them beside which no complete distribution of their name stands, where that is known.
    pub(crate) stranded: Vec<RelPath>,
    /// What is wrong with the interpreter, in words, if anything.
    pub(crate) interpreter: Option<String>,
    /// What has to be put right then.
    pub(crate) culprit: Culprit,
    /// Whether an entry that leads to the interpreter is gone or empty: `bin/python` (or `bin/python3` where there is
    /// no other), or `pyvenv.cfg`.
    pub(crate) signpost_gone: bool,
    /// The time until which nearly all whole files came to their places; none unless they were written long before
    /// that, as in a copy that keeps times.
    pub(crate) copied_until: Option<Time>,
    /// Whether the file system that holds the venv has no room, when it is looked at.
    pub(crate) full: bool,
    /// The owner of the venv's root directory.
    pub(crate) root_uid: u32,
    /// By damaged path: who was seen changing it last, where it is still as that left it.
    pub(crate) sightings: HashMap<RelPath, Sighting>,
}
