//! The truth's one door to storage: put, get, get a range, list, delete. Everything here is immutable and named by content.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::fs::{Mode, OFlags};

use crate::disk::PathError;
use crate::disk::atomic::{self, Temp};
use crate::disk::error::At;
use crate::disk::remove::remove_tree;
use crate::disk::rooted::{Rooted, os};

/// The kinds of files that are the truth.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Area {
    /// `packs/`
    Packs,
    /// `snapshots/`
    Snapshots,
    /// `pins/`
    Pins,
    /// `forgotten/`: snapshot files that can still be brought back; made when first needed.
    Forgotten,
    /// `quarantine/`: what is beyond repair; made when first needed.
    Quarantine,
    /// `roll/`: which snapshot files there should be; made when first needed.
    Roll,
    /// `suspects/`: marks of packs that were found damaged; made when first needed.
    Suspects,
}

/// How many packs are kept open.
const OPEN_MAX: usize = 64;

/// The directories of a store.
#[derive(Debug)]
pub(crate) struct Files {
    top: Rooted,
    packs: Rooted,
    snapshots: Rooted,
    pins: Rooted,
    tmp: Rooted,
    forgotten: OnceLock<Rooted>,
    quarantine: OnceLock<Rooted>,
    roll: OnceLock<Rooted>,
    suspects: OnceLock<Rooted>,
    open: Mutex<HashMap<String, Arc<File>>>,
}

impl Files {
    /// The names of the directories inside a store.
    pub(crate) const DIRS: [&'static str; 4] = ["packs", "snapshots", "pins", "tmp"];

    /// Opens the directories.
    pub(crate) fn open(path: &Path) -> Result<Self, PathError> {
        Self::within(Rooted::open(path)?)
    }

    /// Opens the directories of a store that is held open. None of them may be a link, and each is its owner's alone.
    pub(crate) fn within(top: Rooted) -> Result<Self, PathError> {
        let dir = |name: &str| private(&top, top.enter(name.as_bytes())?);
        // Tools that copy a store may leave out what is empty.
        let may_be_empty = |name: &str| match dir(name) {
            Err(error) if error.is_missing() && top.may_write() => {
                atomic::make_private_below(&top, &error.path)?;
                dir(name)
            }
            done => done,
        };
        let [packs, snapshots, pins, tmp] = Self::DIRS;
        Ok(Self {
            packs: dir(packs)?,
            snapshots: dir(snapshots)?,
            pins: may_be_empty(pins)?,
            tmp: may_be_empty(tmp)?,
            top,
            forgotten: OnceLock::new(),
            quarantine: OnceLock::new(),
            roll: OnceLock::new(),
            suspects: OnceLock::new(),
            open: Mutex::default(),
        })
    }

    /// The store's own directory.
    pub(crate) fn top(&self) -> &Rooted {
        &self.top
    }

    /// The directory of an area. One that is made when first needed may not be there.
    fn dir(&self, area: Area) -> Result<&Rooted, PathError> {
        let (slot, name) = match area {
            Area::Packs => return Ok(&self.packs),
            Area::Snapshots => return Ok(&self.snapshots),
            Area::Pins => return Ok(&self.pins),
            Area::Forgotten => (&self.forgotten, "forgotten"),
            Area::Quarantine => (&self.quarantine, "quarantine"),
            Area::Roll => (&self.roll, "roll"),
            Area::Suspects => (&self.suspects, "suspects"),
        };
        if let Some(dir) = slot.get() {
            return Ok(dir);
        }
        let dir = private(&self.top, self.top.enter(name.as_bytes())?)?;
        Ok(slot.get_or_init(|| dir))
    }

    /// The same, made if it is not there.
    fn dir_made(&self, area: Area) -> Result<&Rooted, PathError> {
        match self.dir(area) {
            Err(error) if error.is_missing() => {
                atomic::make_private_below(&self.top, &error.path)?;
                self.dir(area)
            }
            done => done,
        }
    }

    /// Begins a file whose name is known only when it is complete.
    pub(crate) fn begin(&self) -> Result<Temp<'_>, PathError> {
        Temp::create(&self.tmp)
    }

