//! The directory in which a new tree is built: private, beside its goal, and written only here.
//!
//! Its descriptor is opened before the first write, since `syncfs` reports a lost write only to those who had the file
//! system open when it was lost (syncfs(2)).

use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags};

use super::journal::Workplace;
use crate::disk::error::{At, PathError};
use crate::disk::meta;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::trial::{Kind, Trial, first_mode};
use crate::model::{Meta, RelPath, Special};

/// A run of zeros of this length in a large file is left as a hole.
const HOLE_LEN: usize = 64 * 1024;

/// A staging directory.
#[derive(Debug)]
pub(crate) struct Staging {
    root: Rooted,
    /// Who owns what is created here.
    pub(super) owner: (u32, u32),
    pub(super) no_reflink: AtomicBool,
    /// Whether the attributes of links must not be set.
    leaves_links: AtomicBool,
    /// Whether others may reach what lies in it, so that a directory in a path can have become a link.
    is_exposed: AtomicBool,
}

impl Staging {
    /// Creates it, empty, for its owner only; where the file system gives all that is made there other modes, others
    /// may read as there, and not write. Where it cannot be used it is taken away again.
    pub(crate) fn create(work: &Workplace) -> Result<Self, PathError> {
        let name = work.staging();
        rustix::fs::mkdirat(work.dir.fd(), name.as_str(), Mode::from_raw_mode(0o700))
            .at_with("create directory", || work.shown(&name))?;
        Self::of_new(work, &name).inspect_err(|_| {
            // It is empty, or it is somebody else's and stays.
            let _ = rustix::fs::unlinkat(work.dir.fd(), name.as_str(), AtFlags::REMOVEDIR);
        })
    }

    fn of_new(work: &Workplace, name: &str) -> Result<Self, PathError> {
        let root = work.dir.enter(name.as_bytes())?;
        // Who may write beside the venv could have put another directory in its place.
        let me = rustix::process::geteuid().as_raw();
        let stat = root.stat()?;
        let is_ours = stat.uid == me || made_by_us(&root)?.uid == stat.uid;
        if !is_ours || !root.names()?.is_empty() {
            return Err(std::io::Error::other("somebody else replaced it"))
                .at("use directory", root.path());
        }
        // The mode is private whatever the umask says. It also drops a set-group-id bit of the parent, which would give
        // everything inside another group. Where the file system forces modes on everything, it is enough that nobody
        // else may write there.
        let private = |stat: Stat| stat.mode & 0o022 == 0;
        meta::unless(
            rustix::fs::fchmod(root.fd(), Mode::from_raw_mode(0o700)),
            || Stat::of(root.fd()).is_ok_and(private),
        )
        .at("set the mode of", root.path())?;
        // The parent's default access list, and a file system on which new files have the group of their directory,
        // would give rights inside as well.
        meta::drop_inherited(root.fd(), &Meta::default())
            .at("set the attributes of", root.path())?;
        let mut owner = if stat.uid == me {
            (me, rustix::process::getegid().as_raw())
        } else {
            (stat.uid, stat.gid)
        };
        if stat.gid != owner.1 {
            let group = rustix::fs::Gid::from_raw(owner.1);
            match rustix::fs::fchown(root.fd(), None, Some(group)) {
                Err(error) if meta::is_refusal(error) => owner.1 = stat.gid,
                done => done.at("set the owner of", root.path())?,
            }
        }
        Ok(Self {
            root,
            owner,
            no_reflink: AtomicBool::new(false),
            leaves_links: AtomicBool::new(false),
            is_exposed: AtomicBool::new(false),
        })
    }

