//! The packs of a store, as files: their tables, their frames, and the bytes of a frame.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::corrupt::CorruptPart;
use super::error::{Error, Newer};
use super::pack::{FOOTER_LEN, Footer, FramePlace, HEADER, Table};
use super::storage::{Area, Listed, Storage};
use super::wire::Malformed;
use crate::disk::PathError;

/// Bytes of a pack that are hashed at a time.
const HASHED_AT_ONCE: usize = 4 << 20;

/// How many requests are on their way at once to a store that is far. Each holds a frame in memory.
const AT_ONCE: usize = 8;

/// All packs of a store. What they hold is known to whoever read their tables.
#[derive(Debug)]
pub(crate) struct Packs {
    /// Where the store is, for messages.
    path: PathBuf,
    storage: Arc<dyn Storage>,
    /// Threads that wait for answers; none where none are needed, or are to be had.
    waiting: OnceLock<Option<ThreadPool>>,
}

impl Packs {
    pub(super) fn new(path: &Path, storage: &Arc<dyn Storage>) -> Self {
        Self {
            path: path.to_owned(),
            storage: Arc::clone(storage),
            waiting: OnceLock::new(),
        }
    }

    /// Does work of many reads. In a store that is far it has more threads than there are cores, since most of it is
    /// waiting.
    pub(super) fn at_once<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let make = || {
            let wants = self.storage.is_far() && rayon::current_num_threads() < AT_ONCE;
            let pool = || ThreadPoolBuilder::new().num_threads(AT_ONCE).build().ok();
            wants.then(pool).flatten()
        };
        match self.waiting.get_or_init(make) {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// All packs, sorted by name.
    pub(super) fn list(&self) -> Result<Vec<Listed>, PathError> {
        self.storage.list(Area::Packs)
    }

    /// Reads `len` bytes at `offset` of a pack.
    pub(super) fn range(&self, name: &str, offset: u64, len: usize) -> Result<Vec<u8>, PathError> {
        self.storage.range(Area::Packs, name, offset, len)
    }

    /// Reads a frame, header and body, as it is stored, or a copy of it that is kept on this host.
    pub(super) fn frame(&self, name: &str, place: &FramePlace) -> Result<Vec<u8>, PathError> {
        self.storage
            .range_near(Area::Packs, name, place.offset, place.len as usize)
    }

    /// Drops the copy of a frame that was found wrong. Returns whether there was one.
    pub(super) fn drop_near(&self, name: &str, place: &FramePlace) -> bool {
        let part = (place.offset, place.len as usize);
        self.storage.drop_near(name, Some(part))
    }

    /// Reads the table of a pack from its end.
    pub(super) fn read_table(&self, name: &str, size: u64) -> Result<(Table, Vec<u8>), Error> {
        let corrupt = |bad: Malformed| Error::Corrupt {
            part: CorruptPart::Pack(Some(name.to_owned())),
            what: bad.into(),
        };
        if size < (HEADER.len() + FOOTER_LEN) as u64 {
            return Err(corrupt(Malformed("it is cut short")));
        }
        self.check_header(name, size)?;
        let end = self.range(name, size - FOOTER_LEN as u64, FOOTER_LEN)?;
        let footer = Footer::read(&end).map_err(corrupt)?;
        let len = u64::from(footer.len) + FOOTER_LEN as u64;
        if footer.offset.checked_add(len) != Some(size) {
            return Err(corrupt(Malformed("its footer points elsewhere")));
        }
        let tail = self.range(name, footer.offset, len as usize)?;
        let table = Table::open(&tail).map_err(corrupt)?;
        if !table.tiles(footer.offset) {
            return Err(corrupt(Malformed("its frames do not fill it")));
        }
        Ok((table, tail))
    }

    /// Checks that a pack is of a version that we read. One of another version that has the content that its name says
    /// is of a newer version; any other is damaged.
    pub(super) fn check_header(&self, name: &str, size: u64) -> Result<(), Error> {
        if self.range(name, 0, HEADER.len())? == HEADER {
            return Ok(());
        }
        let mut hasher = blake3::Hasher::new();
        for offset in (0..size).step_by(HASHED_AT_ONCE) {
            let len = (size - offset).min(HASHED_AT_ONCE as u64) as usize;
            hasher.update(&self.range(name, offset, len)?);
        }
        if hasher.finalize().to_hex().as_str() == name {
            return Err(Error::TooNew {
                path: self.path.clone(),
                what: Newer::Pack(name.to_owned()),
            });
        }
        Err(Error::Corrupt {
            part: CorruptPart::Pack(Some(name.to_owned())),
            what: Malformed("its header is wrong").into(),
        })
    }
}
