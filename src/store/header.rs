//! The header of a store (docs/format.md, "The directory"): what makes a directory a store. It holds nothing that its
//! packs do not tell, so a lost one can be made anew where each of them is of a version that we read.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Store;
use super::error::{Error, LostHeader, Newer, NotInBucket};
use super::home::{self, Home, LOCK};
use super::location::Location;
use super::storage::{self, Area, HEADER, Over, Storage};
use crate::disk::PathError;
use crate::disk::atomic;
use crate::disk::lock::Sharing;
use crate::model::Snapshot;
use crate::monitor::Monitor;

/// No header is longer.
const HEADER_BYTES_MAX: u64 = 64 << 10;

/// What stands in it.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    features: Vec<String>,
}

/// Writes the header: the last step of a store's creation.
pub(super) fn put(storage: &dyn Storage, over: Over) -> Result<(), PathError> {
    let header = Header {
        format: Snapshot::FORMAT,
        features: Vec::new(),
    };
    let bytes = serde_json::to_vec_pretty(&header).unwrap_or_default();
    storage.put(Area::Top, HEADER, &bytes, over)
}

/// Checks that there is a store, and that it is one that this version reads.
pub(super) fn check(path: &Path, storage: &dyn Storage) -> Result<(), Error> {
    let lost = |what: LostHeader| Error::Header {
        path: path.to_owned(),
        what,
    };
    if storage.stat(Area::Top, HEADER)?.is_none() {
        return Err(if storage.is_laid_out()? {
            lost(LostHeader::Missing)
        } else {
            Error::NoStore(path.to_owned())
        });
    }
    let text = storage.get(Area::Top, HEADER, HEADER_BYTES_MAX)?;
    let header: Header =
        serde_json::from_slice(&text).map_err(|error| lost(LostHeader::Json(error.to_string())))?;
    let needs = match header.features.into_iter().next() {
        _ if header.format != Snapshot::FORMAT => Newer::Format(header.format),
        Some(feature) => Newer::Feature(feature),
        None => return Ok(()),
    };
    Err(Error::TooNew {
        path: path.to_owned(),
        what: needs,
    })
}

impl Store {
    /// Makes a header anew that is lost or damaged, and tells what was wrong with it. Only where everything in the
    /// store is of a version that this program reads: a newer one may need what only its header says.
    pub(crate) fn remake_header(
        location: &Location,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<Option<LostHeader>, Error> {
        Self::refuse_elsewhere(location, NotInBucket::Mended)?;
        let path = location.name();
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let top = home::open_top(path)?;
        let storage = storage::choose(&top);
        // Somebody else's directory may hold a `venv-snap.json` too, so the other parts of a store are looked for.
        if !storage.is_laid_out()? {
            return Err(Error::NoStore(path.clone()));
        }
        let is_foreign = home::check_owner(&top)?;
        let what = match check(path, &*storage) {
            Err(Error::Header { what, .. }) => what,
            done => return done.map(|()| None),
        };
        for name in storage::DIRS {
            if top.stat_name(name.as_bytes())?.is_none() {
                atomic::make_private_below(&top, &top.path().join(name))?;
            }
        }
        storage.prepare()?;
        if top.stat_name(LOCK.as_bytes())?.is_none() {
            home::make_lock_file(&top)?;
        }
        let home = Home::new(path, top, wait, is_foreign)?;
        if !home.lock(Sharing::Exclusive, wait, monitor)? {
            return Err(Error::Locked(path.clone()));
        }
        let store = Self::new(home, storage);
        store.is_known_throughout()?;
        put(&*store.storage, Over::Any)?;
        Ok(Some(what))
    }

    /// Checks that no pack and no snapshot file is of another version. What is damaged does not count.
    fn is_known_throughout(&self) -> Result<(), Error> {
        for pack in self.packs.list()? {
            match self.packs.check_header(&pack.name, pack.size) {
                Err(Error::Corrupt { .. }) => {}
                done => done?,
            }
        }
        for area in [Area::Snapshots, Area::Forgotten] {
            for name in self.storage.names(area)? {
                match self.snapshots.read_snapshot(area, &name) {
                    Ok(_) | Err(Error::Corrupt { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}
