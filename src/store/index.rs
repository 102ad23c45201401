//! The index: a `SQLite` database that makes things fast and may be lost at any time (promise 6).
//!
//! It holds the very bytes of each pack's table, so a row is checked as the pack itself is. Beside them it holds the
//! stat cache of each venv and the log of operations. WAL with synchronous=FULL: weaker settings lose acknowledged
//! commits.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::unusable::{IndexFlaw, Unusable};
use crate::disk::network::network;
use crate::disk::rooted::Rooted;
use crate::model::Digest;

/// What `PRAGMA user_version` says in an index of this schema.
const SCHEMA_VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE packs (name TEXT PRIMARY KEY, size INTEGER NOT NULL, tail BLOB NOT NULL) STRICT;
    CREATE TABLE stat_cache (venv TEXT PRIMARY KEY, body BLOB NOT NULL, digest BLOB NOT NULL) STRICT;
    CREATE TABLE log (number INTEGER PRIMARY KEY, event TEXT NOT NULL) STRICT;
";

/// The rollback journal, which `SQLite` writes where there is no write-ahead log (WAL).
const JOURNAL: &str = "-journal";
/// What is put behind the name of a database for its files.
const FILES: [&str; 4] = ["", "-wal", "-shm", JOURNAL];
/// A new index until it takes the place of the old one.
const ASIDE: &str = "index.db.new";

/// A pack as the index knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PackRow {
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Table and footer of the pack.
    pub(crate) tail: Vec<u8>,
}

/// An open index.
#[derive(Debug)]
pub(crate) struct Index {
    connection: Connection,
}

impl Index {
    /// The database's name inside the store.
    pub(crate) const NAME: &'static str = "index.db";

    /// Opens the index of a store.
    pub(crate) fn open(store: &Path, busy: Duration) -> Result<Self, Unusable> {
        let path = store.join(Self::NAME);
        for (suffix, needed) in [
            ("", true),
            ("-wal", false),
            ("-shm", false),
            (JOURNAL, false),
        ] {
            // SQLite follows a link in the place of any of them, and writes where it leads.
            match std::fs::symlink_metadata(store.join(format!("{}{suffix}", Self::NAME))) {
                Ok(meta) if meta.is_file() && meta.nlink() == 1 => {}
                Ok(_) => return Err(Unusable::Damaged(IndexFlaw::NoFile)),
                Err(_) if needed => return Err(Unusable::Absent),
                Err(_) => {}
            }
        }
        // With a write-ahead log there never is a journal. One that somebody put there could name any file, which
        // SQLite would delete.
        if is_local(store) && store.join(format!("{}{JOURNAL}", Self::NAME)).exists() {
            return Err(Unusable::Damaged(IndexFlaw::Journal));
        }
        let index = Self::connect(&path, busy)?;
        let version: i64 = index
            .connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version != SCHEMA_VERSION {
            return Err(Unusable::Damaged(IndexFlaw::Version(version)));
        }
        index.check_schema()?;
        Ok(index)
    }

    /// Checks that the index holds our tables and nothing else: a view or a trigger of the same name could do anything,
    /// and without an end.
    fn check_schema(&self) -> Result<(), Unusable> {
        let foreign = || Unusable::Damaged(IndexFlaw::Schema);
        let mut query = self.connection.prepare(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid LIMIT 10",
        )?;
        let rows = query.query_map([], |row| row.get::<_, String>(0))?;
        let found: Vec<String> = rows.collect::<Result<_, _>>()?;
        let ours = SCHEMA.split(';').map(str::trim);
        let ours = ours.filter(|sql| !sql.is_empty());
        if !found.iter().map(String::as_str).eq(ours) {
            return Err(foreign());
        }
        let automatic = "SELECT count(*) FROM sqlite_schema WHERE sql IS NULL AND type = 'index'";
        let automatic: i64 = self.connection.query_row(automatic, [], |row| row.get(0))?;
        let all = "SELECT count(*) FROM sqlite_schema";
        let all: i64 = self.connection.query_row(all, [], |row| row.get(0))?;
        if automatic + found.len() as i64 == all {
            Ok(())
        } else {
            Err(foreign())
        }
    }

