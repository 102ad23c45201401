//! Brings packs and index into agreement. The packs are right: rows that lie are dropped, rows that lack are read
//! from the packs, and an index that is gone or damaged is made anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Store;
use super::corrupt::CorruptPart;
use super::error::Error;
use super::index::{Index, PackRow};
use super::index_handle::KeptLog;
use super::objects::Objects;
use super::pack::{FOOTER_LEN, Table};
use super::packs::short;
use super::scrub::Flaw;
use super::storage::Area;
use crate::monitor::{Monitor, StoreWarning};

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
    /// Loads where every object lies, once.
    pub(crate) fn load_objects(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        let load = || self.reconcile(&BTreeSet::new(), monitor);
        self.objects.load_once(load)
    }

    /// Loads again, as if some packs were not there. Their rows stay in the index.
    pub(super) fn load_without(
        &self,
        packs: &BTreeSet<String>,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        self.objects.load_anew(|| self.reconcile(packs, monitor))
    }

    fn reconcile(
        &self,
        without: &BTreeSet<String>,
        monitor: &dyn Monitor,
    ) -> Result<Objects, Error> {
        let rows = self
            .index
            .with(monitor, |index| index.packs())?
            .unwrap_or_default();
        let known: HashMap<&str, &PackRow> =
            rows.iter().map(|row| (row.name.as_str(), row)).collect();
        let mut suspects = self.damaged_packs.names(monitor);
        let marked = self.tombstones()?;
        self.looked.note(!marked.is_empty());
        suspects.extend(marked.into_iter().map(|file| file.name));
        let there = self.storage.glance(Area::Packs)?;
        let looked: Result<Vec<_>, Error> = there
            .par_iter()
            .filter(|(name, _)| !without.contains(name))
            .map(|(name, size)| self.table_of(name, *size, known.get(name.as_str()).copied()))
            .collect();
        let is_there = |name: &str| {
            there
                .binary_search_by(|(one, _)| one.as_str().cmp(name))
                .is_ok()
        };
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
                    if let Some(table) = self.packs.salvage(&name, size, &error, monitor)? {
                        objects.add(name, table);
                    }
                }
            }
        }
        // From a bucket its owner removes what nothing needs.
        for name in gone.iter().filter(|_| !self.is_of_bucket()) {
            monitor.warn(StoreWarning::PackGone(name).into());
        }
        if !(add.is_empty() && gone.is_empty()) {
            self.index
                .with(monitor, |index| index.change_packs(&add, &gone))?;
        }
        Ok(objects)
    }

    /// Looks at a pack, of which the listing may have told the size: its table is that of its row in the index, if that
    /// is right, and is read otherwise. None where the pack is gone.
    fn table_of(
        &self,
        name: &str,
        listed: Option<u64>,
        row: Option<&PackRow>,
    ) -> Result<Option<Looked>, Error> {
        let looked = |size, table| {
            let name = name.to_owned();
            Ok(Some(Looked { name, size, table }))
        };
        // Where a listing tells the size, a request for the footer of each pack would take long: whatever the row
        // leads to is checked.
        let row = row.filter(|row| match listed {
            Some(size) => size == row.size,
            None => self.ends_with(row),
        });
        if let Some((table, row)) = row.and_then(|row| Some((known_table(row)?, row))) {
            return looked(row.size, Ok((table, None)));
        }
        let stat = || Ok::<_, Error>(self.storage.stat(Area::Packs, name)?.map(|pack| pack.size));
        let Some(size) = listed.map_or_else(stat, |size| Ok(Some(size)))? else {
            return Ok(None);
        };
        let read = self.packs.read_table(name, size);
        looked(size, read.map(|(table, tail)| (table, Some(tail))))
    }

    /// That a pack is as long as its row says and has the footer that the row has, which guards all of the table: an
    /// index may be damaged, or lie.
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

    /// Makes finished packs known, to the index, durably, and to this process; the index gives up those of `drop`.
    /// Returns whether the index could take that.
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
        let told = self.index.take_if_open(&rows, drop);
        for row in rows {
            let table = Table::open(&row.tail).map_err(|bad| Error::Corrupt {
                part: CorruptPart::Pack(Some(row.name.clone())),
                what: bad.into(),
            })?;
            self.objects.add(row.name, table);
        }
        Ok(told)
    }

    /// Compares the index with the packs, before it is brought into agreement with them: each name with what is wrong.
    pub(crate) fn index_flaws(&self, monitor: &dyn Monitor) -> Result<Vec<(String, Flaw)>, Error> {
        let rows = self.index.with(monitor, |index| index.packs())?;
        let listed = self.packs.list()?.into_iter();
        let mut sizes: BTreeMap<String, u64> = listed.map(|pack| (pack.name, pack.size)).collect();
        let mut flaws = Vec::new();
        for row in rows.unwrap_or_default() {
            let what = match sizes.remove(&row.name) {
                None if self.is_of_bucket() => continue,
                None => "names a pack that is gone",
                Some(size) if size != row.size => "has another size of a pack than it has",
                Some(size) => match self.packs.read_table(&row.name, size) {
                    Ok((_, tail)) if tail != row.tail => "has another table of a pack than it has",
                    _ => continue,
                },
            };
            let flaw = Flaw {
                file: Index::NAME.to_owned(),
                offset: None,
                what: format!("{what} ({})", short(&row.name)),
            };
            flaws.push((row.name, flaw));
        }
        Ok(flaws)
    }

    /// Makes the index anew from the packs, whatever it holds now. The log stays as far as it can be read; the stat
    /// caches are lost, and the next saves read everything once.
    pub(crate) fn rebuild_index(&self, monitor: &dyn Monitor) -> Result<Rebuilt, Error> {
        let log = self.index.rebuild(monitor)?;
        self.objects.forget_all();
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
