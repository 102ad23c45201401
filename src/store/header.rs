//! The header of a store (docs/format.md, "The directory"): what makes a directory one. It holds nothing that its packs do not
//! tell, so a lost one can be made anew where each of them is of a version that we read.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::files::{Area, Files, read_top};
use super::{Catalog, HEADER, LOCK, Store, check_owner};
use crate::disk::atomic;
use crate::disk::lock::{Sharing, lock};
use crate::disk::rooted::Rooted;
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

/// The bytes of a header that this version writes.
pub(super) fn encode() -> Vec<u8> {
    let header = Header {
        format: Snapshot::FORMAT,
        features: Vec::new(),
    };
    serde_json::to_vec_pretty(&header).unwrap_or_default()
}

/// That a directory is a store, and one that this version reads.
pub(super) fn check(path: &Path, top: &Rooted) -> Result<(), Error> {
    let lost = |what: String| Error::Header {
        path: path.to_owned(),
        what,
    };
    if top.stat_name(HEADER.as_bytes())?.is_none() {
        return Err(if is_laid_out(top)? {
            lost("it is missing".to_owned())
        } else {
            Error::NoStore(path.to_owned())
        });
    }
    let text = read_top(top, HEADER, HEADER_BYTES_MAX)?;
    let header: Header =
        serde_json::from_slice(&text).map_err(|error| lost(format!("it is damaged ({error})")))?;
    let needs = match header.features.first() {
        _ if header.format != Snapshot::FORMAT => format!("it has format {}", header.format),
        Some(feature) => format!("it needs '{feature}'"),
        None => return Ok(()),
    };
    Err(Error::TooNew {
        path: path.to_owned(),
        what: needs,
    })
}

/// Whether a directory has what only a store has.
pub(super) fn is_laid_out(top: &Rooted) -> Result<bool, Error> {
    for name in ["packs", "snapshots"] {
        if !top
            .stat_name(name.as_bytes())?
            .is_some_and(|stat| stat.is_dir())
        {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Store {
    /// Makes a header anew that is lost or damaged, and tells what was wrong with it. Only where everything in the store is of a
    /// version that this program reads: a newer one may need what only its header says.
    pub(crate) fn remake_header(
        path: &Path,
        wait: Duration,
        monitor: &dyn Monitor,
    ) -> Result<Option<String>, Error> {
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let top = Self::open_top(path)?;
        // Somebody else's directory may hold a file of that name too.
        if !is_laid_out(&top)? {
            return Err(Error::NoStore(path.clone()));
        }
        let foreign = check_owner(&top)?;
        let what = match check(path, &top) {
            Err(Error::Header { what, .. }) => what,
            done => return done.map(|()| None),
        };
        for name in Files::DIRS {
            if top.stat_name(name.as_bytes())?.is_none() {
                atomic::make_private_below(&top, &top.path().join(name))?;
            }
        }
        let files = Files::within(top)?;
        if files.top().stat_name(LOCK.as_bytes())?.is_none() {
            atomic::make_empty(files.top(), LOCK)?;
        }
        let held = files.lock_file(LOCK)?;
        if !lock(&held, path, Sharing::Exclusive, wait, monitor)? {
            return Err(Error::Locked(path.clone()));
        }
        let store = Self::holding(path, files, held, wait, foreign);
        store.is_known_throughout()?;
        store.files.put_header_over(HEADER, &encode())?;
        Ok(Some(what))
    }

    /// That no pack and no snapshot file is of another version. What is damaged is not.
    fn is_known_throughout(&self) -> Result<(), Error> {
        for (name, size) in self.files.list(Area::Packs)? {
            match self.check_header(&name, size) {
                Err(Error::Corrupt { .. }) => {}
                done => done?,
            }
        }
        for area in [Area::Snapshots, Area::Forgotten] {
            let names = self.files.names(area)?;
            for (_, error) in self.read_catalog(area, &names, &Catalog::default()).damaged {
                if !matches!(error, Error::Corrupt { .. }) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}
