//! Where everything saved lies: content-addressed, of any kind of tree; nothing here knows Python.
//!
//! The truth is in files (packs, snapshot files, pins). The index beside them is a cache. The order of writing keeps
//! promise 1: pack durable → its name durable → index rows committed → snapshot file durable, which is the commit.

mod alone;
#[cfg(feature = "bench")]
pub(crate) mod bench;
mod catch_up;
mod corrupt;
mod displaced;
mod elsewhere;
pub(crate) mod error;
mod forest;
mod forgotten;
mod frame;
mod frame_cache;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub(crate) mod grace;
mod header;
mod home;
mod index;
mod index_handle;
mod load;
pub(crate) mod location;
mod looked;
mod objects;
mod open_pack;
mod owned;
mod pack;
mod packer;
mod packs;
mod reach;
mod reader;
mod remake;
mod roll;
mod salvage;
mod scrub;
mod segment;
mod sightings;
mod snapshots;
mod storage;
mod summaries;
mod summary;
mod suspects;
mod terms;
mod told;
mod transfer;
mod tree;
#[cfg(test)]
mod trial;
mod unusable;
mod usage;
mod waiting;
mod wire;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::disk::atomic;
use crate::disk::lock::Sharing;
use crate::disk::network::network;
use crate::disk::rooted::Rooted;
use crate::monitor::{Monitor, StoreWarning};

pub(crate) use alone::Alone;
pub use corrupt::{CorruptPart, Corruption};
pub(crate) use displaced::{Displaced, DisplacedBox};
pub(crate) use elsewhere::Probed;
pub(crate) use elsewhere::make_home;
pub use error::{Error, LostHeader, Newer, NotInBucket, Untrusted};
pub use index_handle::KeptLog;
pub use location::{Access, BucketUrl, Location};
pub(crate) use owned::Owned;
pub use packer::Added;
pub(crate) use packer::Packer;
pub(crate) use reach::Reach;
pub use reach::{Gap, Hole};
pub(crate) use reader::Wanted;
pub use scrub::Flaw;
pub(crate) use scrub::{Digests, GoodFrame, Scrubbed, pack_file};
pub(crate) use sightings::{read_sightings, write_sightings};
pub(crate) use snapshots::{Catalog, name_of};
pub(crate) use storage::Area;
pub use storage::probe::Promises;
pub use terms::Terms;
pub(crate) use usage::Usage;

use forest::Trees;
use home::{Home, LOCK};
use index::Index;
use index_handle::IndexHandle;
use looked::Looked;
use packs::Packs;
use reader::ObjectReader;
use snapshots::Snapshots;
use storage::HEADER;
use storage::{Listed, Over, Storage};
use summaries::Summaries;
use suspects::Suspects;
pub use unusable::IndexFailure;

/// An open store. While it is open, nobody else has it for themselves alone.
#[derive(Debug)]
pub(crate) struct Store {
    home: Arc<Home>,
    storage: Arc<dyn Storage>,
    /// The snapshot files.
    pub(crate) snapshots: Snapshots,
    /// What lies in the packs, checked on its way out.
    pub(crate) objects: ObjectReader,
    /// The cache of what packs and venvs hold.
    pub(crate) index: IndexHandle,
    /// Marks of what a scrub found damaged.
    pub(crate) suspects: Suspects,
    packs: Arc<Packs>,
    summaries: Arc<Summaries>,
    /// When its packs were listed.
    looked: Looked,
}

impl Store {
    /// The length in bytes of a piece that [`ObjectReader::read_piece`] counts in.
    pub(crate) const PIECE_LEN: u64 = ObjectReader::PIECE_LEN;

