//! Brings packs and index into agreement. The packs are right: rows that lie are dropped, rows that lack are read from the
//! packs, and an index that is gone or damaged is made anew.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::error::Error;
use super::index::{Index, PackRow, Unusable};
use super::notes::KeptLog;
use super::objects::Objects;
use super::pack::{FOOTER_LEN, Footer, HEADER, Table};
use super::storage::Area;
use super::{Store, reader};
use crate::disk::lock::{Sharing, lock};
use crate::disk::rooted::Rooted;
use crate::monitor::Monitor;

/// Bytes of a pack that are hashed at a time.
const HASHED_AT_ONCE: usize = 4 << 20;
/// How long whoever opens the index is waited for at least: they hold it for milliseconds, so that even one who does not want to wait
/// for others should not give up.
const GUARD_WAIT: Duration = Duration::from_secs(5);

/// A pack that was looked at.
struct Looked {
    name: String,
    size: u64,
    /// Its table, with the bytes for a new row where the index has none that is right.
    table: Result<(Table, Option<Vec<u8>>), Error>,
}

/// What a rebuilt index holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rebuilt {
    pub(crate) packs: u64,
    pub(crate) objects: u64,
    pub(crate) log: KeptLog,
}

impl Store {
    /// Opens the index, making it anew where it is gone or damaged. Where it cannot be written there is none.
    fn open_index(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        let mut slot = self.index();
        // SQLite works by paths and with files beside the database: as root in another user's directory, that would be to write
        // wherever they want.
        if slot.is_some() || self.home.is_foreign || self.index_given_up.load(Ordering::Relaxed) {
            return Ok(());
        }
        let _guard = self.guard_index(monitor)?;
        let made = match Index::open(self.home.top().path(), self.home.wait) {
            Err(Unusable::Absent) => {
                if !self.storage.names(Area::Packs)?.is_empty() {
                    monitor.warn("the index of the store is missing; it is rebuilt from the packs");
                }
                Index::create(self.home.top().path(), self.home.wait)
            }
            Err(Unusable::Damaged(why)) => self.recreate(why, monitor),
            done => done,
        };
        *slot = match made {
            Ok(index) => Some(index),
            Err(Unusable::ReadOnly | Unusable::Absent) => None,
            Err(Unusable::Damaged(why)) => {
                self.go_on_without(&why, monitor);
                None
            }
            Err(Unusable::Failed(error)) => {
                self.go_on_without(&error, monitor);
                None
            }
        };
        Ok(())
    }

    /// Makes a damaged index anew; where that fails, the damage is why there is none.
    fn recreate(&self, why: String, monitor: &dyn Monitor) -> Result<Index, Unusable> {
        let Ok((index, log)) = self.renew_index() else {
            self.go_on_without(&why, monitor);
            return Err(Unusable::Damaged(why));
        };
        let lost = if log.whole {
            ""
        } else {
            ", and what restores did and how long they took is lost"
        };
        monitor.warn(&format!(
            "the index of the store is damaged ({why}); it is rebuilt from the packs{lost}"
        ));
        Ok(index)
    }

    /// Says once that the index is of no use.
    fn go_on_without(&self, why: &dyn std::fmt::Display, monitor: &dyn Monitor) {
        if !self.index_given_up.swap(true, Ordering::Relaxed) {
            let text = format!(
                "the index of the store cannot be used ({why}); the work goes on without it"
            );
            monitor.warn(&text);
        }
    }

    /// One at a time: a process must not make the index anew under another that just did.
    fn guard_index(&self, monitor: &dyn Monitor) -> Result<Rooted, Error> {
        // Opened anew: a lock belongs to an opening, and this one goes with the guard.
        let guard = self.home.top().enter(b".")?;
        let (path, wait) = (self.path(), self.home.wait.max(GUARD_WAIT));
        if lock(guard.fd(), path, Sharing::Exclusive, wait, monitor)? {
            return Ok(guard);
        }
        Err(Error::Locked(path.to_owned()))
    }

    /// Runs work on the index. A failure of the index is a warning: nothing but speed depends on it.
    pub(super) fn with_index<T>(
        &self,
        monitor: &dyn Monitor,
        work: impl FnOnce(&mut Index) -> Result<T, Unusable>,
    ) -> Result<Option<T>, Error> {
        self.open_index(monitor)?;
        let mut slot = self.index();
        let Some(index) = slot.as_mut() else {
            return Ok(None);
        };
        match work(index) {
            Ok(value) => Ok(Some(value)),
            Err(Unusable::Damaged(why)) => {
                let _guard = self.guard_index(monitor)?;
                match self.recreate(why, monitor) {
                    Ok(index) => *slot = Some(index),
                    Err(_) => *slot = None,
                }
                Ok(None)
            }
            Err(Unusable::Failed(error)) => {
                self.go_on_without(&error, monitor);
                Ok(None)
            }
            Err(Unusable::ReadOnly | Unusable::Absent) => Ok(None),
        }
    }