    /// Makes a new index with such a log in place of whatever is there. It is made aside: where it cannot be made, the
    /// old one stays, with its log.
    pub(crate) fn create(store: &Path, busy: Duration, log: &[String]) -> Result<Self, Unusable> {
        let made = Self::make_aside(store, busy, log);
        if made.is_err() {
            let _ = remove(store, ASIDE, &FILES);
        }
        made?;
        // The files beside it belong to the old index.
        remove(store, Self::NAME, &FILES[1..])?;
        let path = store.join(Self::NAME);
        std::fs::rename(store.join(ASIDE), &path).map_err(|error| cannot_remove(&error))?;
        Self::connect(&path, busy)
    }

    fn make_aside(store: &Path, busy: Duration, log: &[String]) -> Result<(), Unusable> {
        remove(store, ASIDE, &FILES)?;
        // SQLite would make the file as the umask says. Its other files take their mode from this one.
        let path = store.join(ASIDE);
        let private = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        // The umask may have taken bits from the mode.
        let mode = Permissions::from_mode(0o600);
        if private.and_then(|file| file.set_permissions(mode)).is_err() {
            return Err(Unusable::ReadOnly);
        }
        // The last connection that is closed removes the other files, so that one file is left to be renamed.
        let mut index = Self::connect(&path, busy)?;
        let change = index.connection.transaction()?;
        change.execute_batch(SCHEMA)?;
        for event in log {
            change.execute("INSERT INTO log (event) VALUES (?1)", [event])?;
        }
        change.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        Ok(change.commit()?)
    }

    fn connect(path: &PathBuf, busy: Duration) -> Result<Self, Unusable> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(busy)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        for (name, value) in [
            ("mmap_size", "0"),
            ("trusted_schema", "OFF"),
            ("cell_size_check", "ON"),
            ("synchronous", "FULL"),
        ] {
            connection.pragma_update(None, name, value)?;
        }
        // WAL needs memory that all processes share, which no network file system gives; a rollback journal that is
        // cut short does without.
        let local = path.parent().is_none_or(is_local);
        let journal = if local { "WAL" } else { "TRUNCATE" };
        connection.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(()))?;
        Ok(Self { connection })
    }

    /// All packs.
    pub(crate) fn packs(&self) -> Result<Vec<PackRow>, Unusable> {
        let mut query = self
            .connection
            .prepare("SELECT rowid, name, size, tail FROM packs ORDER BY rowid")?;
        let rows = query.query_map([], |row| {
            let pack = PackRow {
                name: row.get(1)?,
                size: row.get::<_, i64>(2)? as u64,
                tail: row.get(3)?,
            };
            Ok((row.get(0)?, pack))
        })?;
        ascending(rows)
    }

    /// Adds and drops packs in one durable transaction.
    pub(crate) fn change_packs(
        &mut self,
        add: &[PackRow],
        drop: &[String],
    ) -> Result<(), Unusable> {
        let change = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for name in drop {
            change.execute("DELETE FROM packs WHERE name = ?1", [name])?;
        }
        for row in add {
            change.execute(
                "INSERT OR REPLACE INTO packs VALUES (?1, ?2, ?3)",
                params![row.name, row.size as i64, row.tail],
            )?;
        }
        Ok(change.commit()?)
    }

    /// The stat cache of a venv; none where there is none or it is damaged.
    pub(crate) fn stat_cache(&self, venv: &str) -> Result<Option<Vec<u8>>, Unusable> {
        let query = "SELECT body, digest FROM stat_cache WHERE venv = ?1";
        let row =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?));
        let found = self.connection.query_row(query, [venv], row).optional()?;
        Ok(found.and_then(|(body, digest)| {
            (cache_digest(venv, &body).as_bytes()[..] == digest[..]).then_some(body)
        }))
    }

    /// Replaces stat caches of venvs, and what else is kept by a key, in one durable transaction.
    pub(crate) fn set_stat_caches(&mut self, rows: &[(&str, &[u8])]) -> Result<(), Unusable> {
        let change = self.connection.transaction()?;
        for (venv, body) in rows {
            let digest = cache_digest(venv, body);
            change.execute(
                "INSERT OR REPLACE INTO stat_cache VALUES (?1, ?2, ?3)",
                params![venv, body, &digest.as_bytes()[..]],
            )?;
        }
        Ok(change.commit()?)
    }

    /// Appends to the log.
    pub(crate) fn append_log(&mut self, event: &str) -> Result<(), Unusable> {
        self.connection
            .execute("INSERT INTO log (event) VALUES (?1)", [event])?;
        Ok(())
    }

    /// What can still be read of the log of an index that is to be made anew, and whether that is all of it. Nothing is
    /// known of one that could not be looked at.
    pub(crate) fn salvage_log(
        store: &Path,
        busy: Duration,
    ) -> Result<(Vec<String>, bool), Unusable> {
        let mut events = Vec::new();
        let read = Self::open(store, busy).and_then(|index| index.read_log(&mut events));
        // SQLite says "cannot open" also where this process lacks descriptors, so the file itself is tried.
        let is_shut = || {
            let opened = std::fs::File::open(store.join(Self::NAME));
            opened.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
        };
        match read {
            Err(Unusable::Failed(error)) => Err(Unusable::Failed(error)),
            Err(Unusable::ReadOnly) if !is_shut() => Err(Unusable::ReadOnly),
            read => Ok((events, read.is_ok())),
        }
    }

    /// The log, oldest first.
    pub(crate) fn log(&self) -> Result<Vec<String>, Unusable> {
        let mut events = Vec::new();
        self.read_log(&mut events)?;
        Ok(events)
    }

    /// Reads the log into a list, which holds what came before a damage.
    fn read_log(&self, events: &mut Vec<String>) -> Result<(), Unusable> {
        let mut query = self
            .connection
            .prepare("SELECT number, event FROM log ORDER BY number")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        each_ascending(rows, |event| events.push(event))
    }
}

