//! Where the truth of a store lies: packs, snapshot files, marks and the header (docs/format.md, "The directory").
//!
//! Packs and snapshot files are named by their content and never changed. Storage can put a file that is not there yet,
//! give back a range, list and delete. Nothing relies on a rename: [`Storage::shift`] may copy and delete. So storage
//! elsewhere is one more file or folder beside `local.rs`, and has to pass the tests in `contract.rs`.

#[cfg(feature = "remote")]
pub(super) mod bucket;
#[cfg(test)]
mod contract;
mod local;
#[cfg(test)]
pub(super) mod memory;
mod open_packs;
pub(super) mod probe;

use std::fmt;
use std::sync::Arc;

use super::location::{Access, BucketUrl};
use crate::disk::PathError;
use crate::disk::rooted::Rooted;
use local::LocalStorage;
use probe::Probe;

/// The file that makes a directory a store.
pub(super) const HEADER: &str = "venv-snap.json";

/// The names of the directories that every store in a directory of this host has.
pub(super) const DIRS: [&str; 4] = LocalStorage::DIRS;

/// Chooses what keeps the files of the store in a directory. Nothing of the directory is looked at yet.
pub(super) fn choose(top: &Arc<Rooted>) -> Arc<dyn Storage> {
    Arc::new(LocalStorage::new(Arc::clone(top)))
}

/// The same for a store in a bucket; an error in a build that cannot speak to buckets. Copies of what was read are kept
/// in `home`, a directory of this host.
pub(super) fn choose_bucket(
    url: &BucketUrl,
    access: &Access,
    home: &Arc<Rooted>,
) -> Result<Arc<dyn Storage>, PathError> {
    #[cfg(feature = "remote")]
    {
        Ok(Arc::new(bucket::BucketStorage::connect(url, access, home)?))
    }
    #[cfg(not(feature = "remote"))]
    {
        let _ = (access, home);
        let why = std::io::Error::other("this build cannot speak to buckets");
        let name = std::path::PathBuf::from(url.to_string());
        Err(PathError::new("reach", &name, why))
    }
}

/// The kinds of files in a store. All but `Hosts` and `Summaries` are the truth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Area {
    /// The store itself: its header.
    Top,
    /// `packs/`
    Packs,
    /// `snapshots/`
    Snapshots,
    /// `pins/`
    Pins,
    /// `forgotten/`: snapshot files that can still be brought back; made when first needed.
    Forgotten,
    /// `quarantine/`: what is beyond repair; made when first needed.
    Quarantine,
    /// `roll/`: which snapshot files there should be; made when first needed.
    Roll,
    /// `suspects/`: marks of packs that were found damaged; made when first needed.
    Suspects,
    /// `tombstones/`: marks of packs that go when their grace is over; made when first needed.
    Tombstones,
    /// `hosts/`: what each host last told of its venvs; no part of the truth, and made when first needed.
    Hosts,
    /// `summaries/`: what many packs and snapshot files hold, of a store elsewhere; no part of the truth.
    Summaries,
}

impl Area {
    /// The directory inside a store, or the prefix of names, that holds its files. That of the header is empty.
    pub(super) fn dir(self) -> &'static str {
        match self {
            Self::Top => "",
            Self::Packs => "packs",
            Self::Snapshots => "snapshots",
            Self::Pins => "pins",
            Self::Forgotten => "forgotten",
            Self::Quarantine => "quarantine",
            Self::Roll => "roll",
            Self::Suspects => "suspects",
            Self::Tombstones => "tombstones",
            Self::Hosts => "hosts",
            Self::Summaries => "summaries",
        }
    }
}

/// A file as a listing tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    /// Its name within the area.
    pub(crate) name: String,
    /// Its length in bytes.
    pub(crate) size: u64,
    /// When it was written or moved there, in seconds since 1970.
    pub(crate) written: i64,
}

/// What gives way where a file of the name is there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Over {
    /// None: what is there stays, whatever it is.
    Nothing,
    /// A file with other content: its name is that of the content, so it is damaged. One with this content stays.
    Damaged,
    /// Any file: perhaps it cannot be read in some place, even if it looks the same.
    Any,
}

/// A file that grows, and gets its name when it is complete. Dropped before, it is removed.
pub(crate) trait Draft: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), PathError>;

    /// Gives the file its name. When this returns, content and name are durable; before, nobody sees the name.
    fn publish(self: Box<Self>, area: Area, name: &str, over: Over) -> Result<(), PathError>;
}

/// Keeps the files of a store, for several processes at once.
pub(crate) trait Storage: fmt::Debug + Send + Sync {
    /// Makes ready for use, and refuses what somebody else could change.
    fn prepare(&self) -> Result<(), PathError>;