    /// Loads where every object lies, once.
    pub(crate) fn load_objects(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        if objects.is_none() {
            *objects = Some(self.reconcile(&BTreeSet::new(), monitor)?);
        }
        Ok(())
    }

    /// Loads again, as if some packs were not there. Their rows stay in the index.
    pub(super) fn load_without(
        &self,
        packs: &BTreeSet<String>,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        *objects = Some(self.reconcile(packs, monitor)?);
        self.frames.clear();
        Ok(())
    }

    fn reconcile(
        &self,
        without: &BTreeSet<String>,
        monitor: &dyn Monitor,
    ) -> Result<Objects, Error> {
        let rows = self
            .with_index(monitor, |index| index.packs())?
            .unwrap_or_default();
        let known: HashMap<&str, &PackRow> =
            rows.iter().map(|row| (row.name.as_str(), row)).collect();
        let suspects = self.suspects(monitor);
        let names = self.storage.names(Area::Packs)?;
        let looked: Result<Vec<_>, Error> = names
            .par_iter()
            .filter(|name| !without.contains(*name))
            .map(|name| self.table_of(name, known.get(name.as_str()).copied()))
            .collect();
        let is_there = |name: &str| names.binary_search_by(|one| one.as_str().cmp(name)).is_ok();
        let gone = known.into_keys().filter(|name| !is_there(name));
        let gone: Vec<String> = gone.map(str::to_owned).collect();
        // Of a million objects the rows are tens of megabytes.
        drop(rows);
        let mut objects = Objects::default();
        let mut add = Vec::new();
        let looked: Vec<Looked> = looked?.into_iter().flatten().collect();
        let tables = looked.iter().filter_map(|one| one.table.as_ref().ok());
        objects.reserve(tables.map(|(table, _)| table.rows.len()).sum());
        for Looked { name, size, table } in looked {
            match table {
                Ok((table, tail)) => {
                    if let Some(tail) = tail {
                        let name = name.clone();
                        add.push(PackRow { name, size, tail });
                    }
                    if suspects.contains(&name) {
                        objects.add_suspect(name, table);
                    } else {
                        objects.add(name, table);
                    }
                }
                Err(error @ Error::TooNew { .. }) => return Err(error),
                Err(error) => {
                    if let Some(table) = self.salvage(&name, size, &error, monitor)? {
                        objects.add(name, table);
                    }
                }
            }
        }
        for name in &gone {
            monitor.warn(&format!(
                "{} is gone, with all that only it held",
                reader::pack_place(name)
            ));
        }
        if !(add.is_empty() && gone.is_empty()) {
            self.with_index(monitor, |index| index.change_packs(&add, &gone))?;
        }
        Ok(objects)
    }

    /// Looks at a pack: its table is that of its row in the index, if that is right, and is read otherwise. None where the pack is gone.
    fn table_of(&self, name: &str, row: Option<&PackRow>) -> Result<Option<Looked>, Error> {
        let looked = |size, table| {
            let name = name.to_owned();
            Ok(Some(Looked { name, size, table }))
        };
        let row = row.filter(|row| self.ends_with(row));
        if let Some((table, row)) = row.and_then(|row| Some((known_table(row)?, row))) {
            return looked(row.size, Ok((table, None)));
        }
        let Some(size) = self.storage.stat(Area::Packs, name)?.map(|pack| pack.size) else {
            return Ok(None);
        };
        let read = self.read_table(name, size);
        looked(size, read.map(|(table, tail)| (table, Some(tail))))
    }

    /// That a pack is as long as its row says and has the footer that the row has, which guards all of the table: an index may be
    /// damaged, or lie.
    fn ends_with(&self, row: &PackRow) -> bool {
        let Some(offset) = row.size.checked_sub(FOOTER_LEN as u64) else {
            return false;
        };
        // Room for one byte more than there should be, which spares asking for the length.
        let mut end = [0; FOOTER_LEN + 1];
        if let Ok(len) = self.storage.peek(Area::Packs, &row.name, offset, &mut end) {
            return len == FOOTER_LEN && row.tail.ends_with(&end[..FOOTER_LEN]);
        }
        // Where the end cannot be read, the row is all that there is; whatever it leads to is checked.
        let there = self.storage.stat(Area::Packs, &row.name);
        matches!(there, Ok(Some(pack)) if pack.size == row.size)
    }