/// Removes files that belong to one database.
fn remove(store: &Path, name: &str, suffixes: &[&str]) -> Result<(), Unusable> {
    for suffix in suffixes {
        match std::fs::remove_file(store.join(format!("{name}{suffix}"))) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            done => done.map_err(|error| cannot_remove(&error))?,
        }
    }
    Ok(())
}

fn cannot_remove(error: &std::io::Error) -> Unusable {
    match error.kind() {
        std::io::ErrorKind::IsADirectory => Unusable::Damaged(IndexFlaw::Directory),
        _ => Unusable::ReadOnly,
    }
}

/// The rows of a table by their numbers, which ascend. In a database that was made to harm, pages name each other in
/// circles and rows come again without an end.
fn ascending<T>(
    rows: impl Iterator<Item = rusqlite::Result<(i64, T)>>,
) -> Result<Vec<T>, Unusable> {
    let mut all = Vec::new();
    each_ascending(rows, |value| all.push(value))?;
    Ok(all)
}

fn each_ascending<T>(
    rows: impl Iterator<Item = rusqlite::Result<(i64, T)>>,
    mut take: impl FnMut(T),
) -> Result<(), Unusable> {
    let mut last = None;
    for row in rows {
        let (number, value) = row?;
        if last.is_some_and(|last| number <= last) {
            return Err(Unusable::Damaged(IndexFlaw::Rows));
        }
        last = Some(number);
        take(value);
    }
    Ok(())
}

fn is_local(dir: &Path) -> bool {
    // An error on opening says nothing of where the directory lies.
    Rooted::open(dir).map_or(true, |dir| matches!(network(&dir), Ok(None)))
}

/// A wrong digest in a stat cache would end in a wrong snapshot, so the cache is checked whole, together with its venv.
fn cache_digest(venv: &str, body: &[u8]) -> Digest {
    Digest::of(&[venv.as_bytes(), &[0], body].concat())
}
