//! Where everything saved lies: content-addressed, of any kind of tree; nothing here knows Python.
//!
//! The truth is in files (packs, snapshot files, pins). The index beside them is a cache. The order of writing keeps
//! promise 1: pack durable → its name durable → index rows committed → snapshot file durable, which is the commit.

mod alone;
#[cfg(feature = "bench")]
pub(crate) mod bench;
mod catalog;
pub(crate) mod error;
mod extent;
mod files;
mod forest;
mod frame;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod header;
mod index;
mod load;
mod notes;
mod objects;
mod open_pack;
mod pack;
mod packer;
mod reach;
mod reader;
mod roll;
mod salvage;
mod scrub;
mod segment;
mod suspects;
mod transfer;
mod tree;
#[cfg(test)]
mod trial;
mod usage;
mod wire;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crate::disk::PathError;
use crate::disk::atomic;
use crate::disk::error::At;
use crate::disk::lock::{Sharing, lock};
use crate::disk::network::network;
use crate::disk::rooted::Rooted;
use crate::model::{Digest, Shown};
use crate::monitor::Monitor;

pub(crate) use alone::Alone;
use catalog::Seen;
pub(crate) use catalog::{Catalog, name_of};
pub use error::Error;
pub(crate) use files::{Area, Files};
pub use notes::KeptLog;
pub use packer::Added;
pub(crate) use packer::Packer;
pub(crate) use reach::Reach;
pub use reach::{Gap, Hole};
pub(crate) use reader::Wanted;
pub use scrub::Flaw;
pub(crate) use scrub::{Digests, GoodFrame, Scrubbed};
pub(crate) use usage::Usage;

use index::Index;
use objects::Objects;
use reader::FrameCache;

/// The file that makes a directory a store.
const HEADER: &str = "venv-snap.json";
const LOCK: &str = "lock";

/// An open store. While it is open, nobody else has it for themselves alone.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    files: Files,
    /// Holds the shared lock until the store is closed.
    held_lock: File,
    wait: Duration,
    /// Whether root has opened the store of another user.
    foreign: bool,
    index: Mutex<Option<Index>>,
    /// Whether it was said that the work goes on without it.
    index_given_up: AtomicBool,
    objects: RwLock<Option<Objects>>,
    frames: FrameCache,
    seen: Mutex<HashMap<Area, Seen>>,
}

