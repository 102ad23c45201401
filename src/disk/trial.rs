//! What a file system really keeps of attributes: they are set on an inode of our own, which goes again, and read back.

use std::cell::Cell;

use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid, XattrFlags};
use rustix::io::{Errno, Result};

use super::error::{At, PathError};
use super::meta;
use super::rooted::Rooted;
use super::stat::Stat;
use super::walk::INSIDE;
use crate::model::{Meta, Time};

/// What the link that is tried leads to: nothing. Some file systems in user space hide links with an absolute path.
const NOWHERE: &str = "/.snap-restore-nowhere";

/// Which kind of inode is tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Kind {
    File,
    Dir,
    Link,
}

/// An inode that is there to be tried. No scan sees it.
pub(crate) struct Trial<'a> {
    dir: &'a Rooted,
    kind: Kind,
    name: Vec<u8>,
    /// Whether what is set on a link is set on what it leads to, as some network file systems do.
    follows: Cell<bool>,
}

impl<'a> Trial<'a> {
    /// Makes it in a directory, as one is made that shall get such attributes.
    pub(crate) fn new(
        dir: &'a Rooted,
        kind: Kind,
        meta: &Meta,
    ) -> std::result::Result<Self, PathError> {
        let name = format!("{INSIDE}-trial").into_bytes();
        let follows = Cell::new(false);
        let trial = Self {
            dir,
            kind,
            name,
            follows,
        };
        let mode = Mode::from_raw_mode(first_mode(meta));
        let made = match trial.make(mode) {
            // A process that was killed here left it.
            Err(Errno::EXIST) => {
                let _ = trial.remove();
                trial.make(mode)
            }
            done => done,
        };
        made.at_with("create", || {
            trial.dir.path().join(super::rooted::os(&trial.name))
        })?;
        Ok(trial)
    }

    fn make(&self, mode: Mode) -> Result<()> {
        let name = self.name.as_slice();
        match self.kind {
            Kind::File => {
                let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW;
                rustix::fs::openat(self.dir.fd(), name, flags | OFlags::CLOEXEC, mode).map(drop)
            }
            Kind::Dir => rustix::fs::mkdirat(self.dir.fd(), name, Mode::from_raw_mode(0o700)),
            // The link leads nowhere, so that nothing is hurt where it is followed.
            Kind::Link => rustix::fs::symlinkat(NOWHERE, self.dir.fd(), name),
        }
    }

    /// Takes it away. No scan sees it, so nobody else would miss that it stays.
    pub(crate) fn end(self) -> std::result::Result<(), PathError> {
        self.remove().at_with("remove", || {
            self.dir.path().join(super::rooted::os(&self.name))
        })
    }

