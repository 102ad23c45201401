//! A store in a bucket by its owner: the one host that frees its space. Others write at any time, so nothing is ever
//! had alone; what may go, and when, is told by `grace.rs`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Store;
use super::error::{Error, NotInBucket};
use super::grace::clocks_agree;
use super::scrub::{Digests, GoodFrame};
use super::storage::{Area, Listed, Over, Storage};
use super::{Added, Location, elsewhere, terms};
use crate::disk::lock::Sharing;
use crate::model::Digest;
use crate::monitor::Monitor;

/// The file that names the owner.
const OWNER: &str = "owner.json";
/// The file that is written by each prune, so that the server tells the time.
const LAST: &str = "prune.json";
/// Neither file is longer.
const RECORD_BYTES_MAX: u64 = 64 << 10;

/// What either file holds.
#[derive(Serialize, Deserialize)]
struct Record {
    host: String,
}

/// A store in a bucket, by its owner.
#[derive(Debug)]
pub(crate) struct Owned<'s> {
    store: &'s Store,
    /// What the server's clock said before anything was listed, in seconds since 1970.
    pub(crate) now: i64,
}

/// The host that frees space in a store; none where nobody does, or where the file that names it makes no sense.
pub(super) fn owner(storage: &dyn Storage) -> Result<Option<String>, Error> {
    match storage.get(Area::Top, OWNER, RECORD_BYTES_MAX) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok().map(|it: Record| it.host)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes this host the owner. Of several who want that at once one is it.
pub(super) fn claim(location: &Location, storage: &dyn Storage, over: Over) -> Result<(), Error> {
    let host = location.access().host.clone();
    storage.put(Area::Top, OWNER, &record(&host), over)?;
    match owner(storage)? {
        Some(found) if found == host => Ok(()),
        owner => Err(Error::NotOwner {
            store: location.name().to_owned(),
            owner,
        }),
    }
}

fn record(host: &str) -> Vec<u8> {
    let host = host.to_owned();
    serde_json::to_vec_pretty(&Record { host }).unwrap_or_default()
}

impl Store {
    /// Makes this host the owner of a store in a bucket, in place of another one where it `takes_over`.
    pub(crate) fn claim(location: &Location, takes_over: bool) -> Result<(), Error> {
        let storage = elsewhere::in_bucket(location)?;
        terms::admit(location, &*storage)?;
        let over = if takes_over { Over::Any } else { Over::Nothing };
        claim(location, &*storage, over)
    }

    /// The host that frees the space of a store in a bucket; none where nobody does.
    pub(crate) fn owner(location: &Location) -> Result<Option<String>, Error> {
        owner(&*elsewhere::in_bucket(location)?)
    }

    /// Whether the store lies in a bucket, where nobody ever has it alone.
    pub(crate) fn is_of_bucket(&self) -> bool {
        self.home.is_of_bucket
    }

    /// The store as its owner has it, which must be `host`. As long as the store is open, no other process of that host
    /// has it so. Refused where the clocks of host (`now`, in seconds since 1970) and server are apart, or where that
    /// of the server went back.
    pub(crate) fn owned(
        &self,
        host: &str,
        now: i64,
        monitor: &dyn Monitor,
    ) -> Result<Owned<'_>, Error> {
        let storage = &*self.storage;
        match owner(storage)? {
            Some(owner) if owner == host => {}
            None => {
                return Err(Error::Elsewhere(NotInBucket::Freed));
            }
            owner => {
                let store = self.path().to_owned();
                return Err(Error::NotOwner { store, owner });
            }
        }
        self.home
            .lock_or_fail(Sharing::Exclusive, self.home.wait, monitor)?;
        let last = storage.stat(Area::Top, LAST)?.map(|file| file.written);
        storage.put(Area::Top, LAST, &record(host), Over::Any)?;
        let there = storage
            .stat(Area::Top, LAST)?
            .map_or(0, |file| file.written);
        if !clocks_agree(now, there) || last.is_some_and(|last| last > there) {
            return Err(Error::ClocksApart {
                store: self.path().to_owned(),
                seconds: there.saturating_sub(now),
            });
        }
        Ok(Owned {
            store: self,
            now: there,
        })
    }

    /// The packs that are marked to go.
    pub(super) fn tombstones(&self) -> Result<Vec<Listed>, Error> {
        if !self.home.is_of_bucket {
            return Ok(Vec::new());
        }
        Ok(self.storage.list(Area::Tombstones)?)
    }
}

impl Owned<'_> {
    /// The packs that are marked, each with when that was, in seconds since 1970.
    pub(crate) fn marked(&self) -> Result<BTreeMap<String, i64>, Error> {
        let marked = self.store.tombstones()?.into_iter();
        Ok(marked.map(|file| (file.name, file.written)).collect())
    }

    /// Whether something that is needed lies in a marked pack and in no pack without a mark. A pack that is gone
    /// already is not needed.
    pub(crate) fn is_needed(&self, pack: &str, needed: &Digests) -> Result<bool, Error> {
        let Some(listed) = self.store.storage.stat(Area::Packs, pack)? else {
            return Ok(false);
        };
        let table = self.store.packs.table_of_rest(pack, listed.size)?;
        let lacks = |id: &Digest| needed.contains(id) && !self.store.objects.vouches(id);
        Ok(table.rows.iter().any(|row| lacks(&row.part.id)))
    }

    /// What all packs take, in bytes.
    pub(crate) fn size(&self) -> Result<u64, Error> {
        Ok(self.store.sizes()?[0].1)
    }

    /// Marks packs.
    pub(crate) fn mark(&self, packs: &[String]) -> Result<(), Error> {
        for pack in packs {
            self.store.storage.mark(Area::Tombstones, pack)?;
        }
        Ok(())
    }

    /// Takes the marks from packs.
    pub(crate) fn spare(&self, packs: &[String]) -> Result<(), Error> {
        Ok(self.store.storage.delete(Area::Tombstones, packs)?)
    }

    /// Removes packs of which the grace is over. The mark goes last: a pack without one is relied on.
    pub(crate) fn remove(&self, packs: &[String]) -> Result<(), Error> {
        self.store.storage.delete(Area::Packs, packs)?;
        self.store.suspects.unmark(packs);
        self.spare(packs)
    }

    /// Loads where every object lies, as if these packs were not there.
    pub(crate) fn look_past(
        &self,
        packs: &BTreeSet<String>,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        self.store.load_without(packs, monitor)
    }

    /// Writes what is to be kept of some packs into new ones, beside which the old ones stay. `past` are all packs that
    /// are looked past.
    pub(crate) fn carry_over(
        &self,
        packs: &BTreeMap<String, Vec<GoodFrame>>,
        keep: Digests,
        past: &BTreeSet<String>,
        monitor: &dyn Monitor,
    ) -> Result<Added, Error> {
        self.look_past(past, monitor)?;
        self.store.objects.disown(&keep);
        let packer = self.store.packer(monitor)?.only(keep);
        self.store.carry_over(packs, &packer, monitor)?;
        let added = packer.finish()?;
        // Who reads by summaries knows the new packs before the old ones go.
        self.store.snapshots.summarize();
        Ok(added)
    }

    /// Makes summaries anew, without what is gone.
    pub(crate) fn renew_summaries(&self) {
        self.store.summaries.renew();
    }
}
