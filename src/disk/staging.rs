//! The directory in which a new tree is built: private, beside its goal, and written only here.
//!
//! Its descriptor is opened before the first write, since `syncfs` reports a lost write only to those who had the file
//! system open when it was lost (reliability §0.4).

use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::error::{At, PathError};
use super::journal::Workplace;
use super::meta;
use super::rooted::Rooted;
use super::stat::Stat;
use crate::model::{Meta, RelPath, Special};

/// A run of zeros of this length in a large file is left as a hole.
const HOLE_LEN: usize = 64 * 1024;

/// A staging directory.
#[derive(Debug)]
pub(crate) struct Staging {
    root: Rooted,
    /// Who owns what is created here.
    owner: (u32, u32),
    no_reflink: AtomicBool,
}

impl Staging {
    /// Creates it, empty, for its owner only.
    pub(crate) fn create(work: &Workplace) -> Result<Self, PathError> {
        let name = work.staging();
        let shown = work.shown(&name);
        rustix::fs::mkdirat(work.dir.fd(), name.as_str(), Mode::from_raw_mode(0o700))
            .at("create directory", &shown)?;
        let root = work.dir.enter(name.as_bytes())?;
        // Who may write beside the venv could have put another directory in its place.
        if root.stat()?.uid != rustix::process::geteuid().as_raw() || !root.names()?.is_empty() {
            return Err(std::io::Error::other("somebody else replaced it"))
                .at("use directory", &shown);
        }
        // Whatever the umask; and a set-group-id bit of the parent would give everything inside another group.
        rustix::fs::fchmod(root.fd(), Mode::from_raw_mode(0o700)).at("set the mode of", &shown)?;
        let owner = (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        Ok(Self {
            root,
            owner,
            no_reflink: AtomicBool::new(false),
        })
    }

    /// Uses a directory that is about to be removed as a place to write single files in.
    pub(crate) fn within(root: Rooted) -> Self {
        let owner = (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        Self {
            root,
            owner,
            no_reflink: AtomicBool::new(true),
        }
    }

    /// Moves a finished file over one of another tree of the same file system.
    pub(crate) fn move_over(
        &self,
        from: &RelPath,
        to: &Rooted,
        path: &RelPath,
    ) -> Result<(), PathError> {
        let dir = to.open_below(
            &path.parent().unwrap_or_default(),
            OFlags::RDONLY | OFlags::DIRECTORY,
        )?;
        self.root
            .with_parent(from, false, |old, name| {
                rustix::fs::renameat(old, name, &dir, path.name())
            })
            .at("replace", &to.shown(path))
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Rooted {
        &self.root
    }

    /// Makes a directory that is settled later.
    pub(crate) fn make_dir(&self, path: &RelPath) -> Result<(), PathError> {
        let mode = Mode::from_raw_mode(0o700);
        self.root
            .with_parent(path, false, |dir, name| {
                rustix::fs::mkdirat(dir, name, mode)
            })
            .at("create directory", &self.root.shown(path))
    }

    /// Gives a directory its owner, mode and time. Last of all, from the leaves up: every new name inside changes its time.
    pub(crate) fn settle_dir(&self, path: &RelPath, meta: &Meta) -> Result<(), PathError> {
        let fd = self
            .root
            .open_below(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let current = if path.is_root() {
            None
        } else {
            Some(self.owner)
        };
        let current = current
            .map_or_else(|| Stat::of(&fd).map(|stat| (stat.uid, stat.gid)), Ok)
            .at("stat", &self.root.shown(path))?;
        meta::apply(&fd, meta, current).at("set the attributes of", &self.root.shown(path))
    }

    fn create_file(&self, path: &RelPath) -> Result<OwnedFd, PathError> {
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o600);
        self.root
            .with_parent(path, false, |dir, name| {
                rustix::fs::openat(dir, name, flags, mode)
            })
            .at("create", &self.root.shown(path))
    }

    /// Writes a whole file with all its attributes.
    pub(crate) fn write_file(
        &self,
        path: &RelPath,
        content: &[u8],
        meta: &Meta,
    ) -> Result<(), PathError> {
        let file = std::fs::File::from(self.create_file(path)?);
        std::io::Write::write_all(&mut &file, content).at("write", &self.root.shown(path))?;
        meta::apply(&file, meta, self.owner).at("set the attributes of", &self.root.shown(path))
    }

    /// Creates a large file at its full length, to be filled in pieces from many threads.
    pub(crate) fn begin_large(&self, path: &RelPath, size: u64) -> Result<(), PathError> {
        let fd = self.create_file(path)?;
        rustix::fs::ftruncate(&fd, size).at("set the length of", &self.root.shown(path))
    }

    /// Writes a piece of a large file; long runs of zeros stay holes.
    pub(crate) fn write_piece(
        &self,
        path: &RelPath,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), PathError> {
        let file = std::fs::File::from(self.root.open_below(path, OFlags::WRONLY)?);
        let mut at = offset;
        for run in bytes.chunks(HOLE_LEN) {
            if run.iter().any(|&b| b != 0) {
                file.write_all_at(run, at)
                    .at("write", &self.root.shown(path))?;
            }
            at += run.len() as u64;
        }
        Ok(())
    }

    /// Gives a large file its attributes when all its pieces are written.
    pub(crate) fn finish_large(&self, path: &RelPath, meta: &Meta) -> Result<(), PathError> {
        let fd = self.root.open_below(path, OFlags::WRONLY)?;
        meta::apply(&fd, meta, self.owner).at("set the attributes of", &self.root.shown(path))
    }

    /// Makes a symbolic link.
    pub(crate) fn symlink(
        &self,
        path: &RelPath,
        target: &[u8],
        meta: &Meta,
    ) -> Result<(), PathError> {
        let make = |dir: std::os::fd::BorrowedFd<'_>, name: &[u8]| {
            rustix::fs::symlinkat(target, dir, name)?;
            meta::apply_to_link(dir, name, meta, self.owner)
        };
        self.root
            .with_parent(path, false, make)
            .at("create symbolic link", &self.root.shown(path))
    }

    /// Makes a FIFO or a device.
    pub(crate) fn special(
        &self,
        path: &RelPath,
        special: Special,
        meta: &Meta,
    ) -> Result<(), PathError> {
        use rustix::fs::FileType;
        let (kind, number) = match special {
            Special::Fifo => (FileType::Fifo, 0),
            Special::Socket => (FileType::Socket, 0),
            Special::CharDevice(number) => (FileType::CharacterDevice, number),
            Special::BlockDevice(number) => (FileType::BlockDevice, number),
        };
        let make = |dir: std::os::fd::BorrowedFd<'_>, name: &[u8]| {
            rustix::fs::mknodat(dir, name, kind, Mode::from_raw_mode(meta.mode), number)?;
            rustix::fs::chmodat(dir, name, Mode::from_raw_mode(meta.mode), AtFlags::empty())?;
            meta::apply_to_link(dir, name, meta, self.owner)
        };
        self.root
            .with_parent(path, false, make)
            .at("create special file", &self.root.shown(path))
    }

    /// Gives a file of this tree a second name.
    pub(crate) fn link(&self, first: &RelPath, path: &RelPath) -> Result<(), PathError> {
        let link = |from: std::os::fd::BorrowedFd<'_>, old: &[u8]| {
            self.root.with_parent(path, false, |dir, name| {
                rustix::fs::linkat(from, old, dir, name, AtFlags::empty())
            })
        };
        self.root
            .with_parent(first, false, link)
            .at("create hard link", &self.root.shown(path))
    }

