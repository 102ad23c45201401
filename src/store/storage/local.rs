//! Storage in a directory of this host: a draft is a file in `tmp/`, and its name comes by a rename.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, OnceLock};

use rustix::fs::{Mode, OFlags};

use super::open_packs::OpenPacks;
use super::{Area, Draft, Listed, Over, Storage};
use crate::disk::PathError;
use crate::disk::atomic::{self, Temp};
use crate::disk::error::At;
use crate::disk::remove::remove_tree;
use crate::disk::rooted::{Rooted, os};

/// A store that lies in a directory of this host.
#[derive(Debug)]
pub(crate) struct LocalStorage {
    top: Arc<Rooted>,
    packs: OnceLock<Rooted>,
    snapshots: OnceLock<Rooted>,
    pins: OnceLock<Rooted>,
    tmp: OnceLock<Rooted>,
    forgotten: OnceLock<Rooted>,
    quarantine: OnceLock<Rooted>,
    roll: OnceLock<Rooted>,
    suspects: OnceLock<Rooted>,
    tombstones: OnceLock<Rooted>,
    hosts: OnceLock<Rooted>,
    summaries: OnceLock<Rooted>,
    open: OpenPacks,
}

/// The directory of drafts.
const TMP: &str = "tmp";

impl LocalStorage {
    /// The names of the directories that every store has.
    pub(crate) const DIRS: [&'static str; 4] = ["packs", "snapshots", "pins", TMP];

    /// The storage in a directory, of which nothing is looked at yet.
    pub(crate) fn new(top: Arc<Rooted>) -> Self {
        Self {
            top,
            packs: OnceLock::new(),
            snapshots: OnceLock::new(),
            pins: OnceLock::new(),
            tmp: OnceLock::new(),
            forgotten: OnceLock::new(),
            quarantine: OnceLock::new(),
            roll: OnceLock::new(),
            suspects: OnceLock::new(),
            tombstones: OnceLock::new(),
            hosts: OnceLock::new(),
            summaries: OnceLock::new(),
            open: OpenPacks::default(),
        }
    }

    /// The directory of an area. One that is made when first needed may not be there.
    fn dir(&self, area: Area) -> Result<&Rooted, PathError> {
        let slot = match area {
            Area::Top => return Ok(&self.top),
            Area::Packs => &self.packs,
            Area::Snapshots => &self.snapshots,
            Area::Pins => &self.pins,
            Area::Forgotten => &self.forgotten,
            Area::Quarantine => &self.quarantine,
            Area::Roll => &self.roll,
            Area::Suspects => &self.suspects,
            Area::Tombstones => &self.tombstones,
            Area::Hosts => &self.hosts,
            Area::Summaries => &self.summaries,
        };
        self.enter(slot, area.dir())
    }

    fn enter<'s>(
        &'s self,
        slot: &'s OnceLock<Rooted>,
        name: &str,
    ) -> Result<&'s Rooted, PathError> {
        if let Some(dir) = slot.get() {
            return Ok(dir);
        }
        let dir = private(&self.top, self.top.enter(name.as_bytes())?)?;
        Ok(slot.get_or_init(|| dir))
    }

    fn tmp(&self) -> Result<&Rooted, PathError> {
        self.enter(&self.tmp, TMP)
    }

    /// The directory of an area, made if it is not there.
    fn dir_made(&self, area: Area) -> Result<&Rooted, PathError> {
        match self.dir(area) {
            Err(error) if error.is_missing() => {
                atomic::make_private_below(&self.top, &error.path)?;
                self.dir(area)
            }
            done => done,
        }
    }

    fn file(&self, area: Area, name: &str) -> Result<Arc<File>, PathError> {
        if area != Area::Packs {
            return Ok(Arc::new(open_file(self.dir(area)?, name)?));
        }
        let dir = self.dir(area)?;
        self.open.get(name, || open_file(dir, name))
    }
}

/// A file in `tmp/`.
struct LocalDraft<'s> {
    storage: &'s LocalStorage,
    temp: Temp<'s>,
}

impl Draft for LocalDraft<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PathError> {
        self.temp.write(bytes)
    }

    fn publish(self: Box<Self>, area: Area, name: &str, over: Over) -> Result<(), PathError> {
        let Self { storage, temp } = *self;
        let dir = storage.dir_made(area)?;
        let stays = match over {
            Over::Nothing => true,
            Over::Damaged => !temp.is_other(dir, name),
            Over::Any => false,
        };
        if stays {
            return temp.publish(dir, name);
        }
        temp.replace(dir, name)?;
        // Whoever opened the old one meanwhile may have kept it.
        storage.open.close(name);
        Ok(())
    }
}