    /// Uses a directory that is there already as a place to write single files in.
    pub(crate) fn within(root: Rooted) -> Self {
        let owner = (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        Self {
            root,
            owner,
            no_reflink: AtomicBool::new(true),
            leaves_links: AtomicBool::new(false),
            is_exposed: AtomicBool::new(true),
        }
    }

    /// Moves a finished file over one of another tree of the same file system. Its content is durable first: a power
    /// cut could leave the new name and no content.
    pub(crate) fn move_over(
        &self,
        from: &RelPath,
        to: &Rooted,
        path: &RelPath,
    ) -> Result<(), PathError> {
        let file = self.root.open_below(from, OFlags::RDONLY)?;
        rustix::fs::fdatasync(&file).at_with("sync", || self.root.shown(from))?;
        let dir = to.open_below(
            &path.parent().unwrap_or_default(),
            OFlags::RDONLY | OFlags::DIRECTORY,
        )?;
        self.inside(from, |old, name| {
            rustix::fs::renameat(old, name, &dir, path.name())
        })
        .at_with("replace", || to.shown(path))
    }

    /// From now on no attribute of a link is set: what it leads to would get it.
    pub(crate) fn leave_links(&self) {
        self.leaves_links.store(true, Ordering::Relaxed);
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Rooted {
        &self.root
    }

    /// Runs a call that takes a directory of this tree and a name in it.
    fn inside<T>(
        &self,
        path: &RelPath,
        call: impl FnOnce(BorrowedFd<'_>, &[u8]) -> rustix::io::Result<T>,
    ) -> rustix::io::Result<T> {
        let wary = self.is_exposed.load(Ordering::Relaxed);
        self.root.with_parent(path, wary, call)
    }

    /// Makes a directory that gets its attributes later.
    pub(crate) fn make_dir(&self, path: &RelPath) -> Result<(), PathError> {
        let mode = Mode::from_raw_mode(0o700);
        self.inside(path, |dir, name| rustix::fs::mkdirat(dir, name, mode))
            .at_with("create directory", || self.root.shown(path))
    }

    /// Gives a directory its owner, mode and time. Last of all, from the leaves up: every new name inside changes its
    /// time.
    pub(crate) fn set_dir_attributes(&self, path: &RelPath, meta: &Meta) -> Result<(), PathError> {
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
            .at_with("stat", || self.root.shown(path))?;
        meta::apply(&fd, meta, current).at_with("set the attributes of", || self.root.shown(path))
    }

    /// Gives the tree its own attributes. Until then nobody but us can reach anything in it, so paths in it mean what
    /// they say; from here on it may belong to somebody else, and each directory of a path is opened by itself. Where
    /// the place holds no times, that of the root is not looked at.
    pub(crate) fn expose(&self, meta: &Meta, holds_times: bool) -> Result<(), PathError> {
        self.is_exposed.store(true, Ordering::Relaxed);
        let root = RelPath::root();
        self.set_dir_attributes(&root, meta)?;
        let mut now = self.root.stat()?.meta();
        now.xattrs = meta::read_xattrs(self.root.fd()).at("read", self.root.path())?;
        if !holds_times {
            now.mtime = meta.mtime;
        }
        if !now.agrees_with(meta) {
            let why = std::io::Error::other("they did not come out as wanted");
            return Err(why).at("set the attributes of", self.root.path());
        }
        self.root.sync()
    }

    /// Creates a file that has its owner's part of the mode from the start: some places let nobody change that later.
    pub(super) fn create_file(&self, path: &RelPath, meta: &Meta) -> Result<OwnedFd, PathError> {
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(first_mode(meta));
        self.inside(path, |dir, name| rustix::fs::openat(dir, name, flags, mode))
            .at_with("create", || self.root.shown(path))
    }

    /// Writes a whole file with all its attributes.
    pub(crate) fn write_file(
        &self,
        path: &RelPath,
        content: &[u8],
        meta: &Meta,
    ) -> Result<(), PathError> {
        let file = std::fs::File::from(self.create_file(path, meta)?);
        std::io::Write::write_all(&mut &file, content)
            .at_with("write", || self.root.shown(path))?;
        meta::apply_to_new(&file, meta).at_with("set the attributes of", || self.root.shown(path))
    }

    /// Creates a large file at its full length, to be filled in pieces from many threads.
    pub(crate) fn begin_large(
        &self,
        path: &RelPath,
        size: u64,
        meta: &Meta,
    ) -> Result<(), PathError> {
        let fd = self.create_file(path, meta)?;
        rustix::fs::ftruncate(&fd, size).at_with("set the length of", || self.root.shown(path))
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
                    .at_with("write", || self.root.shown(path))?;
            }
            at += run.len() as u64;
        }
        Ok(())
    }

    /// Gives a large file its attributes when all its pieces are written.
    pub(crate) fn finish_large(&self, path: &RelPath, meta: &Meta) -> Result<(), PathError> {
        let fd = self.root.open_below(path, OFlags::WRONLY)?;
        meta::apply_to_new(&fd, meta).at_with("set the attributes of", || self.root.shown(path))
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
            if self.leaves_links.load(Ordering::Relaxed) {
                return Ok(Ok(()));
            }
            // The attributes have a result of their own: to give the link to another user fails for other reasons than
            // to make it.
            Ok(meta::apply_to_link(dir, name, meta, self.owner))
        };
        let made = self.inside(path, make);
        made.at_with("create symbolic link", || self.root.shown(path))?
            .at_with("set the attributes of", || self.root.shown(path))
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
        self.inside(path, make)
            .at_with("create special file", || self.root.shown(path))
    }