    /// Takes over a file of the live tree that was proved good in the state `proof`: as a copy that shares its blocks where
    /// the file system can do that, else as a hard link if `may_link`. Returns the state of the new name, or none where the
    /// file must be written afresh: because it is not in that state any more, or because it cannot be shared.
    pub(crate) fn reuse(
        &self,
        live: &Rooted,
        path: &RelPath,
        proof: &Stat,
        meta: &Meta,
        may_link: bool,
    ) -> Result<Option<Stat>, PathError> {
        if !self.no_reflink.load(Ordering::Relaxed)
            && let Some(cloned) = self.reuse_by_reflink(live, path, proof, meta)?
        {
            return Ok(Some(cloned));
        }
        if !may_link
            || !live
                .stat_below(path, false)
                .is_ok_and(|stat| stat.same_state(proof))
        {
            return Ok(None);
        }
        let linked = live.with_parent(path, false, |from, old| {
            self.root.with_parent(path, false, |dir, name| {
                rustix::fs::linkat(from, old, dir, name, AtFlags::empty())
            })
        });
        if linked.is_err() {
            return Ok(None);
        }
        // Whatever the path meant at that moment: only the inode that was proved counts. The link itself changed the change
        // time, so that is compared without; a write in between shows in the other times.
        let now = self.root.stat_below(path, false)?;
        let untouched = now.same_state(&Stat {
            ctime: now.ctime,
            ..*proof
        });
        if !untouched {
            self.remove(path)?;
        }
        Ok(untouched.then_some(now))
    }

    fn reuse_by_reflink(
        &self,
        live: &Rooted,
        path: &RelPath,
        proof: &Stat,
        meta: &Meta,
    ) -> Result<Option<Stat>, PathError> {
        let Ok(source) = live.open_raw(path, OFlags::RDONLY, Mode::empty()) else {
            return Ok(None);
        };
        let is_proved = || Stat::of(&source).is_ok_and(|stat| stat.same_state(proof));
        if !is_proved() || !self.reflink(path, &source, meta)? {
            return Ok(None);
        }
        if is_proved() {
            return self.root.stat_below(path, false).map(Some);
        }
        self.remove(path)?;
        Ok(None)
    }

    /// Copies by sharing blocks. Whether the file system can is found out with the first file that has any.
    fn reflink(&self, path: &RelPath, source: &OwnedFd, meta: &Meta) -> Result<bool, PathError> {
        let file = self.create_file(path)?;
        match rustix::fs::ioctl_ficlone(&file, source) {
            Ok(()) => {
                meta::apply(&file, meta, self.owner)
                    .at("set the attributes of", &self.root.shown(path))?;
                Ok(true)
            }
            Err(error) => {
                if matches!(
                    error,
                    Errno::OPNOTSUPP | Errno::NOTTY | Errno::XDEV | Errno::NOSYS
                ) {
                    self.no_reflink.store(true, Ordering::Relaxed);
                }
                self.remove(path)?;
                Ok(false)
            }
        }
    }

    /// Removes a file again.
    pub(crate) fn remove(&self, path: &RelPath) -> Result<(), PathError> {
        self.root
            .with_parent(path, false, |dir, name| {
                rustix::fs::unlinkat(dir, name, AtFlags::empty())
            })
            .at("remove", &self.root.shown(path))
    }

    /// Makes everything durable. An error means that something was lost, and is final.
    pub(crate) fn sync(&self) -> Result<(), PathError> {
        rustix::fs::syncfs(self.root.fd()).at("sync", self.root.path())
    }
}
