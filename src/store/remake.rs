//! Makes the header of a store anew. It holds nothing that the packs do not tell, where each of them is of a version
//! that we read.

use std::path::Path;
use std::time::Duration;

use super::Store;
use super::elsewhere;
use super::error::{Error, LostHeader};
use super::header;
use super::home::{self, Home, LOCK};
use super::location::Location;
use super::storage::{self, Area, Over, Storage};
use super::terms;
use crate::disk::atomic;
use crate::disk::lock::Sharing;
use crate::monitor::Monitor;

/// What is wrong with the header of a store, if anything. Somebody else's directory may hold a `venv-snap.json` too, so
/// the other parts of a store are looked for.
fn lost(path: &Path, storage: &dyn Storage) -> Result<Option<LostHeader>, Error> {
    if !storage.is_laid_out()? {
        return Err(Error::NoStore(path.to_owned()));
    }
    match header::check(path, storage) {
        Err(Error::Header { what, .. }) => Ok(Some(what)),
        done => done.map(|()| None),
    }
}

impl Store {
    /// Makes a header anew that is lost or damaged, and tells what was wrong with it. Only where everything in the
    /// store is of a version that this program reads: a newer one may need what only its header says.
    pub(crate) fn remake_header(
        location: &Location,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<Option<LostHeader>, Error> {
        if let Some(url) = location.bucket() {
            let (top, storage) = elsewhere::reach(location, &url)?;
            let Some(what) = lost(location.name(), &*storage)? else {
                return Ok(None);
            };
            terms::admit(location, &*storage)?;
            let home = Home::new(location.name(), top, wait, false)?.of_bucket();
            return Self::new(home, storage).put_header(what, monitor);
        }
        let path = location.name();
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let top = home::open_top(path)?;
        let storage = storage::choose(&top);
        let is_foreign = home::check_owner(&top)?;
        let Some(what) = lost(path, &*storage)? else {
            return Ok(None);
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
        Self::new(home, storage).put_header(what, monitor)
    }

    fn put_header(
        &self,
        lost: LostHeader,
        monitor: &dyn Monitor,
    ) -> Result<Option<LostHeader>, Error> {
        if !self
            .home
            .lock(Sharing::Exclusive, self.home.wait, monitor)?
        {
            return Err(Error::Locked(self.home.path().to_owned()));
        }
        self.is_known_throughout()?;
        // What another host put there meanwhile stays; one that is damaged gives way.
        let over = match lost {
            LostHeader::Missing => Over::Nothing,
            LostHeader::Json(_) => Over::Any,
        };
        header::put(&*self.storage, over)?;
        Ok(Some(lost))
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