impl Store {
    /// Makes a store at `path`, which may not exist or must be an empty directory. Private whatever the umask. An
    /// existing store stays as it is.
    pub(crate) fn create(path: &Path, wait: Duration, monitor: &dyn Monitor) -> Result<(), Error> {
        // The parent of a bare name is where the process stands, and has no name in it.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if path.join(HEADER).exists() {
            return Ok(());
        }
        if !atomic::make_private_dir(path)? {
            let names = Rooted::open(path)?.names()?;
            let ours = |name: &Vec<u8>| {
                Files::DIRS.iter().any(|dir| dir.as_bytes() == name) || name == LOCK.as_bytes()
            };
            if names.iter().any(|name| name == HEADER.as_bytes()) {
                return Ok(());
            }
            // What an interrupted creation left may be completed: it holds nothing yet.
            let top = Rooted::open(path)?;
            let filled = |name: &str| match top.enter(name.as_bytes()) {
                Ok(dir) => Ok(!dir.names()?.is_empty()),
                Err(error) if error.is_absent() => Ok(false),
                Err(error) => Err(error),
            };
            let holds = filled("packs")? || filled("snapshots")?;
            if holds && header::is_laid_out(&top)? {
                return header::check(path, &top);
            }
            if holds || !names.iter().all(ours) {
                return Err(Error::NotAStore(path.to_owned()));
            }
        }
        for name in Files::DIRS {
            atomic::make_private_dir(&path.join(name))?;
        }
        let files = Files::open(path)?;
        atomic::make_empty(files.top(), LOCK)?;
        // Shared: several may write the same header, but nobody may clear what they write.
        let held = files.lock_file(LOCK)?;
        if !lock(&held, path, Sharing::Shared, wait, monitor)? {
            return Err(Error::Locked(path.to_owned()));
        }
        Ok(files.put_header(HEADER, &header::encode())?)
    }

    /// Opens the directory at the path of a store. People may lead to it by a link; from here on it is the directory that is held.
    fn open_top(path: &Path) -> Result<Rooted, Error> {
        let absent = |error: PathError| {
            if error.is_absent() {
                Error::NoStore(path.to_owned())
            } else {
                error.into()
            }
        };
        let real = std::fs::canonicalize(path).at("read the store", path);
        Rooted::open(&real.map_err(absent)?).map_err(absent)
    }

    /// Opens a store and takes its shared lock, waiting at most `wait`.
    pub(crate) fn open(path: &Path, wait: Duration, monitor: &dyn Monitor) -> Result<Self, Error> {
        // The journal of a restore names the store, and is read from another directory.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let top = Self::open_top(path)?;
        if top.stat_name(HEADER.as_bytes())?.is_none() {
            header::check(path, &top)?;
        }
        let foreign = check_owner(&top)?;
        header::check(path, &top)?;
        let files = Files::within(top)?;
        if let Some(name) = network(files.top())? {
            let shown = Shown::path(path);
            monitor.warn(&format!("the store '{shown}' lies on {name}: its locks and syncs are only as good as the server's"));
        }
        let held = files.lock_file(LOCK)?;
        if !lock(
            &held,
            path,
            Sharing::Shared,
            wait.max(Duration::from_secs(1)),
            monitor,
        )? {
            return Err(if monitor.cancelled() {
                Error::Interrupted
            } else {
                Error::Locked(path.to_owned())
            });
        }
        Ok(Self::holding(path, files, held, wait, foreign))
    }

    /// A store of which the lock is held.
    fn holding(path: &Path, files: Files, held: File, wait: Duration, foreign: bool) -> Self {
        Self {
            path: path.to_owned(),
            files,
            held_lock: held,
            wait,
            foreign,
            index: Mutex::default(),
            index_given_up: AtomicBool::default(),
            objects: RwLock::default(),
            frames: FrameCache::default(),
            seen: Mutex::default(),
        }
    }

    /// Removes what interrupted writers left, if nobody else has the store open; later otherwise. A store that cannot be
    /// written has nothing to clean.
    pub(crate) fn tidy(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        if self.files.tmp_is_empty()? {
            return Ok(());
        }
        if lock(
            &self.held_lock,
            &self.path,
            Sharing::Exclusive,
            Duration::ZERO,
            monitor,
        )? {
            match self.files.clear_tmp() {
                Err(error) if !error.is_denied() => return Err(error.into()),
                _ => {}
            }
        }
        // Down to shared again; should another have come first, it cannot be exclusive for long.
        while !lock(
            &self.held_lock,
            &self.path,
            Sharing::Shared,
            Duration::from_mins(1),
            monitor,
        )? {
            if monitor.cancelled() {
                return Err(Error::Interrupted);
            }
        }
        Ok(())
    }

    /// Where the store is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn files(&self) -> &Files {
        &self.files
    }

    /// Whether this process may add to the store.
    pub(crate) fn may_write(&self) -> bool {
        self.files.top().may_write()
    }

    /// Whether contents of a tree may be taken into the store unasked: into that of another user only from their own.
    pub(crate) fn may_take_from(&self, root: &Rooted) -> bool {
        let owner = |dir: &Rooted| dir.stat().map(|stat| stat.uid).ok();
        !self.foreign || owner(root) == owner(self.files.top())
    }

    /// Begins to add content.
    pub(crate) fn packer(&self, monitor: &dyn Monitor) -> Result<Packer<'_>, Error> {
        self.load_objects(monitor)?;
        Ok(Packer::new(self))
    }

    /// The same, without what the store holds, which `Packer::load` brings before the packer is given or asked anything.
    pub(crate) fn packer_to_load(&self) -> Packer<'_> {
        Packer::new(self)
    }

    /// Whether an object lies in a pack.
    pub(crate) fn has(&self, id: &Digest) -> bool {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects
            .as_ref()
            .is_some_and(|objects| objects.find(id).is_some())
    }

    /// Whether a save may rely on an object: it lies, with its segments, in packs that were not found damaged.
    pub(crate) fn vouches(&self, id: &Digest) -> bool {
        let objects = || self.objects.read().unwrap_or_else(PoisonError::into_inner);
        let vouched = |ids: &[Digest]| {
            let objects = objects();
            let vouch = |objects: &Objects| ids.iter().all(|id| objects.vouch(id));
            objects.as_ref().is_some_and(vouch)
        };
        if !vouched(std::slice::from_ref(id)) {
            return false;
        }
        // To read lists takes time, which a store without marks does not cost.
        if !objects().as_ref().is_some_and(Objects::has_suspects) {
            return true;
        }
        match self.segments(id) {
            Ok(list) => list.is_none_or(|list| vouched(list.values())),
            Err(_) => false,
        }
    }

    fn index(&self) -> MutexGuard<'_, Option<Index>> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sizes of the store's parts, in bytes: packs, snapshot files, index.
    pub(crate) fn sizes(&self) -> Result<[(u64, u64); 3], Error> {
        let sum =
            |list: Vec<(String, u64)>| (list.len() as u64, list.iter().map(|(_, size)| size).sum());
        let packs = sum(self.files.list(Area::Packs)?);
        let snapshots = sum(self.files.list(Area::Snapshots)?);
        let parts =
            ["", "-wal", "-shm"].map(|suffix| self.path.join(format!("{}{suffix}", Index::NAME)));
        let index = parts
            .iter()
            .filter_map(|path| std::fs::metadata(path).ok())
            .map(|meta| meta.len())
            .sum();
        Ok([packs, snapshots, (1, index)])
    }

    /// How many objects the packs hold.
    pub(crate) fn object_count(&self, monitor: &dyn Monitor) -> Result<usize, Error> {
        self.load_objects(monitor)?;
        Ok(self
            .objects
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map_or(0, Objects::len))
    }
}

/// A store that others may write in could hold anything, and one of another user may be a trap. Root may use those of others
/// (`sudo` is how people come to that), and is then told so: it takes nothing there on trust.
fn check_owner(top: &Rooted) -> Result<bool, Error> {
    let stat = top.stat()?;
    let me = rustix::process::geteuid();
    let untrusted = |why: String| Error::Untrusted {
        path: top.path().to_owned(),
        why,
    };
    if stat.uid != me.as_raw() && !me.is_root() {
        return Err(untrusted(format!("it belongs to user {}", stat.uid)));
    }
    if stat.mode & 0o022 != 0 {
        return Err(untrusted(format!(
            "others may write in it (mode {:04o})",
            stat.mode & 0o7777
        )));
    }
    Ok(stat.uid != me.as_raw())
}
