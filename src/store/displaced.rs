//! `quarantine/caches/`: boxes of what was moved out of somebody's way. Each has a record that was durable before
//! anything came into it, so that what a crash left half moved is known as well (promise 9; docs/format.md, "Displaced
//! entries").

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustix::fs::OFlags;

use super::Store;
use super::error::{Error, NotInBucket};
use crate::disk::PathError;
use crate::disk::atomic::{self, Temp, make_private_below, random_name};
use crate::disk::displace::MOVING;
use crate::disk::remove::remove_tree;
use crate::disk::rooted::Rooted;
use crate::model::RelPath;

/// The name of the record in a box.
const RECORD: &str = "record.json";
/// A longer record is none of ours.
const RECORD_MAX: u64 = 1 << 20;

/// The boxes of a store.
#[derive(Debug)]
pub(crate) struct Displaced(Rooted);

/// One box.
#[derive(Debug)]
pub(crate) struct DisplacedBox {
    /// Its name: 16 hexadecimal digits.
    pub(crate) id: String,
    /// What lies in it, beside the record.
    pub(crate) dir: Rooted,
    /// The record.
    pub(crate) record: Vec<u8>,
}

impl Store {
    /// The boxes; none where nothing was ever moved.
    pub(crate) fn displaced(&self) -> Result<Option<Displaced>, Error> {
        if self.home.is_of_bucket {
            return Ok(None);
        }
        let top = self.home.top();
        let opened = top
            .enter(b"quarantine")
            .and_then(|dir| dir.enter(b"caches"));
        match opened {
            Ok(dir) => Ok(Some(Displaced(dir))),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The boxes; their directory is made if it is not there.
    pub(crate) fn displaced_made(&self) -> Result<Displaced, Error> {
        if self.home.is_of_bucket {
            return Err(Error::Elsewhere(NotInBucket::Boxes));
        }
        let mut dir = self.home.top().enter(b".")?;
        for name in ["quarantine", "caches"] {
            make_private_below(&dir, &dir.path().join(name))?;
            dir = dir.enter(name.as_bytes())?;
        }
        Ok(Displaced(dir))
    }
}

impl Displaced {
    /// Makes a box with its record, durably.
    pub(crate) fn begin(&self, record: &[u8]) -> Result<DisplacedBox, Error> {
        let id = random_name()?;
        make_private_below(&self.0, &self.0.path().join(&id))?;
        let dir = self.0.enter(id.as_bytes())?;
        let mut temp = Temp::create(&dir)?;
        temp.write(record)?;
        temp.publish(&dir, RECORD)?;
        Ok(DisplacedBox {
            id,
            dir,
            record: record.to_vec(),
        })
    }

    /// All boxes that have a record, by name.
    pub(crate) fn all(&self) -> Result<Vec<DisplacedBox>, Error> {
        let mut names = self.0.names()?;
        names.sort();
        let mut found = Vec::new();
        for name in names {
            let Ok(id) = String::from_utf8(name) else {
                continue;
            };
            let Ok(dir) = self.0.enter(id.as_bytes()) else {
                continue;
            };
            match record(&dir) {
                Ok(record) => found.push(DisplacedBox { id, dir, record }),
                // A crash came before the record: nothing was moved.
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// Removes a box in which nothing lies any more but the record.
    pub(crate) fn end(&self, one: &DisplacedBox) -> Result<(), Error> {
        let names = one.dir.names()?;
        let is_ours = |name: &Vec<u8>| name == RECORD.as_bytes() || name.starts_with(MOVING);
        if names.iter().all(is_ours) {
            atomic::remove(&one.dir, &[RECORD])?;
            remove_tree(&self.0, one.id.as_bytes())?;
            self.0.sync()?;
        }
        Ok(())
    }
}

fn record(dir: &Rooted) -> Result<Vec<u8>, PathError> {
    let path = RelPath::new(RECORD.as_bytes()).unwrap_or_default();
    let file = File::from(dir.open_below(&path, OFlags::RDONLY)?);
    let mut bytes = Vec::new();
    let read = file.take(RECORD_MAX).read_to_end(&mut bytes);
    read.map_err(|error| PathError::new("read", &dir.path().join(Path::new(RECORD)), error))?;
    Ok(bytes)
}