    /// Makes a store in the directory `path`, which may not exist or must be an empty directory. Private whatever the
    /// umask. An existing store stays as it is.
    pub(crate) fn create_dir(
        path: &Path,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        // The parent of a bare name is where the process stands, and has no name in it.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if path.join(HEADER).exists() {
            return Ok(());
        }
        if !atomic::make_private_dir(path)? {
            let top = Arc::new(Rooted::open(path)?);
            let names = top.names()?;
            let ours = |name: &Vec<u8>| {
                let dirs = storage::DIRS;
                dirs.iter().any(|dir| dir.as_bytes() == name) || name == LOCK.as_bytes()
            };
            if names.iter().any(|name| name == HEADER.as_bytes()) {
                return Ok(());
            }
            // What an interrupted creation left may be completed: it holds nothing yet.
            let filled = |name: &str| match top.enter(name.as_bytes()) {
                Ok(dir) => Ok(!dir.names()?.is_empty()),
                Err(error) if error.is_absent() => Ok(false),
                Err(error) => Err(error),
            };
            let holds = filled("packs")? || filled("snapshots")?;
            let storage = storage::choose(&top);
            if holds && storage.is_laid_out()? {
                return header::check(path, &*storage);
            }
            if holds || !names.iter().all(ours) {
                return Err(Error::NotAStore(path.to_owned()));
            }
        }
        for name in storage::DIRS {
            atomic::make_private_dir(&path.join(name))?;
        }
        let top = Arc::new(Rooted::open(path)?);
        let storage = storage::choose(&top);
        storage.prepare()?;
        home::make_lock_file(&top)?;
        let home = Home::new(path, top, wait, false)?;
        // Shared: several may write the same header, but nobody may clear what they write.
        if !home.lock(Sharing::Shared, wait, monitor)? {
            return Err(Error::Locked(path.to_owned()));
        }
        Ok(header::put(&*storage, Over::Nothing)?)
    }

    /// Opens a store in a directory and takes its shared lock, waiting at most `wait`.
    pub(crate) fn open_dir(
        path: &Path,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<Self, Error> {
        // The journal of a restore names the store, and is read from another directory.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let top = home::open_top(path)?;
        let storage = storage::choose(&top);
        if storage.stat(Area::Top, HEADER)?.is_none() {
            header::check(path, &*storage)?;
        }
        let is_foreign = home::check_owner(&top)?;
        header::check(path, &*storage)?;
        storage.prepare()?;
        if let Some(file_system) = network(&top)? {
            let store = path;
            monitor.warn(StoreWarning::OnNetwork { store, file_system }.into());
        }
        let home = Home::new(path, top, wait, is_foreign)?;
        home.lock_or_fail(Sharing::Shared, wait.max(Duration::from_secs(1)), monitor)?;
        Ok(Self::new(home, storage))
    }

    /// A look at a store that waits for nobody and changes nothing, not even its index: for hints that may miss what
    /// another process just does.
    pub(crate) fn peek(path: &Path) -> Result<Self, Error> {
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let top = home::open_top(path)?;
        let storage = storage::choose(&top);
        let is_foreign = home::check_owner(&top)?;
        header::check(path, &*storage)?;
        let store = Self::new(Home::new(path, top, Duration::ZERO, is_foreign)?, storage);
        store.index.do_without();
        Ok(store)
    }

    /// A store of which the lock is held.
    fn new(home: Home, storage: Arc<dyn Storage>) -> Self {
        let home = Arc::new(home);
        let packs = Arc::new(Packs::new(home.path(), &storage));
        let summaries = Arc::new(Summaries::new(&storage));
        Self {
            snapshots: Snapshots::new(home.path(), &storage, &summaries),
            objects: ObjectReader::new(&packs),
            index: IndexHandle::new(&home, &storage),
            suspects: Suspects::new(&storage),
            packs,
            summaries,
            storage,
            home,
            looked: Looked::default(),
        }
    }

    /// Removes what interrupted writers left, if nobody else has the store open; later otherwise. A store that cannot
    /// be written has nothing to clean.
    pub(crate) fn tidy(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        if self.storage.has_no_drafts()? {
            return Ok(());
        }
        if self
            .home
            .lock(Sharing::Exclusive, Duration::ZERO, monitor)?
        {
            match self.storage.clear_drafts() {
                Err(error) if !error.is_denied() => return Err(error.into()),
                _ => {}
            }
        }
        // Down to shared again; should another have come first, it cannot be exclusive for long.
        let wait = Duration::from_mins(1);
        while !self.home.lock(Sharing::Shared, wait, monitor)? {
            if monitor.cancelled() {
                return Err(Error::Interrupted);
            }
        }
        Ok(())
    }

    /// Where the store is.
    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    /// Whether this process may add to the store.
    pub(crate) fn may_write(&self) -> bool {
        self.storage.may_write()
    }

    /// Whether contents of a tree may be taken into the store unasked: into that of another user only from their own.
    pub(crate) fn may_take_from(&self, root: &Rooted) -> bool {
        self.home.may_take_from(root)
    }

    /// The trees of snapshots.
    pub(crate) fn trees(&self) -> Trees<'_> {
        Trees(&self.objects)
    }

    /// Reads back of each pack the share of frames that `choose` returns (0 to 1) for the time when it was written, in
    /// seconds since 1970. `seed` decides which frames those are.
    pub(crate) fn scrub(
        &self,
        choose: impl Fn(i64) -> f64,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<Scrubbed, Error> {
        let tells_cost = self.is_of_bucket();
        self.packs.scrub(choose, seed, tells_cost, monitor)
    }

    /// Begins to add content.
    pub(crate) fn packer(&self, monitor: &dyn Monitor) -> Result<Packer<'_>, Error> {
        self.load_all(monitor)?;
        Ok(Packer::new(self))
    }

    /// The same, without what the store holds, which `Packer::load` brings before the packer is given or asked
    /// anything.
    pub(crate) fn packer_to_load(&self) -> Packer<'_> {
        Packer::new(self)
    }

    /// How many files the store's parts have and how many bytes: packs, snapshot files, index.
    pub(crate) fn sizes(&self) -> Result<[(u64, u64); 3], Error> {
        let sum = |list: Vec<Listed>| {
            let bytes = list.iter().map(|file| file.size).sum();
            (list.len() as u64, bytes)
        };
        let packs = sum(self.storage.list(Area::Packs)?);
        let snapshots = sum(self.storage.list(Area::Snapshots)?);
        let parts = ["", "-wal", "-shm"].map(|suffix| {
            self.home
                .top()
                .path()
                .join(format!("{}{suffix}", Index::NAME))
        });
        let index = parts
            .iter()
            .filter_map(|path| std::fs::metadata(path).ok())
            .map(|meta| meta.len())
            .sum();
        Ok([packs, snapshots, (1, index)])
    }

    /// How many objects the packs hold.
    pub(crate) fn object_count(&self, monitor: &dyn Monitor) -> Result<usize, Error> {
        self.load_all(monitor)?;
        Ok(self.objects.count())
    }
}
