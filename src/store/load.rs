//! Brings packs and index into agreement. The packs are right: rows that lie are dropped, rows that lack are read
//! from the packs, and an index that is gone or damaged is made anew.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Store;
use super::corrupt::CorruptPart;
use super::corrupt::short;
use super::error::Error;
use super::index::{Index, PackRow};
use super::index_handle::KeptLog;
use super::objects::Objects;
use super::pack::{FOOTER_LEN, Table};
use super::scrub::Flaw;
use super::storage::Area;
use super::summaries::Told;
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
    /// Loads where every object lies that a listed snapshot needs, once: for who reads.
    pub(crate) fn load_objects(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        self.objects
            .load_once(|| match self.told_objects(monitor)? {
                Some(objects) => Ok(objects),
                None => self.reconcile(&BTreeSet::new(), Objects::default(), monitor),
            })
    }

    /// Loads where every object lies, once: for who relies on packs that nobody needs yet.
    pub(crate) fn load_all(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        let load = |before| self.reconcile(&BTreeSet::new(), before, monitor);
        self.objects.load_rest(load)
    }

    /// What summaries tell, where they tell of all snapshots: then no pack has to be asked, and none be listed.
    fn told_objects(&self, monitor: &dyn Monitor) -> Result<Option<Objects>, Error> {
        let told = self.summaries.told();
        if told.is_empty() {
            return Ok(None);
        }
        let mut snapshots = self.storage.names(Area::Snapshots)?.into_iter();
        if !snapshots.all(|name| told.snapshot(&name).is_some()) {
            return Ok(None);
        }
        let marked = self.marked(monitor)?;
        let rows: BTreeMap<&str, &PackRow> = told.packs().map(|row| (&*row.name, row)).collect();
        let rows: Vec<_> = rows.into_values().collect();
        let tables: Option<Vec<Table>> = rows.par_iter().map(|row| known_table(row)).collect();
        let Some(tables) = tables else {
            return Ok(None);
        };
        let mut objects = Objects::default();
        objects.only_told = true;
        objects.reserve(tables.iter().map(|table| table.rows.len()).sum());
        for (row, table) in rows.into_iter().zip(tables) {
            let name = row.name.clone();
            if marked.contains(&name) {
                objects.add_suspect(name, table);
            } else {
                objects.add(name, table);
            }
        }
        Ok(Some(objects))
    }

    /// The packs that were found damaged or are to go.
    fn marked(&self, monitor: &dyn Monitor) -> Result<BTreeSet<String>, Error> {
        let mut marked = self.suspects.names(monitor);
        marked.extend(self.tombstones()?.into_iter().map(|file| file.name));
        Ok(marked)
    }

    /// Loads again, as if some packs were not there. Their rows stay in the index.
    pub(super) fn load_without(
        &self,
        packs: &BTreeSet<String>,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        let load = || self.reconcile(packs, Objects::default(), monitor);
        self.objects.load_anew(load)
    }

    fn reconcile(
        &self,
        without: &BTreeSet<String>,
        mut objects: Objects,
        monitor: &dyn Monitor,
    ) -> Result<Objects, Error> {
        // Summaries are read before the packs are listed: so a pack of theirs that is not listed is gone.
        let told = self.summaries.told();
        let rows = self
            .index
            .with(monitor, |index| index.packs())?
            .unwrap_or_default();
        self.looked.note(!self.tombstones()?.is_empty());
        let suspects = self.marked(monitor)?;
        let there = self.storage.glance(Area::Packs)?;
        let looked = self.tables_of(&there, without, told.packs().chain(&rows))?;
        let is_there = |name: &str| {
            there
                .binary_search_by(|(one, _)| one.as_str().cmp(name))
                .is_ok()
        };
        let gone = rows.iter().map(|row| &row.name);
        let gone: Vec<String> = gone.filter(|name| !is_there(name)).cloned().collect();
        let mut add = self.note_for_summaries(&told, &there, &rows, &looked);
        // Of a million objects the rows take tens of megabytes.
        drop(rows);
        let before: HashSet<String> = objects.packs().map(str::to_owned).collect();
        objects.condemn(|name| suspects.contains(name) || !is_there(name));
        objects.only_told = false;
        let tables = looked.iter().filter_map(|one| one.table.as_ref().ok());
        objects.reserve(tables.map(|(table, _)| table.rows.len()).sum());
        let mut take = |name: String, table| {
            if suspects.contains(&name) {
                objects.add_suspect(name, table);
            } else {
                objects.add(name, table);
            }
        };
        for Looked { name, size, table } in looked {
            match table {
                Ok((table, tail)) => {
                    if let Some(tail) = tail {
                        let name = name.clone();
                        add.push(PackRow { name, size, tail });
                    }
                    if before.contains(&name) {
                        continue;
                    }
                    take(name, table);
                }
                Err(error @ Error::TooNew { .. }) => return Err(error),
                Err(error) => {
                    if let Some(table) = self.packs.salvage(&name, size, &error, monitor)? {
                        take(name, table);
                    }
                }
            }
        }
        // In a bucket that is no warning: the owner removes packs that nothing needs.
        for name in gone.iter().filter(|_| !self.is_of_bucket()) {
            monitor.warn(StoreWarning::PackGone(name).into());
        }
        if !(add.is_empty() && gone.is_empty()) {
            self.index
                .with(monitor, |index| index.change_packs(&add, &gone))?;
        }
        Ok(objects)
    }

    /// Tells the summaries which packs are listed, and which of them no summary has. Returns the rows that summaries
    /// have and the index lacks.
    fn note_for_summaries(
        &self,
        told: &Arc<Told>,
        there: &[(String, Option<u64>)],
        rows: &[PackRow],
        looked: &[Looked],
    ) -> Vec<PackRow> {
        if !self.storage.is_far() {
            return Vec::new();
        }
        let rows: HashMap<&str, &PackRow> = rows.iter().map(|row| (&*row.name, row)).collect();
        let of_told: HashMap<&str, &PackRow> = told.packs().map(|row| (&*row.name, row)).collect();
        let read = looked.iter().filter_map(|one| match &one.table {
            Ok((_, Some(tail))) => Some((&*one.name, one.size, tail)),
            _ => None,
        });
        let read: HashMap<&str, PackRow> = read
            .map(|(name, size, tail)| {
                let (own, tail) = (name.to_owned(), tail.clone());
                (
                    name,
                    PackRow {
                        name: own,
                        size,
                        tail,
                    },
                )
            })
            .collect();
        let names = || there.iter().map(|(name, _)| name.as_str());
        let new = |name: &&str| !of_told.contains_key(name);
        let untold = names().filter(new);
        let untold: Option<Vec<PackRow>> = untold
            .map(|name| read.get(name).or(rows.get(name).copied()).cloned())
            .collect();
        match untold {
            Some(untold) => {
                let packs = names().map(str::to_owned).collect();
                self.summaries.note_listed(told, packs, untold);
            }
            None => self.summaries.note_blind(),
        }
        let lacks = |name: &&str| !rows.contains_key(name) && !read.contains_key(name);
        let add = names().filter(lacks).filter_map(|name| of_told.get(name));
        add.map(|row| (*row).clone()).collect()
    }

    /// Looks at listed packs, of which rows may be known. Of two rows of one name the later one counts.
    fn tables_of<'r>(
        &self,
        there: &[(String, Option<u64>)],
        without: &BTreeSet<String>,
        rows: impl Iterator<Item = &'r PackRow>,
    ) -> Result<Vec<Looked>, Error> {
        let known: HashMap<&str, &PackRow> = rows.map(|row| (row.name.as_str(), row)).collect();
        let row = |name: &str| known.get(name).copied();
        let look = || {
            let each = there.par_iter().filter(|(name, _)| !without.contains(name));
            let each = each.map(|(name, size)| self.table_of(name, *size, row(name)));
            each.filter_map(Result::transpose).collect()
        };
        self.packs.at_once(look)
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
        // Where the listing tells the size, the footer is not asked for: a request for each pack would take long, and
        // whatever the row leads to is checked.
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

    /// Whether a pack is as long as its row says and has the footer of the row, which guards all of the table. An index
    /// may be damaged, or lie.
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

    /// Makes finished packs known to the index, durably, and to this process. The index gives up those of `drop`.
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
        self.summaries.note_packs(&rows);
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
        flaws.extend(self.summary_flaws()?);
        Ok(flaws)
    }

    /// The same of summaries.
    fn summary_flaws(&self) -> Result<Vec<(String, Flaw)>, Error> {
        let told = self.summaries.told();
        let mut flaws = Vec::new();
        if told.is_empty() {
            return Ok(flaws);
        }
        let listed = self.packs.list()?.into_iter();
        let sizes: BTreeMap<String, u64> = listed.map(|pack| (pack.name, pack.size)).collect();
        for (file, row) in told.packs_with_files() {
            // What is gone was removed since.
            let Some(size) = sizes.get(&row.name) else {
                continue;
            };
            let read = self.packs.read_table(&row.name, *size);
            if *size != row.size || read.is_ok_and(|(_, tail)| tail != row.tail) {
                let what = "has another table of a pack than it has";
                let flaw = Flaw {
                    file: format!("summaries/{file}"),
                    offset: None,
                    what: format!("{what} ({})", short(&row.name)),
                };
                flaws.push((row.name.clone(), flaw));
            }
        }
        Ok(flaws)
    }

    /// Makes the index anew from the packs, whatever it holds now. The log stays as far as it can be read; the stat
    /// caches are lost, and the next saves read everything once.
    pub(crate) fn rebuild_index(&self, monitor: &dyn Monitor) -> Result<Rebuilt, Error> {
        let log = self.index.rebuild(monitor)?;
        self.objects.forget_all();
        self.summaries.remove_all();
        self.snapshots.catalog()?;
        self.load_all(monitor)?;
        self.snapshots.summarize();
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