    /// Reads the table of a pack from its end.
    pub(super) fn read_table(&self, name: &str, size: u64) -> Result<(Table, Vec<u8>), Error> {
        let corrupt = |what: &str| Error::Corrupt {
            place: reader::pack_place(name),
            what: what.to_owned(),
        };
        if size < (HEADER.len() + FOOTER_LEN) as u64 {
            return Err(corrupt("it is cut short"));
        }
        self.check_header(name, size)?;
        let end = self
            .storage
            .range(Area::Packs, name, size - FOOTER_LEN as u64, FOOTER_LEN)?;
        let footer = Footer::read(&end).map_err(|bad| corrupt(bad.0))?;
        let len = u64::from(footer.len) + FOOTER_LEN as u64;
        if footer.offset.checked_add(len) != Some(size) {
            return Err(corrupt("its footer points elsewhere"));
        }
        let tail = self
            .storage
            .range(Area::Packs, name, footer.offset, len as usize)?;
        let table = Table::open(&tail).map_err(|bad| corrupt(bad.0))?;
        if !table.tiles(footer.offset) {
            return Err(corrupt("its frames do not fill it"));
        }
        Ok((table, tail))
    }

    /// That a pack is of a version that we read. Its name tells a newer one from a damaged one.
    pub(super) fn check_header(&self, name: &str, size: u64) -> Result<(), Error> {
        if self.storage.range(Area::Packs, name, 0, HEADER.len())? == HEADER {
            return Ok(());
        }
        let mut hasher = blake3::Hasher::new();
        for offset in (0..size).step_by(HASHED_AT_ONCE) {
            let len = (size - offset).min(HASHED_AT_ONCE as u64) as usize;
            hasher.update(&self.storage.range(Area::Packs, name, offset, len)?);
        }
        if hasher.finalize().to_hex().as_str() == name {
            let what = format!("{} has another format", reader::pack_place(name));
            return Err(Error::TooNew {
                path: self.path().to_owned(),
                what,
            });
        }
        let what = "its header is wrong".to_owned();
        Err(Error::Corrupt {
            place: reader::pack_place(name),
            what,
        })
    }

    /// Makes finished packs known, to the index, durably, and to this process; the index gives up those of `drop`. Returns whether
    /// the index could take that.
    pub(super) fn admit(
        &self,
        packs: &[(String, u64, Vec<u8>)],
        drop: &[String],
    ) -> Result<bool, Error> {
        if packs.is_empty() && drop.is_empty() {
            return Ok(true);
        }
        let rows: Vec<PackRow> = packs
            .iter()
            .map(|(name, size, tail)| PackRow {
                name: name.clone(),
                size: *size,
                tail: tail.clone(),
            })
            .collect();
        // The next command reads from the packs what the index could not take.
        let told = match self.index().as_mut() {
            Some(index) => index.change_packs(&rows, drop).is_ok(),
            None => false,
        };
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let table = Table::open(&row.tail).map_err(|bad| Error::Corrupt {
                place: reader::pack_place(&row.name),
                what: bad.to_string(),
            })?;
            objects.get_or_insert_default().add(row.name, table);
        }
        Ok(told)
    }

    /// Makes the index anew from the packs, whatever it holds now. The log stays as far as it can be read; the stat caches are
    /// lost, and the next saves read everything once.
    pub(crate) fn rebuild_index(&self, monitor: &dyn Monitor) -> Result<Rebuilt, Error> {
        if self.home.is_foreign {
            let why = "it belongs to another user, who must do that";
            let error = std::io::Error::new(std::io::ErrorKind::PermissionDenied, why);
            return Err(
                crate::disk::PathError::new("write the index in", self.path(), error).into(),
            );
        }
        let guard = self.guard_index(monitor)?;
        let made = self.renew_index();
        drop(guard);
        let log;
        *self.index() = match made {
            Ok((index, kept)) => {
                log = kept;
                Some(index)
            }
            Err(Unusable::Failed(source)) => {
                let path = self.home.top().path().join(Index::NAME);
                return Err(Error::Index { path, source });
            }
            Err(unusable) => {
                let error = match unusable {
                    Unusable::Damaged(why) => std::io::Error::other(why),
                    _ => std::io::ErrorKind::PermissionDenied.into(),
                };
                let path = self.home.top().path().join(Index::NAME);
                return Err(crate::disk::PathError::new("make the index", &path, error).into());
            }
        };
        *self.objects.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.load_objects(monitor)?;
        let packs = self.storage.names(Area::Packs)?.len() as u64;
        Ok(Rebuilt {
            packs,
            objects: self.object_count(monitor)? as u64,
            log,
        })
    }
}

/// The table that a row holds, if it is one.
fn known_table(row: &PackRow) -> Option<Table> {
    let table = Table::open(&row.tail).ok()?;
    let end = row.size.checked_sub(row.tail.len() as u64)?;
    table.tiles(end).then_some(table)
}