impl Storage for LocalStorage {
    /// Opens the directories. None of them may be a link, and each is its owner's alone.
    fn prepare(&self) -> Result<(), PathError> {
        self.dir(Area::Packs)?;
        self.dir(Area::Snapshots)?;
        // Tools that copy a store may leave out what is empty.
        for (slot, name) in [(&self.pins, "pins"), (&self.tmp, TMP)] {
            match self.enter(slot, name) {
                Err(error) if error.is_missing() && self.top.may_write() => {
                    atomic::make_private_below(&self.top, &error.path)?;
                    self.enter(slot, name)?;
                }
                done => {
                    done?;
                }
            }
        }
        Ok(())
    }

    fn begin(&self) -> Result<Box<dyn Draft + '_>, PathError> {
        let temp = Temp::create(self.tmp()?)?;
        Ok(Box::new(LocalDraft {
            storage: self,
            temp,
        }))
    }

    fn get(&self, area: Area, name: &str, max: u64) -> Result<Vec<u8>, PathError> {
        let dir = self.dir(area)?;
        let path = || dir.path().join(name);
        let file = self.file(area, name)?;
        let meta = file.metadata().at_with("stat", path)?;
        // The header decides how all else is read, and so is no pipe and no device.
        if area == Area::Top && (!meta.is_file() || meta.len() > max) {
            let error = std::io::Error::other("it is no small regular file");
            return Err(error).at_with("read", path);
        }
        if meta.len() > max {
            let error = std::io::Error::from(std::io::ErrorKind::FileTooLarge);
            return Err(error).at_with("read", path);
        }
        let mut bytes = vec![0; meta.len() as usize];
        file.read_exact_at(&mut bytes, 0).at_with("read", path)?;
        Ok(bytes)
    }

    fn range(&self, area: Area, name: &str, offset: u64, len: usize) -> Result<Vec<u8>, PathError> {
        let dir = self.dir(area)?;
        let mut bytes = vec![0; len];
        self.file(area, name)?
            .read_exact_at(&mut bytes, offset)
            .at_with("read", || dir.path().join(name))?;
        Ok(bytes)
    }

    fn peek(
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

    fn stat(&self, area: Area, name: &str) -> Result<Option<Listed>, PathError> {
        let dir = match self.dir(area) {
            Err(error) if error.is_absent() => return Ok(None),
            dir => dir?,
        };
        let stat = dir.stat_name(name.as_bytes())?;
        Ok(stat.map(|stat| Listed {
            name: name.to_owned(),
            size: stat.size,
            written: stat.mtime.secs,
        }))
    }

    fn names(&self, area: Area) -> Result<Vec<String>, PathError> {
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

    fn delete(&self, area: Area, names: &[String]) -> Result<(), PathError> {
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            self.open.close(name);
        }
        atomic::remove(self.dir(area)?, names)
    }

    fn is_laid_out(&self) -> Result<bool, PathError> {
        for area in [Area::Packs, Area::Snapshots] {
            let stat = self.top.stat_name(area.dir().as_bytes())?;
            if !stat.is_some_and(|stat| stat.is_dir()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn may_write(&self) -> bool {
        self.top.may_write()
    }

    fn has_no_drafts(&self) -> Result<bool, PathError> {
        Ok(self.tmp()?.names()?.is_empty())
    }

    fn clear_drafts(&self) -> Result<(), PathError> {
        let tmp = self.tmp()?;
        for name in tmp.names()? {
            remove_tree(tmp, &name)?;
        }
        Ok(())
    }

    /// Nothing is in an empty file that could be there in part, so it needs no draft.
    fn mark(&self, area: Area, name: &str) -> Result<(), PathError> {
        atomic::make_empty(self.dir_made(area)?, name)
    }

    /// A rename each, which takes no room.
    fn shift(&self, names: &[String], from: Area, to: Area, prefix: &str) -> Result<(), PathError> {
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            self.open.close(name);
        }
        atomic::shift(self.dir(from)?, self.dir_made(to)?, names, prefix)
    }
}

/// Opens a file of the store for reading, whatever stands there, without following a link or waiting for a pipe.
fn open_file(dir: &Rooted, name: &str) -> Result<File, PathError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(dir.fd(), os(name.as_bytes()), flags, Mode::empty())
        .at_with("open", || dir.path().join(name))
        .map(File::from)
}

/// A directory of the store that belongs to somebody else than the store, or in which others may write, could hold
/// anything.
fn private(top: &Rooted, dir: Rooted) -> Result<Rooted, PathError> {
    let (own, stat) = (top.stat()?, dir.stat()?);
    if stat.uid != own.uid || stat.mode & 0o022 != 0 {
        let why = "it belongs to somebody else, or others may write in it";
        return Err(std::io::Error::other(why)).at("trust", dir.path());
    }
    Ok(dir)
}