    /// Makes a file durable under its name, which is that of its content: a file of that name with other content is damaged, and
    /// gives way.
    pub(crate) fn publish(&self, temp: Temp<'_>, area: Area, name: &str) -> Result<(), PathError> {
        let dir = self.dir_made(area)?;
        if temp.is_other(dir, name) {
            return self.publish_over(temp, area, name);
        }
        temp.publish(dir, name)
    }

    /// The same, in place of a file of that name that may not be what its name says.
    pub(crate) fn publish_over(
        &self,
        temp: Temp<'_>,
        area: Area,
        name: &str,
    ) -> Result<(), PathError> {
        temp.replace(self.dir(area)?, name)?;
        // Whoever opened the old one meanwhile may have kept it.
        self.close(name);
        Ok(())
    }

    /// Writes the file that makes a directory a store: the last step of its creation.
    pub(crate) fn put_header(&self, name: &str, content: &[u8]) -> Result<(), PathError> {
        let mut temp = self.begin()?;
        temp.write(content)?;
        temp.publish(&self.top, name)
    }

    /// The same in place of a header that is damaged or lost.
    pub(crate) fn put_header_over(&self, name: &str, content: &[u8]) -> Result<(), PathError> {
        let mut temp = self.begin()?;
        temp.write(content)?;
        temp.replace(&self.top, name)
    }

    /// Writes a small file whole.
    pub(crate) fn put(&self, area: Area, name: &str, content: &[u8]) -> Result<(), PathError> {
        let mut temp = self.begin()?;
        temp.write(content)?;
        self.publish(temp, area, name)
    }

    /// Makes an empty file, unless it is there already.
    pub(crate) fn mark(&self, area: Area, name: &str) -> Result<(), PathError> {
        atomic::make_empty(self.dir_made(area)?, name)
    }

    /// Writes a small file whole in place of one of the same name that is not what its name says.
    pub(crate) fn replace(&self, area: Area, name: &str, content: &[u8]) -> Result<(), PathError> {
        let mut temp = self.begin()?;
        temp.write(content)?;
        self.publish_over(temp, area, name)
    }

    /// Forgets that a pack is open: it is about to go.
    fn close(&self, name: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(name);
    }