    /// Begins a file whose name is known only when it is complete.
    fn begin(&self) -> Result<Box<dyn Draft + '_>, PathError>;

    /// Reads a whole file of at most `max` bytes; a longer one is an error.
    fn get(&self, area: Area, name: &str, max: u64) -> Result<Vec<u8>, PathError>;

    /// Reads `len` bytes at `offset`. An error where the file ends before.
    fn range(&self, area: Area, name: &str, offset: u64, len: usize) -> Result<Vec<u8>, PathError>;

    /// Reads a whole file as [`Storage::get`] does, or a copy of it that is kept on this host, which it is from now on.
    /// For files that are named by their content, and whoever reads checks that.
    fn get_near(&self, area: Area, name: &str, max: u64) -> Result<Vec<u8>, PathError> {
        self.get(area, name, max)
    }

    /// The same for a part of a file.
    fn range_near(
        &self,
        area: Area,
        name: &str,
        offset: u64,
        len: usize,
    ) -> Result<Vec<u8>, PathError> {
        self.range(area, name, offset, len)
    }

    /// Keeps a copy of a whole file that was just written.
    fn keep_near(&self, _name: &str, _content: &[u8]) {}

    /// Drops the copy of a part of a file, or of all of it, which was found to be wrong. Returns whether there was one,
    /// so that the file itself is worth a look.
    fn drop_near(&self, _name: &str, _part: Option<(u64, usize)>) -> bool {
        false
    }

    /// Reads from `offset` on as far as the file goes and `room` allows. Returns the count of bytes.
    /// For a single look: nothing is kept open for the next one.
    fn peek(
        &self,
        area: Area,
        name: &str,
        offset: u64,
        room: &mut [u8],
    ) -> Result<usize, PathError>;

    /// Length and time of a file; none where it is gone.
    fn stat(&self, area: Area, name: &str) -> Result<Option<Listed>, PathError>;

    /// All names, sorted. An area that was never written to is empty.
    fn names(&self, area: Area) -> Result<Vec<String>, PathError>;

    /// The same with their lengths, where a listing tells them at no further cost.
    fn glance(&self, area: Area) -> Result<Vec<(String, Option<u64>)>, PathError> {
        let names = self.names(area)?.into_iter();
        Ok(names.map(|name| (name, None)).collect())
    }

    /// Whether each request takes as long as reading many files of this host.
    fn is_far(&self) -> bool {
        false
    }

    /// Asks at once for what the opening of a store would ask for piece by piece.
    fn foresee(&self) {}

    /// Lists anew what a listing told before.
    fn look_again(&self) {}

    /// Removes files durably. That one is gone already is fine.
    fn delete(&self, area: Area, names: &[String]) -> Result<(), PathError>;

    /// Whether it has what only a store has, besides the header: so a lost header is told from another directory.
    fn is_laid_out(&self) -> Result<bool, PathError>;

    /// Whether this process may add files.
    fn may_write(&self) -> bool;

    /// Whether no draft is open, and none was left by a writer that was interrupted.
    fn has_no_drafts(&self) -> Result<bool, PathError>;

    /// Removes all drafts. Only for who holds the store alone.
    fn clear_drafts(&self) -> Result<(), PathError>;

    /// Writes a small file whole.
    fn put(&self, area: Area, name: &str, content: &[u8], over: Over) -> Result<(), PathError> {
        let mut draft = self.begin()?;
        draft.write(content)?;
        draft.publish(area, name, over)
    }

    /// Tries what a server promises; none where there is no server that could break a promise. `token` is in no other
    /// probe.
    fn probe(&self, _token: &str) -> Result<Option<Probe>, PathError> {
        Ok(None)
    }

    /// Makes an empty file, unless there is one.
    fn mark(&self, area: Area, name: &str) -> Result<(), PathError> {
        self.put(area, name, b"", Over::Damaged)
    }

    /// All files with sizes and times, sorted by name.
    fn list(&self, area: Area) -> Result<Vec<Listed>, PathError> {
        let mut found = Vec::new();
        for name in self.names(area)? {
            // A file that went meanwhile is not listed.
            found.extend(self.stat(area, &name)?);
        }
        Ok(found)
    }

    /// Moves files durably to another area, where their names begin with `prefix`. Their time becomes that of the move.
    /// After a crash a file may be in both areas. That another process moved one first is fine.
    fn shift(&self, names: &[String], from: Area, to: Area, prefix: &str) -> Result<(), PathError> {
        for name in names {
            let goal = format!("{prefix}{name}");
            match self.get(from, name, u64::MAX) {
                Ok(content) => self.put(to, &goal, &content, Over::Any)?,
                Err(error) if error.is_missing() && self.stat(to, &goal)?.is_some() => {}
                Err(error) => return Err(error),
            }
        }
        self.delete(from, names)
    }
}