    fn remove(&self) -> Result<()> {
        let remove = |flags| match rustix::fs::unlinkat(self.dir.fd(), self.name.as_slice(), flags)
        {
            Err(Errno::NOENT) => Ok(()),
            done => done,
        };
        match remove(AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) => remove(AtFlags::REMOVEDIR),
            done => done,
        }
    }

    /// Sets attributes, and returns what came out. What is refused, also as an owner that only root may give, is not
    /// there; any other failure is an error.
    pub(crate) fn hold(&self, wanted: &Meta) -> std::result::Result<Meta, PathError> {
        let held = match self.kind {
            Kind::Link => self.hold_link(wanted),
            Kind::File | Kind::Dir => self.hold_open(wanted),
        };
        held.at("try the attributes of a file in", self.dir.path())
    }

    /// Whether attributes of links must not be set here.
    pub(crate) fn follows_links(&self) -> bool {
        self.follows.get()
    }

    /// Whether nobody can read the link that is there.
    pub(crate) fn hides_link(&self) -> bool {
        let read = rustix::fs::readlinkat(self.dir.fd(), self.name.as_slice(), Vec::new());
        matches!(read, Err(Errno::PERM | Errno::ACCESS))
    }

    fn allow_link(&self, done: Result<()>) -> Result<()> {
        if done == Err(Errno::NOENT) {
            self.follows.set(true);
            return Ok(());
        }
        allow(done)
    }

    /// Its state, to be asked before anything is set.
    pub(crate) fn stat(&self) -> std::result::Result<Stat, PathError> {
        Stat::at(self.dir.fd(), &self.name).at("stat", self.dir.path())
    }

    /// Sets the time alone, and returns what came out.
    pub(crate) fn hold_time(&self, time: Time) -> std::result::Result<Time, PathError> {
        let set = || -> Result<Time> {
            if self.kind == Kind::Link {
                self.allow_link(meta::set_link_time(self.dir.fd(), &self.name, time))?;
                return Ok(Stat::at(self.dir.fd(), &self.name)?.mtime);
            }
            let fd = self.open()?;
            allow(meta::set_times(&fd, time))?;
            Ok(Stat::of(&fd)?.mtime)
        };
        set().at("try the times of a file in", self.dir.path())
    }

    fn open(&self) -> Result<std::os::fd::OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(self.dir.fd(), self.name.as_slice(), flags, Mode::empty())
    }

    fn hold_open(&self, wanted: &Meta) -> Result<Meta> {
        let fd = self.open()?;
        meta::drop_inherited(&fd, wanted)?;
        let stat = Stat::of(&fd)?;
        if (stat.uid, stat.gid) != (wanted.uid, wanted.gid) {
            let (uid, gid) = (Uid::from_raw(wanted.uid), Gid::from_raw(wanted.gid));
            allow(rustix::fs::fchown(&fd, Some(uid), Some(gid)))?;
        }
        allow(rustix::fs::fchmod(&fd, Mode::from_raw_mode(wanted.mode)))?;
        let mut assumed = Vec::new();
        for (name, value) in &wanted.xattrs {
            let set = |value: &[u8]| {
                rustix::fs::fsetxattr(&fd, name.as_slice(), value, XattrFlags::empty())
            };
            match set(value) {
                // What is refused in this way does not come out. A security module refuses with the last error.
                Ok(()) | Err(Errno::RANGE | Errno::TOOBIG | Errno::ACCESS) => {}
                // Too much for an inode, if less of it has room.
                Err(Errno::NOSPC) if value.len() > 64 => set(&value[..1])
                    .and_then(|()| rustix::fs::fremovexattr(&fd, name.as_slice()))?,
                // That this user may not is no fault of the place: whoever asked for it is to be told.
                Err(Errno::PERM)
                    if meta::is_privileged(name) && !rustix::process::geteuid().is_root() =>
                {
                    assumed.push((name.clone(), value.clone()));
                }
                refused => allow(refused)?,
            }
        }
        allow(meta::set_times(&fd, wanted.mtime))?;
        let mut held = Stat::of(&fd)?.meta();
        held.xattrs = meta::read_xattrs(&fd)?;
        held.xattrs.extend(assumed);
        held.xattrs.sort();
        Ok(held)
    }

    fn hold_link(&self, wanted: &Meta) -> Result<Meta> {
        let stat = Stat::at(self.dir.fd(), &self.name)?;
        if (stat.uid, stat.gid) != (wanted.uid, wanted.gid) {
            let (uid, gid) = (Uid::from_raw(wanted.uid), Gid::from_raw(wanted.gid));
            let (dir, flags) = (self.dir.fd(), AtFlags::SYMLINK_NOFOLLOW);
            let name = self.name.as_slice();
            let done = rustix::fs::chownat(dir, name, Some(uid), Some(gid), flags);
            self.allow_link(done)?;
        }
        self.allow_link(meta::set_link_time(self.dir.fd(), &self.name, wanted.mtime))?;
        let held = Stat::at(self.dir.fd(), &self.name)?.meta();
        // A link has no mode, and no attributes that a restore sets.
        let mode = wanted.mode;
        Ok(Meta { mode, ..held })
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

/// With which mode a file is made that shall have others in the end: none that gives rights to whoever runs it.
pub(crate) fn first_mode(meta: &Meta) -> u32 {
    meta.mode & 0o777 | 0o600
}

/// Lets a refusal pass: what came out is looked at afterwards.
fn allow(done: Result<()>) -> Result<()> {
    match done {
        Err(error) if meta::is_refusal(error) => Ok(()),
        done => done,
    }
}