    fn file(&self, area: Area, name: &str) -> Result<Arc<File>, PathError> {
        if area != Area::Packs {
            return Ok(Arc::new(open_file(self.dir(area)?, name)?));
        }
        let open = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open().get(name) {
            return Ok(Arc::clone(file));
        }
        // Without the lock: others need not wait for the disk.
        let file = Arc::new(open_file(self.dir(area)?, name)?);
        let mut open = open();
        if open.len() >= OPEN_MAX {
            open.clear();
        }
        open.insert(name.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// Reads what a file holds from `offset` on, as far as there is room for it. Returns how much that is. The file is not kept open.
    pub(crate) fn peek(
        &self,
        area: Area,
        name: &str,
        offset: u64,
        room: &mut [u8],
    ) -> Result<usize, PathError> {
        let dir = self.dir(area)?;
        let read = open_file(dir, name)?.read_at(room, offset);
        read.at_with("read", || dir.path().join(name))
    }

    /// The length of a file; none where it is gone.
    pub(crate) fn size(&self, area: Area, name: &str) -> Result<Option<u64>, PathError> {
        let stat = self.dir(area)?.stat_name(name.as_bytes())?;
        Ok(stat.map(|stat| stat.size))
    }

    /// Reads a whole file of at most `max` bytes.
    pub(crate) fn get(&self, area: Area, name: &str, max: u64) -> Result<Vec<u8>, PathError> {
        let dir = self.dir(area)?;
        let path = || dir.path().join(name);
        let file = self.file(area, name)?;
        let size = file.metadata().at_with("stat", path)?.len();
        if size > max {
            let error = std::io::Error::from(std::io::ErrorKind::FileTooLarge);
            return Err(error).at_with("read", path);
        }
        let mut bytes = vec![0; size as usize];
        file.read_exact_at(&mut bytes, 0).at_with("read", path)?;
        Ok(bytes)
    }

    /// Reads `len` bytes at `offset`.
    pub(crate) fn range(
        &self,
        area: Area,
        name: &str,
        offset: u64,
        len: usize,
    ) -> Result<Vec<u8>, PathError> {
        let dir = self.dir(area)?;
        let mut bytes = vec![0; len];
        self.file(area, name)?
            .read_exact_at(&mut bytes, offset)
            .at_with("read", || dir.path().join(name))?;
        Ok(bytes)
    }

    /// All names with their sizes, sorted.
    pub(crate) fn list(&self, area: Area) -> Result<Vec<(String, u64)>, PathError> {
        let mut found = Vec::new();
        for name in self.names(area)? {
            if let Some(size) = self.size(area, &name)? {
                found.push((name, size));
            }
        }
        Ok(found)
    }

    /// All names, sorted.
    pub(crate) fn names(&self, area: Area) -> Result<Vec<String>, PathError> {
        let dir = match self.dir(area) {
            Err(error) if error.is_absent() => return Ok(Vec::new()),
            dir => dir?,
        };
        let mut names: Vec<_> = dir
            .names()?
            .into_iter()
            .filter_map(|name| String::from_utf8(name).ok())
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Removes files durably.
    pub(crate) fn delete(&self, area: Area, names: &[String]) -> Result<(), PathError> {
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            self.close(name);
        }
        atomic::remove(self.dir(area)?, names)
    }

    /// Moves files to another area durably, where their names begin with `prefix`; their modification time becomes that of the move.
    /// Nothing relies on this being one step: storage that cannot rename may copy and then delete.
    pub(crate) fn shift(
        &self,
        names: &[String],
        from: Area,
        to: Area,
        prefix: &str,
    ) -> Result<(), PathError> {
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            self.close(name);
        }
        atomic::shift(self.dir(from)?, self.dir_made(to)?, names, prefix)
    }

    /// When a file was written or moved, in seconds since 1970.
    pub(crate) fn written(&self, area: Area, name: &str) -> Result<i64, PathError> {
        let dir = self.dir(area)?;
        let stat = dir.stat_name(name.as_bytes())?;
        Ok(stat.map_or(0, |stat| stat.mtime.secs))
    }

    /// Whether no writer is at work and none was interrupted.
    pub(crate) fn tmp_is_empty(&self) -> Result<bool, PathError> {
        Ok(self.tmp.names()?.is_empty())
    }

    /// Removes what interrupted writers left. Only for who holds the store alone.
    pub(crate) fn clear_tmp(&self) -> Result<usize, PathError> {
        let names = self.tmp.names()?;
        for name in &names {
            remove_tree(&self.tmp, name)?;
        }
        Ok(names.len())
    }

    /// Opens a file in the store's own directory for locking.
    pub(crate) fn lock_file(&self, name: &str) -> Result<File, PathError> {
        let path = self.top.path().join(name);
        let file = open_file(&self.top, name)?;
        if !file.metadata().at("stat", &path)?.is_file() {
            return Err(std::io::Error::other("it is no regular file")).at("use", &path);
        }
        Ok(file)
    }
}

/// Opens a file of the store for reading, whatever stands there, without following a link or waiting for a pipe.
fn open_file(dir: &Rooted, name: &str) -> Result<File, PathError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(dir.fd(), os(name.as_bytes()), flags, Mode::empty())
        .at_with("open", || dir.path().join(name))
        .map(File::from)
}

/// Reads a small file that stands in the store's own directory, if it is one.
pub(crate) fn read_top(top: &Rooted, name: &str, max: u64) -> Result<Vec<u8>, PathError> {
    let path = top.path().join(name);
    let file = open_file(top, name)?;
    let meta = file.metadata().at("stat", &path)?;
    if !meta.is_file() || meta.len() > max {
        return Err(std::io::Error::other("it is no small regular file")).at("read", &path);
    }
    let mut bytes = vec![0; meta.len() as usize];
    file.read_exact_at(&mut bytes, 0).at("read", &path)?;
    Ok(bytes)
}

/// A directory of the store that belongs to somebody else than the store, or in which others may write, could hold anything.
fn private(top: &Rooted, dir: Rooted) -> Result<Rooted, PathError> {
    let (own, stat) = (top.stat()?, dir.stat()?);
    if stat.uid != own.uid || stat.mode & 0o022 != 0 {
        let why = "it belongs to somebody else, or others may write in it";
        return Err(std::io::Error::other(why)).at("trust", dir.path());
    }
    Ok(dir)
}