    /// Gives a file of this tree a second name. Where it can have no more of them here, the name gets a copy. Returns
    /// whether both are one inode: some file systems in user space do not tell that.
    pub(crate) fn link(
        &self,
        first: &RelPath,
        path: &RelPath,
        meta: &Meta,
    ) -> Result<bool, PathError> {
        let link = |from: std::os::fd::BorrowedFd<'_>, old: &[u8]| {
            self.inside(path, |dir, name| {
                rustix::fs::linkat(from, old, dir, name, AtFlags::empty())
            })
        };
        match self.inside(first, link) {
            Err(error) if refuses_links(error) => {
                let done = self.copy(&self.root, first, path, meta);
                done.map(|()| false)
            }
            done => {
                done.at_with("create hard link", || self.root.shown(path))?;
                let (a, b) = (
                    self.root.stat_below(first, true)?,
                    self.root.stat_below(path, true)?,
                );
                Ok(a.same_inode(&b))
            }
        }
    }

    /// Makes a file with the content of another one, of this tree or another.
    pub(crate) fn copy(
        &self,
        tree: &Rooted,
        from: &RelPath,
        path: &RelPath,
        meta: &Meta,
    ) -> Result<(), PathError> {
        let from = std::fs::File::from(tree.open_below(from, OFlags::RDONLY)?);
        let to = std::fs::File::from(self.create_file(path, meta)?);
        std::io::copy(&mut &from, &mut &to).at_with("write", || self.root.shown(path))?;
        meta::apply_to_new(&to, meta).at_with("set the attributes of", || self.root.shown(path))
    }

    /// Removes a file again.
    pub(crate) fn remove(&self, path: &RelPath) -> Result<(), PathError> {
        self.inside(path, |dir, name| {
            rustix::fs::unlinkat(dir, name, AtFlags::empty())
        })
        .at_with("remove", || self.root.shown(path))
    }

    /// Makes everything durable. An error means that something was lost, and is final.
    pub(crate) fn sync(&self) -> Result<(), PathError> {
        self.root.sync_file_system()
    }
}

/// The state of a file that was made in a directory and is gone again. Some places give all that is made the same
/// owner. There this owner tells that we made the directory.
fn made_by_us(dir: &Rooted) -> Result<Stat, PathError> {
    let trial = Trial::new(dir, Kind::File, &Meta::default())?;
    let stat = trial.stat()?;
    trial.end()?;
    Ok(stat)
}

/// Whether a file gets no further name, though it could be reached: it has as many as it may, it is of another owner
/// (`protected_hardlinks`), or the file system has none.
fn refuses_links(error: rustix::io::Errno) -> bool {
    use rustix::io::Errno;
    meta::is_refusal(error) || matches!(error, Errno::MLINK | Errno::XDEV)
}
