//! `hosts/`: a file of each host with what it last told of its venvs (docs/format.md, "Hosts"). They are no part of the
//! truth: each is written by its host alone, replaced whole, and lost without harm.

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Store;
use super::error::Error;
use super::storage::{Area, Over};
use crate::model::Digest;

/// A longer file is none of ours.
const LONGEST: u64 = 16 << 20;

/// The name of the file of a host.
fn name(host: &str) -> String {
    Digest::of(host.as_bytes()).to_hex()
}

impl Store {
    /// What a host last told; none where it told nothing.
    pub(crate) fn told_by(&self, host: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.storage.get(Area::Hosts, &name(host), LONGEST) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What all hosts but one last told. A file that cannot be read tells nothing.
    pub(crate) fn told_by_others(&self, own: &str) -> Result<Vec<Vec<u8>>, Error> {
        let own = name(own);
        let names = self.storage.names(Area::Hosts)?;
        let read = |name: &String| self.storage.get(Area::Hosts, name, LONGEST).ok();
        let others = names.par_iter().filter(|name| **name != own);
        Ok(others.filter_map(read).collect())
    }

    /// Lets all hosts know what this one tells. Into the store of another user nothing is put unasked.
    pub(crate) fn tell(&self, host: &str, told: &[u8]) -> Result<(), Error> {
        if self.home.is_foreign || !self.may_write() {
            return Ok(());
        }
        match self.storage.put(Area::Hosts, &name(host), told, Over::Any) {
            Err(error) if error.is_denied() => Ok(()),
            done => Ok(done?),
        }
    }
}
